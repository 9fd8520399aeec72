"""NumPy functions for evaluation, and a Keras metric for training."""

from recnotes.metrics.calibration import calibration_error, calibration_ratio
from recnotes.metrics.ctr import auc, auc_pairwise, log_loss
from recnotes.metrics.grouped import gauc, positive_negative_ratio
from recnotes.metrics.ranking import hit_rate, mrr, ndcg, rank_range, recall, sample_candidates
from recnotes.metrics.streaming import StreamingAUC

__all__ = [
    "StreamingAUC",
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
