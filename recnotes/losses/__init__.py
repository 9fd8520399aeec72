"""Losses as free functions, one idea a file."""

from recnotes.losses.bpr import bpr_loss
from recnotes.losses.contrastive import info_nce_loss, nt_xent_loss
from recnotes.losses.focal import sigmoid_focal_loss
from recnotes.losses.hinge import pairwise_hinge_loss
from recnotes.losses.in_batch import in_batch_softmax_loss
from recnotes.losses.listnet import listnet_loss, listnet_top_k_loss
from recnotes.losses.neural_sort import neural_sort, neural_sort_top_k_loss, stochastic_neural_sort
from recnotes.losses.next_item import gbce_beta, next_item_cross_entropy, sampled_binary_cross_entropy
from recnotes.losses.sampled import nce_loss, sampled_logits, sampled_softmax_loss
from recnotes.losses.sampled_items import draw_items, sampled_item_loss
from recnotes.losses.sigmoid import sigmoid_cross_entropy
from recnotes.losses.smoothing import smooth_labels
from recnotes.losses.softmax import softmax_cross_entropy
from recnotes.losses.softmax_binary import softmax_binary_cross_entropy
from recnotes.losses.top_k_gains import (
    bpr_max_loss,
    bpr_mean_loss,
    candidate_cross_entropy,
    top1_loss,
    top1_max_loss,
)
from recnotes.losses.triplet import triplet_loss

__all__ = [
    "bpr_loss",
    "bpr_max_loss",
    "bpr_mean_loss",
    "candidate_cross_entropy",
    "draw_items",
    "gbce_beta",
    "in_batch_softmax_loss",
    "info_nce_loss",
    "listnet_loss",
    "listnet_top_k_loss",
    "nce_loss",
    "neural_sort",
    "neural_sort_top_k_loss",
    "next_item_cross_entropy",
    "nt_xent_loss",
    "pairwise_hinge_loss",
    "sampled_binary_cross_entropy",
    "sampled_item_loss",
    "sampled_logits",
    "sampled_softmax_loss",
    "sigmoid_cross_entropy",
    "sigmoid_focal_loss",
    "smooth_labels",
    "softmax_binary_cross_entropy",
    "softmax_cross_entropy",
    "top1_loss",
    "top1_max_loss",
    "stochastic_neural_sort",
    "triplet_loss",
]
