"""Plain loops of score fusion."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def weighted_sum_loops(scores: Array, weights: Array) -> Array:
    r"""Weighted sum of each row.

    $$
    f_b = \sum_k w_k s_{bk}
    $$

    Args:
        scores: ``[B, T]``.
        weights: ``[T]``.

    Returns:
        ``[B]``.

    Example:
        >>> weighted_sum_loops(np.array([[1.0, 2.0]]), np.array([3.0, 4.0])).tolist()
        [11.0]
    """
    f = np.zeros(len(scores))
    for b in range(len(scores)):
        for k in range(len(weights)):
            f[b] += weights[k] * scores[b, k]
    return f


def power_product_loops(scores: Array, weights: Array, epsilon: float = 0.0) -> Array:
    r"""Product of each row's powers.

    $$
    f_b = \prod_k (s_{bk} + \epsilon)^{w_k}
    $$

    Args:
        scores: ``[B, T]``.
        weights: ``[T]``.
        epsilon: added to the scores (default: 0.0).

    Returns:
        ``[B]``.

    Example:
        >>> power_product_loops(np.array([[2.0, 3.0]]), np.array([3.0, 2.0])).tolist()
        [72.0]
    """
    f = np.ones(len(scores))
    for b in range(len(scores)):
        for k in range(len(weights)):
            f[b] *= (scores[b, k] + epsilon) ** weights[k]
    return f


def ranks_loops(scores: Array) -> Array:
    r"""Ranks from 1 for the highest, by counting who is better and who is equal.

    $$
    r_{bk} = 1 + \#\{c : s_{ck} > s_{bk}\} + \tfrac12 \#\{c \ne b : s_{ck} = s_{bk}\}
    $$

    Args:
        scores: ``[B, T]``.

    Returns:
        ``[B, T]``.

    Example:
        >>> ranks_loops(np.array([[0.1], [0.9], [0.1]]))[:, 0].tolist()
        [2.5, 1.0, 2.5]
    """
    r = np.ones(scores.shape)
    for b in range(len(scores)):
        for k in range(scores.shape[1]):
            for c in range(len(scores)):
                if scores[c, k] > scores[b, k]:
                    r[b, k] += 1
                elif c != b and scores[c, k] == scores[b, k]:
                    r[b, k] += 0.5
    return r


def reciprocal_rank_loops(ranks: Array, weights: Array, k: float = 60.0) -> Array:
    r"""Sum of the reciprocals of ranks.

    $$
    f_b = \sum_t \frac{w_t}{k + r_{bt}}
    $$

    Args:
        ranks: ``[B, T]``, 1 for the best.
        weights: ``[T]``.
        k: constant (default: 60.0).

    Returns:
        ``[B]``.

    Example:
        >>> reciprocal_rank_loops(np.array([[1.0, 2.0]]), np.ones(2), k=0.0).tolist()
        [1.5]
    """
    f = np.zeros(len(ranks))
    for b in range(len(ranks)):
        for t in range(len(weights)):
            f[b] += weights[t] / (k + ranks[b, t])
    return f


def borda_loops(scores: Array, weights: Array) -> Array:
    r"""Counts, for every column, the rows that are beaten, a tie as half.

    $$
    f_b = \sum_t w_t \big(\#\{c : s_{ct} < s_{bt}\} + \tfrac12 \#\{c \ne b : s_{ct} = s_{bt}\}\big)
    $$

    Args:
        scores: ``[B, T]``.
        weights: ``[T]``.

    Returns:
        ``[B]``.

    Example:
        >>> borda_loops(np.array([[3.0], [1.0], [2.0]]), np.ones(1)).tolist()
        [2.0, 0.0, 1.0]
    """
    f = np.zeros(len(scores))
    for b in range(len(scores)):
        for t in range(len(weights)):
            for c in range(len(scores)):
                if scores[c, t] < scores[b, t]:
                    f[b] += weights[t]
                elif c != b and scores[c, t] == scores[b, t]:
                    f[b] += weights[t] / 2
    return f


def chebyshev_loops(scores: Array, weights: Array, ideal: Array) -> Array:
    r"""Largest weighted shortfall of each row, with a minus.

    $$
    f_b = -\max_k w_k (z_k - s_{bk})
    $$

    Args:
        scores: ``[B, T]``.
        weights: ``[T]``.
        ideal: ``[T]``.

    Returns:
        ``[B]``.

    Example:
        >>> chebyshev_loops(np.array([[2.0, 1.0]]), np.ones(2), np.array([4.0, 2.0])).tolist()
        [-2.0]
    """
    f = np.zeros(len(scores))
    for b in range(len(scores)):
        worst = -math.inf
        for k in range(len(weights)):
            worst = max(worst, weights[k] * (ideal[k] - scores[b, k]))
        f[b] = -worst
    return f


def normalization_loops(scores: Array, kind: str) -> Array:
    r"""Shifts and scales each column by its mean and deviation, or by its lowest and highest.

    $$
    z_{bk} = \frac{s_{bk} - \mu_k}{\sigma_k} \quad \text{or} \quad
    z_{bk} = \frac{s_{bk} - \min_c s_{ck}}{\max_c s_{ck} - \min_c s_{ck}}
    $$

    Args:
        scores: ``[B, T]``.
        kind: ``"z"`` or ``"min-max"``.

    Returns:
        ``[B, T]``.

    Example:
        >>> normalization_loops(np.array([[1.0], [3.0]]), "z")[:, 0].tolist()
        [-1.0, 1.0]
    """
    z = np.zeros(scores.shape)
    for k in range(scores.shape[1]):
        column = [float(value) for value in scores[:, k]]
        if kind == "z":
            shift = sum(column) / len(column)
            scale = math.sqrt(sum((value - shift) ** 2 for value in column) / len(column))
        else:
            shift = min(column)
            scale = max(column) - shift
        for b in range(len(column)):
            z[b, k] = (column[b] - shift) / scale if max(column) > min(column) else 0.0
    return z
