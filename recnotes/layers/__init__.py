"""Layers, one idea a file."""

from recnotes.layers.experts import MixtureOfExperts, Stacked, apply_experts, gate_weights, mix_experts
from recnotes.layers.features import ConcatFeatures
from recnotes.layers.fm import FMInteraction, fm_pairs, fm_pairwise, fm_pooled
from recnotes.layers.mlp import MLP

__all__ = [
    "ConcatFeatures",
    "FMInteraction",
    "MLP",
    "MixtureOfExperts",
    "Stacked",
    "apply_experts",
    "fm_pairs",
    "fm_pairwise",
    "fm_pooled",
    "gate_weights",
    "mix_experts",
]
