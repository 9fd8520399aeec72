"""Layer normalization and a two-layer network in plain loops, each applied to every step alone."""

from __future__ import annotations

import math

import numpy as np


def layer_norm_loops(x: np.ndarray, weights: dict[str, np.ndarray], epsilon: float = 1e-8) -> np.ndarray:
    """Normalizes each step to mean 0 and variance 1, then scales and shifts.

    Args:
        x: steps ``[L, D]``.
        weights: ``"gamma"`` and ``"beta"``, each ``[D]``.
        epsilon: added to the variance (default: 1e-08).

    Returns:
        array ``[L, D]``.

    Example:
        >>> one = {"gamma": np.ones(2), "beta": np.zeros(2)}
        >>> layer_norm_loops(np.array([[1.0, 3.0]]), one).round(6).tolist()
        [[-1.0, 1.0]]
    """
    out = np.zeros_like(x)
    for t in range(len(x)):
        mean = sum(x[t]) / len(x[t])
        variance = sum((value - mean) ** 2 for value in x[t]) / len(x[t])
        out[t] = weights["gamma"] * (x[t] - mean) / math.sqrt(variance + epsilon) + weights["beta"]
    return out


def feed_forward_loops(x: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """Applies the two-layer network to each step.

    Args:
        x: steps ``[L, D]``.
        weights: ``"w1"``, ``"w2"`` of shape ``[D, D]`` and ``"b1"``, ``"b2"`` of shape ``[D]``.

    Returns:
        array ``[L, D]``.

    Example:
        >>> one = {"w1": np.eye(2), "b1": np.zeros(2), "w2": np.eye(2), "b2": np.ones(2)}
        >>> feed_forward_loops(np.array([[2.0, -3.0]]), one).tolist()
        [[3.0, 1.0]]
    """
    out = np.zeros_like(x)
    for t in range(len(x)):
        hidden = np.maximum(x[t] @ weights["w1"] + weights["b1"], 0)
        out[t] = hidden @ weights["w2"] + weights["b2"]
    return out
