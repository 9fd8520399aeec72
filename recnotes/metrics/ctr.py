"""Metrics of click-through models: AUC in two forms, and log loss."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["auc", "auc_pairwise", "log_loss"]


# --8<-- [start:auc]
def auc(labels: ArrayLike, scores: ArrayLike) -> float:
    r"""Returns the area under the ROC curve from the ranks of the positives, in $O(B \log B)$.

    $$
    \text{AUC} = \frac{\sum_{i:\, y_i = 1} r_i - \tfrac12 P(P+1)}{P N}
    $$

    with labels $y$ and scores $s$ of shape $[B]$, $P$ positives, $N$ negatives, and the rank $r_i$ of
    $s_i$ among all scores, from 1 for the lowest; equal scores share the mean of their ranks. It is the
    probability that a random positive scores above a random negative, a tie counting as half.

    Args:
        labels: 0 or 1, ``[B]``.
        scores: logits, probabilities or any other scores, ``[B]``; only their order counts.

    Returns:
        A number in [0, 1], 0.5 for constant scores.

    Raises:
        ValueError: the shapes differ, a value is NaN, a label is not 0 or 1, or a class is missing.

    Example:
        >>> auc([1, 0, 1, 0], [0.9, 0.4, 0.4, 0.1])  # of 4 pairs, 3 are right and 1 is a tie
        0.875

    References:
        Fawcett, *An introduction to ROC analysis*, Pattern Recognition Letters 27, 2006,
        https://doi.org/10.1016/j.patrec.2005.10.010. Keras's ``AUC`` metric approximates the area by 200
        thresholds; this function is exact.
    """
    y, s = _classes(labels, scores)
    _, group, size = np.unique(s, return_inverse=True, return_counts=True)
    last = np.cumsum(size)
    rank = (last - (size - 1) / 2)[group]  # [B]
    num_positives = float(y.sum())
    num_negatives = len(y) - num_positives
    area = rank[y].sum() - num_positives * (num_positives + 1) / 2
    return float(area / (num_positives * num_negatives))


# --8<-- [end:auc]


# --8<-- [start:pairwise]
def auc_pairwise(labels: ArrayLike, scores: ArrayLike) -> float:
    r"""Returns the same area by comparing every positive with every negative, in $O(P N)$.

    $$
    \text{AUC} = \frac{1}{P N} \sum_{i:\, y_i = 1} \; \sum_{j:\, y_j = 0}
        \big([s_i > s_j] + \tfrac12 [s_i = s_j]\big)
    $$

    with labels $y$ and scores $s$ of shape $[B]$, $P$ positives and $N$ negatives. It says what the number
    means; for more than a few thousand rows use `auc`.

    Args:
        labels: 0 or 1, ``[B]``.
        scores: scores ``[B]``.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: the shapes differ, a value is NaN, a label is not 0 or 1, or a class is missing.

    Example:
        >>> auc_pairwise([1, 0, 1, 0], [0.9, 0.4, 0.4, 0.1])
        0.875

    References:
        Hanley and McNeil, *The meaning and use of the area under a receiver operating characteristic (ROC)
        curve*, Radiology 143, 1982, https://doi.org/10.1148/radiology.143.1.7063747.
    """
    y, s = _classes(labels, scores)
    positive, negative = s[y], s[~y]
    right = 0.0
    for score in positive:  # One row of the comparison at a time: all of it at once would be P x N numbers.
        right += (score > negative).sum() + 0.5 * (score == negative).sum()
    return float(right / (len(positive) * len(negative)))


# --8<-- [end:pairwise]


# --8<-- [start:logloss]
def log_loss(labels: ArrayLike, logits: ArrayLike) -> float:
    r"""Returns the mean binary cross-entropy of logits, without computing a probability.

    $$
    -\frac1B \sum_b \big(y_b \log \sigma(z_b) + (1 - y_b) \log(1 - \sigma(z_b))\big)
        = \frac1B \sum_b \big(\log(1 + e^{z_b}) - y_b z_b\big)
    $$

    with labels $y$ and logits $z$ of shape $[B]$. The right side never takes the logarithm of a rounded 0, so
    that nothing is clipped. From probabilities $p$ pass $z = \log p - \log(1 - p)$.

    Args:
        labels: 0 or 1, or a probability between, ``[B]``.
        logits: logits ``[B]``, as the models return them.

    Returns:
        The mean in nats; $\log 2 \approx 0.6931$ for logits of 0.

    Raises:
        ValueError: the shapes differ, are empty, a value is NaN, a logit is infinite, or a label is not in
            [0, 1].

    Example:
        >>> round(log_loss([1, 0], [0.0, 0.0]), 4)
        0.6931
        >>> log_loss([0], [1000.0])
        1000.0

    References:
        scikit-learn's ``log_loss`` takes probabilities and clips them to the precision of their type: a
        saturated float32 sigmoid that is wrong costs it 16 nats, however large the logit.
    """
    y, z = _columns(labels=labels, logits=logits)
    if ((y < 0) | (y > 1)).any():
        raise ValueError(f"labels must be in [0, 1], received {y[(y < 0) | (y > 1)][0]!r}")
    if not len(y):
        raise ValueError("labels must not be empty, received shape (0,)")
    if np.isinf(z).any():
        raise ValueError(f"logits must be finite, received {float(z[np.isinf(z)][0])!r}")
    return float(np.mean(np.logaddexp(0.0, z) - y * z))


# --8<-- [end:logloss]


def _columns(**columns: ArrayLike) -> list[np.ndarray]:
    (first, a), (second, b) = ((name, np.asarray(column, np.float64)) for name, column in columns.items())
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(
            f"{first} and {second} must have one shape [B], received {a.shape!r} and {b.shape!r}"
        )
    for name, array in ((first, a), (second, b)):
        if np.isnan(array).any():
            raise ValueError(f"{name} must hold no NaN, received one at row {int(np.isnan(array).argmax())}")
    return [a, b]


def _classes(labels: ArrayLike, scores: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return labels as booleans, and scores."""
    y, s = _columns(labels=labels, scores=scores)
    if not np.isin(y, (0.0, 1.0)).all():
        raise ValueError(f"labels must be 0 or 1, received {float(y[~np.isin(y, (0.0, 1.0))][0])!r}")
    if not 0 < y.sum() < len(y):
        raise ValueError(f"labels must hold both classes, received {int(y.sum())} positives of {len(y)}")
    return y == 1, s
