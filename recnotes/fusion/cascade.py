"""Cascade: each stage passes its best to the next, whose score is dearer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recnotes.fusion._columns import matrix


# --8<-- [start:cascade]
def cascade(scores: ArrayLike, keep: Sequence[int]) -> NDArray[np.int64]:
    r"""Cuts by one column after the other; the last one orders what is left.

    $$
    R_0 = \{1, \dots, B\}, \qquad R_t = \text{the } n_t \text{ rows of } R_{t-1} \text{ with highest } s_{bt}
    $$

    with scores $s$ of shape $[B, T]$ and sizes $n$ of shape $[T]$. A column counts at its own stage alone: by
    how much a row passed is forgotten, and what a stage drops no later one sees.

    Args:
        scores: one column a stage, ``[B, T]``.
        keep: rows that each stage keeps, ``T`` numbers, none above the one before.

    Returns:
        Rows that are left, the best by the last column first, at most ``keep[-1]``; equal scores keep the
        order of the stage before, in the end that of the rows.

    Raises:
        ValueError: the shape does not fit, a value is NaN or infinite, or ``keep`` is not such numbers.

    Example:
        >>> cascade([[9, 1], [8, 2], [7, 3]], keep=[2, 2]).tolist()  # row 2, best in the end, was cut
        [1, 0]
    """
    s, sizes = matrix(scores), np.asarray(keep)
    fits = sizes.shape == s.shape[1:] and sizes.dtype.kind in "iu"
    if not fits or sizes.min() < 1 or (np.diff(sizes) > 0).any():
        raise ValueError(f"keep must be {s.shape[1]} positive integers that never grow, received {keep!r}")
    rows = np.arange(len(s))
    for column, size in zip(s.T, sizes, strict=True):
        rows = rows[np.argsort(-column[rows], kind="stable")[:size]]
    return rows


# --8<-- [end:cascade]
