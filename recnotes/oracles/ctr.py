"""Plain loops of the metrics of click-through models."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


# --8<-- [start:auc]
def auc_pairs(labels: Array, scores: Array) -> float:
    r"""Counts the pairs of a positive and a negative that the scores put in the right order, ties as half.

    $$
    \text{AUC} = \frac{1}{P N} \sum_{i:\, y_i = 1} \; \sum_{j:\, y_j = 0}
        \big([s_i > s_j] + \tfrac12 [s_i = s_j]\big)
    $$

    with labels $y$ and scores $s$ of shape $[B]$, $P$ positives and $N$ negatives.

    Args:
        labels: 0 or 1, ``[B]``.
        scores: scores ``[B]``.

    Returns:
        The share of the pairs, NaN where there is none.

    Example:
        >>> auc_pairs(np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.4, 0.4, 0.1]))
        0.875
    """
    right, pairs = 0.0, 0
    for i in range(len(labels)):
        for j in range(len(labels)):
            if labels[i] == 1 and labels[j] == 0:
                pairs += 1
                if scores[i] > scores[j]:
                    right += 1.0
                elif scores[i] == scores[j]:
                    right += 0.5
    return right / pairs if pairs else math.nan


# --8<-- [end:auc]


def log_loss_loop(labels: Array, logits: Array) -> float:
    r"""Averages the negative log-likelihood, written with the probability as in the equation.

    $$
    -\frac1B \sum_b \big(y_b \log p_b + (1 - y_b) \log(1 - p_b)\big), \qquad p_b = \frac{1}{1 + e^{-z_b}}
    $$

    with labels $y$ and logits $z$ of shape $[B]$.

    Args:
        labels: 0 or 1, or a probability between, ``[B]``.
        logits: logits ``[B]``, not far from 0, or the logarithms overflow.

    Returns:
        The mean in nats.

    Example:
        >>> round(log_loss_loop(np.array([1.0, 0.0]), np.array([0.0, 0.0])), 6)  # log 2
        0.693147
    """
    total = 0.0
    for y, z in zip(labels, logits, strict=True):
        p = 1 / (1 + math.exp(-z))
        total -= y * math.log(p) + (1 - y) * math.log(1 - p)
    return float(total) / len(labels)
