"""Plain loops that choose among scored rows: stage by stage, and by what no other row beats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def cascade_loops(scores: Array, keep: Sequence[int]) -> list[int]:
    r"""Takes the best row of a stage until there are enough, stage by stage.

    $$
    R_t = \text{the } n_t \text{ rows of } R_{t-1} \text{ with the highest } s_{bt}
    $$

    Args:
        scores: ``[B, T]``.
        keep: rows that each stage keeps, ``T`` numbers.

    Returns:
        Rows that are left, the best first.

    Example:
        >>> cascade_loops(np.array([[9.0, 1.0], [8.0, 2.0], [7.0, 3.0]]), [2, 2])
        [1, 0]
    """
    rows = list(range(len(scores)))
    for t, size in enumerate(keep):
        left: list[int] = []
        while rows and len(left) < size:
            best = rows[0]
            for b in rows:
                if scores[b, t] > scores[best, t]:
                    best = b
            left.append(best)
            rows.remove(best)
        rows = left
    return rows


def pareto_loops(scores: Array) -> list[bool]:
    r"""Compares every row with every other.

    $$
    b \text{ is on the front} \iff \nexists\, c:\; s_{ck} \ge s_{bk} \text{ for all } k
    \text{ and } s_{ck} > s_{bk} \text{ for some } k
    $$

    Args:
        scores: ``[B, T]``.

    Returns:
        ``B`` truth values.

    Example:
        >>> pareto_loops(np.array([[3.0, 1.0], [2.0, 2.0], [1.0, 2.0]]))
        [True, True, False]
    """
    front = []
    for b in range(len(scores)):
        dominated = False
        for c in range(len(scores)):
            nowhere_below = all(scores[c, k] >= scores[b, k] for k in range(scores.shape[1]))
            somewhere_above = any(scores[c, k] > scores[b, k] for k in range(scores.shape[1]))
            dominated = dominated or (nowhere_below and somewhere_above)
        front.append(not dominated)
    return front
