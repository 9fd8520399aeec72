"""NumPy functions for evaluation, and Keras metrics for training."""

from recnotes.metrics.calibration import calibration_error, calibration_ratio
from recnotes.metrics.candidates import sample_candidates
from recnotes.metrics.ctr import auc, auc_pairwise, log_loss
from recnotes.metrics.grouped import gauc, positive_negative_ratio
from recnotes.metrics.ranking import hit_rate, mrr, ndcg, recall
from recnotes.metrics.ranks import rank_range
from recnotes.metrics.streaming import StreamingAUC
from recnotes.metrics.streaming_gauc import GAUC, ValidationGAUC
from recnotes.metrics.streaming_ranking import MRR, NDCG, HitRate, Recall

__all__ = [
    "GAUC",
    "HitRate",
    "MRR",
    "NDCG",
    "Recall",
    "StreamingAUC",
    "ValidationGAUC",
    "auc",
    "auc_pairwise",
    "calibration_error",
    "calibration_ratio",
    "gauc",
    "hit_rate",
    "log_loss",
    "mrr",
    "ndcg",
    "positive_negative_ratio",
    "rank_range",
    "recall",
    "sample_candidates",
]
