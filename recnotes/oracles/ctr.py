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


def gauc_loops(labels: Array, scores: Array, groups: Array) -> float:
    r"""Averages the users' AUCs by their rows, where both classes are there.

    $$
    \text{GAUC} = \frac{\sum_u n_u\, \text{AUC}_u}{\sum_u n_u}
    $$

    Args:
        labels: 0 or 1, ``[B]``.
        scores: scores ``[B]``.
        groups: the user of each row, ``[B]``.

    Returns:
        The mean, NaN where no user has both classes.

    Example:
        >>> gauc_loops(np.array([1.0, 0.0]), np.array([2.0, 1.0]), np.array([5, 5]))
        1.0
    """
    total, weight = 0.0, 0
    for user in sorted(set(groups.tolist())):
        rows = [b for b in range(len(groups)) if groups[b] == user]
        area = auc_pairs(labels[rows], scores[rows])
        if not math.isnan(area):
            total += len(rows) * area
            weight += len(rows)
    return total / weight if weight else math.nan


def pair_counts(labels: Array, scores: Array, groups: Array) -> tuple[int, int]:
    r"""Counts the pairs of one user that stand in the right and in the wrong order.

    $$
    \#\{(i, j) : u_i = u_j,\; y_i > y_j,\; s_i > s_j\}, \qquad
    \#\{(i, j) : u_i = u_j,\; y_i > y_j,\; s_i < s_j\}
    $$

    Args:
        labels: grades ``[B]``.
        scores: scores ``[B]``.
        groups: the user of each row, ``[B]``.

    Returns:
        Right and wrong pairs.

    Example:
        >>> pair_counts(np.array([2.0, 1.0, 0.0]), np.array([0.9, 0.1, 0.5]), np.array([7, 7, 7]))
        (2, 1)
    """
    right = wrong = 0
    for i in range(len(labels)):
        for j in range(len(labels)):
            if groups[i] == groups[j] and labels[i] > labels[j]:
                right += int(scores[i] > scores[j])
                wrong += int(scores[i] < scores[j])
    return right, wrong


def calibration_loops(labels: Array, probabilities: Array, num_bins: int) -> float:
    r"""Expected calibration error, bin by bin.

    $$
    \text{ECE} = \sum_m \frac{|I_m|}{B} |\bar y_m - \bar p_m|
    $$

    Args:
        labels: 0 or 1, ``[B]``.
        probabilities: ``[B]``.
        num_bins: number of bins.

    Returns:
        The error.

    Example:
        >>> round(calibration_loops(np.array([1.0, 0.0]), np.array([0.7, 0.7]), 10), 6)
        0.2
    """
    error = 0.0
    for m in range(num_bins):
        rows = [
            b
            for b, p in enumerate(probabilities)
            if m / num_bins < p <= (m + 1) / num_bins or (m == 0 and p == 0)
        ]
        if rows:
            gap = sum(labels[b] for b in rows) / len(rows) - sum(probabilities[b] for b in rows) / len(rows)
            error += len(rows) / len(labels) * abs(gap)
    return float(error)
