"""NumPy functions for evaluation."""

from recnotes.metrics.ctr import auc, auc_pairwise, log_loss

__all__ = ["auc", "auc_pairwise", "log_loss"]
