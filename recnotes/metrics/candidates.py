"""The items that a sampled metric ranks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from recnotes.metrics._border import one_column


def sample_candidates(
    target: ArrayLike,
    num_items: int,
    num_negatives: int,
    exclude: ArrayLike | None = None,
    seed: int = 0,
) -> np.ndarray:
    r"""Draws the columns that a sampled metric ranks: the relevant item first, then uniform negatives.

    Negatives are drawn with replacement from the items that are neither the target nor excluded.

    Args:
        target: the column of the relevant item, integers ``[B]``.
        num_items: number of items ``N``.
        num_negatives: number of negatives for each row.
        exclude: bools ``[B, N]``, items that must not be drawn, None for none (default: None).
        seed: seed of the generator (default: 0).

    Returns:
        int64 array ``[B, 1+num_negatives]``; rank ``np.take_along_axis(scores, columns, 1)`` with target 0.

    Raises:
        ValueError: a row leaves no item to draw, a target is no column, ``exclude`` is not ``[B, N]``, or
            ``num_negatives`` is negative.

    Example:
        >>> sample_candidates([2], 4, 3, exclude=[[True, True, False, False]]).tolist()
        [[2, 3, 3, 3]]

    References:
        Krichene and Rendle, *On Sampled Metrics for Item Recommendation*, KDD 2020,
        https://doi.org/10.1145/3394486.3403226: such a metric does not keep the order of two models, not
        even in expectation.
    """
    columns = one_column(target)
    if len(columns) and not (0 <= columns.min() and columns.max() < num_items):
        raise ValueError(
            f"target must be columns in [0, {num_items}), received {columns.min()} to {columns.max()}"
        )
    if num_negatives < 0:
        raise ValueError(f"num_negatives must not be negative, received {num_negatives!r}")
    if exclude is not None and np.shape(exclude) != (len(columns), num_items):
        raise ValueError(f"exclude must have shape {(len(columns), num_items)}, received {np.shape(exclude)}")
    rng = np.random.default_rng(seed)
    out = np.empty((len(columns), 1 + num_negatives), np.int64)
    out[:, 0] = columns
    for b, column in enumerate(columns):
        free = np.ones(num_items, bool) if exclude is None else ~np.asarray(exclude[b], bool)  # type: ignore[index]
        free[column] = False
        pool = np.flatnonzero(free)
        if not len(pool):
            raise ValueError(f"row {b} must leave an item to draw, received {num_items} items")
        out[b, 1:] = rng.choice(pool, num_negatives)
    return out
