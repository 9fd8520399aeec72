"""Fusion of ranks: only the order within each column counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from recnotes.fusion._columns import Array, matrix, number, per_column


# --8<-- [start:ranks]
def descending_ranks(scores: ArrayLike) -> Array:
    r"""Ranks every column, from 1 for its highest score.

    $$
    r_{bk} = 1 + \#\{c : s_{ck} > s_{bk}\} + \tfrac12 \#\{c \ne b : s_{ck} = s_{bk}\}
    $$

    with scores $s$ and ranks $r$ of shape $[B, T]$: equal scores share the mean of their ranks.

    Args:
        scores: one column an objective, ``[B, T]``.

    Returns:
        Ranks ``[B, T]``.

    Raises:
        ValueError: the shape does not fit, or a value is NaN or infinite.

    Example:
        >>> descending_ranks([[0.1], [0.9], [0.1]])[:, 0].tolist()
        [2.5, 1.0, 2.5]
    """
    s = matrix(scores)
    r = np.empty_like(s)  # [B, T]
    for k, column in enumerate(s.T):
        _, group, size = np.unique(-column, return_inverse=True, return_counts=True)
        r[:, k] = (np.cumsum(size) - (size - 1) / 2)[group]
    return r


# --8<-- [end:ranks]


# --8<-- [start:rrf]
def reciprocal_rank_fusion(scores: ArrayLike, weights: ArrayLike | None = None, k: float = 60.0) -> Array:
    r"""Adds the reciprocals of the ranks.

    $$
    f_b = \sum_t \frac{w_t}{k + r_{bt}}
    $$

    with ranks $r$ of shape $[B, T]$, 1 for the best, weights $w$ of shape $[T]$ and $f$ of shape $[B]$. Any
    increasing function may be applied to a column without a change. A large $k$ flattens the top, until the
    order is that of `borda_count`; a small one lets one first place decide.

    Args:
        scores: one column an objective, ``[B, T]``.
        weights: one number a column, ``[T]``, None for ones (default: None).
        k: constant added to the ranks, not negative (default: 60.0).

    Returns:
        Fused scores ``[B]``.

    Raises:
        ValueError: a shape does not fit, a value is NaN or infinite, or ``k`` is none or negative.

    Example:
        >>> reciprocal_rank_fusion([[3, 1], [2, 3], [1, 2]], k=0).round(4).tolist()  # ranks 1 3, 2 1, 3 2
        [1.3333, 1.5, 0.8333]

    References:
        Cormack, Clarke and Büttcher, *Reciprocal Rank Fusion Outperforms Condorcet and Individual Rank
        Learning Methods*, SIGIR 2009, https://doi.org/10.1145/1571941.1572114. Weights are not in it.
    """
    if number("k", k) < 0:
        raise ValueError(f"k must not be negative, received {k!r}")
    r = descending_ranks(scores)
    w = np.ones(r.shape[1]) if weights is None else per_column("weights", weights, r)
    return (1 / (k + r)) @ w


# --8<-- [end:rrf]


def borda_count(scores: ArrayLike, weights: ArrayLike | None = None) -> Array:
    r"""Adds, for every column, the number of rows that are beaten.

    $$
    f_b = \sum_t w_t (B - r_{bt})
    $$

    with ranks $r$ of shape $[B, T]$, weights $w$ of shape $[T]$ and $f$ of shape $[B]$; a tie beats half
    a row.

    Args:
        scores: one column an objective, ``[B, T]``.
        weights: one number a column, ``[T]``, None for ones (default: None).

    Returns:
        Fused scores ``[B]``.

    Raises:
        ValueError: a shape does not fit, or a value is NaN or infinite.

    Example:
        >>> borda_count([[3, 1], [2, 3], [1, 2]]).tolist()
        [2.0, 3.0, 1.0]
    """
    r = descending_ranks(scores)
    w = np.ones(r.shape[1]) if weights is None else per_column("weights", weights, r)
    return (len(r) - r) @ w
