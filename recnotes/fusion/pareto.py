"""Pareto front: the rows that no other row matches everywhere and beats somewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recnotes.fusion._columns import Array, matrix


# --8<-- [start:pareto]
def pareto_front(scores: ArrayLike) -> NDArray[np.bool_]:
    r"""Marks the rows that no other row dominates; higher is better in every column.

    $$
    b \text{ is on the front} \iff \nexists\, c:\; s_{ck} \ge s_{bk} \text{ for all } k
    \text{ and } s_{ck} > s_{bk} \text{ for some } k
    $$

    with scores $s$ of shape $[B, T]$. Equal rows do not dominate one another: all of them are on the front,
    or none. An increasing fusion with positive weights never puts a row above one that dominates it.
    It costs $O(B \log B)$ for two columns; for more, $O(B N T)$ with $N$ different rows on the front.

    Args:
        scores: one column an objective, ``[B, T]``.

    Returns:
        True for the rows of the front, ``[B]``.

    Raises:
        ValueError: the shape does not fit, or a value is NaN or infinite.

    Example:
        >>> pareto_front([[3, 1], [2, 2], [1, 2], [1, 3]]).tolist()
        [True, True, False, True]
    """
    distinct, group = np.unique(matrix(scores), axis=0, return_inverse=True)
    # From the best by the first column on, ties by the next: no row is dominated by a later one.
    descending = distinct[::-1]
    front = _two(descending) if distinct.shape[1] <= 2 else _many(descending)
    return front[::-1][group.reshape(-1)]


# --8<-- [end:pareto]


def _two(s: Array) -> NDArray[np.bool_]:
    """A row is on the front if its last score beats all rows before it."""
    last = s[:, -1]
    if s.shape[1] == 1:
        return np.arange(len(s)) == 0
    before = np.concatenate([[-np.inf], np.maximum.accumulate(last)[:-1]])[: len(s)]
    return last > before


def _many(s: Array) -> NDArray[np.bool_]:
    """A row is on the front if none found so far is as good everywhere."""
    found: list[int] = []
    for b in range(len(s)):
        if not (s[found] >= s[b]).all(axis=1).any():
            found.append(b)
    front = np.zeros(len(s), bool)
    front[found] = True
    return front
