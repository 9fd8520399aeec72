"""The places a relevant item can take among all others."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from recnotes.metrics._border import checked


# --8<-- [start:rank]
def rank_range(
    scores: ArrayLike, relevant: ArrayLike, exclude: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray]:
    r"""Counts, for each item, how many others score higher and how many score the same.

    $$
    g_{bi} = \#\{j \ne i : r_{bj} > r_{bi}\}, \qquad e_{bi} = \#\{j \ne i : r_{bj} = r_{bi}\}
    $$

    with scores $r$ and results of shape $[B, N]$. The rank of item $i$, counted from 1, lies in
    $g+1 \dots g+e+1$; in which place depends on how ties are broken. Excluded items take no place. Results
    are filled for relevant items only and are 0 elsewhere.

    Args:
        scores: floats ``[B, N]``, higher is better, no NaN.
        relevant: bools ``[B, N]``, or the column of the one relevant item of each row, integers ``[B]``.
        exclude: bools ``[B, N]``, items left out of the ranking, None for none (default: None).

    Returns:
        The pair ``g``, ``e`` of int64 arrays ``[B, N]``.

    Raises:
        ValueError: the shapes do not fit, a score is NaN, or a relevant item is excluded.

    Example:
        >>> g, e = rank_range([[3.0, 1.0, 1.0, 0.0]], [1])
        >>> int(g[0, 1]), int(e[0, 1])
        (1, 1)
    """
    r, b, i = checked(scores, relevant)
    g = np.zeros(r.shape, np.int64)
    e = np.zeros(r.shape, np.int64)
    g[b, i], e[b, i] = counts(r, b, i, exclude)
    return g, e


def counts(
    r: np.ndarray, b: np.ndarray, i: np.ndarray, exclude: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns ``g`` and ``e`` of the relevant items only, which stand in rows ``b`` and columns ``i``."""
    left_out = None if exclude is None else np.asarray(exclude, bool)
    if left_out is not None:
        if left_out.shape != r.shape:
            raise ValueError(f"exclude must have shape {r.shape}, received {left_out.shape}")
        if wrong := int(left_out[b, i].sum()):
            raise ValueError(f"a relevant item must not be excluded, received {wrong}")
    own = r[b, i]
    g = np.zeros(len(b), np.int64)
    e = np.zeros(len(b), np.int64)
    step = max(1, 2**20 // max(1, r.shape[1]))  # A part of the comparison that stays in the cache.
    for start in range(0, len(b), step):
        part = slice(start, start + step)
        others = r[b[part]]  # [n, N]
        score = own[part, None]  # [n, 1]
        higher = others > score  # [n, N]
        equal = others == score  # [n, N]
        if left_out is not None:
            counted = ~left_out[b[part]]  # [n, N]
            higher &= counted
            equal &= counted
        g[part] = higher.sum(axis=1)
        e[part] = equal.sum(axis=1) - 1
    return g, e


# --8<-- [end:rank]
