"""Weighted sum: what one score gains makes up for what another loses, at a fixed rate."""

from __future__ import annotations

from numpy.typing import ArrayLike

from recnotes.fusion._columns import Array, matrix, per_column


# --8<-- [start:sum]
def weighted_sum(scores: ArrayLike, weights: ArrayLike) -> Array:
    r"""Adds the columns, each times its weight.

    $$
    f_b = \sum_k w_k s_{bk}
    $$

    with scores $s$ of shape $[B, T]$, weights $w$ of shape $[T]$ and $f$ of shape $[B]$. Multiplying a column
    by a number changes the order as a change of its weight does. Whatever the weights, the best row is on the
    convex hull of the rows: one that lies in a dent of the Pareto front is never first.

    Args:
        scores: one column an objective, ``[B, T]``.
        weights: one number a column, ``[T]``; negative ones turn a column around.

    Returns:
        Fused scores ``[B]``.

    Raises:
        ValueError: a shape does not fit, or a value is NaN or infinite.

    Example:
        >>> weighted_sum([[0.5, 0.25], [0.0, 1.0]], [1, 2]).tolist()
        [1.0, 2.0]
    """
    s = matrix(scores)
    return s @ per_column("weights", weights, s)


# --8<-- [end:sum]
