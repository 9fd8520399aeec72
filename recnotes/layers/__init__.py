"""Layers, one idea a file."""

from recnotes.layers.experts import MixtureOfExperts, Stacked, apply_experts, gate_weights, mix_experts
from recnotes.layers.features import ConcatFeatures

__all__ = [
    "ConcatFeatures",
    "MixtureOfExperts",
    "Stacked",
    "apply_experts",
    "gate_weights",
    "mix_experts",
]
