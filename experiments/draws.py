"""Draws items that users have not had, as negatives to train or rank against."""

from __future__ import annotations

import numpy as np


def unmarked(rng: np.random.Generator, marks: np.ndarray, user: np.ndarray, first: int = 0) -> np.ndarray:
    """Draws one item for each row, uniformly from those that are not marked for its user.

    Args:
        rng: generator.
        marks: bools ``[users, items]``; no user has all items marked.
        user: user of each row ``[n]``.
        first: the lowest item to draw (default: 0).

    Returns:
        int32 ``[n]``.

    Example:
        >>> marks = np.array([[True, True, False], [True, False, True]])
        >>> unmarked(np.random.default_rng(0), marks, np.array([0, 1, 1, 0])).tolist()
        [2, 1, 1, 2]
    """
    item = rng.integers(first, marks.shape[1], len(user)).astype(np.int32)
    while len(wrong := np.flatnonzero(marks[user, item])):
        item[wrong] = rng.integers(first, marks.shape[1], len(wrong))
    return item
