"""NumPy functions for evaluation."""

from recnotes.metrics.ctr import auc, auc_pairwise, log_loss
from recnotes.metrics.ranking import hit_rate, mrr, ndcg, rank_range, recall, sample_candidates

__all__ = [
    "auc",
    "auc_pairwise",
    "hit_rate",
    "log_loss",
    "mrr",
    "ndcg",
    "rank_range",
    "recall",
    "sample_candidates",
]
