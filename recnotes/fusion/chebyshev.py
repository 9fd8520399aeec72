"""Chebyshev: a row is as good as its worst shortfall from the ideal."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from recnotes.fusion._columns import Array, finite, matrix, per_column


# --8<-- [start:chebyshev]
def chebyshev(scores: ArrayLike, weights: ArrayLike, ideal: ArrayLike | None = None) -> Array:
    r"""Takes the largest weighted distance to an ideal point, with a minus: higher is better.

    $$
    f_b = -\max_k w_k (z_k - s_{bk})
    $$

    with scores $s$ of shape $[B, T]$, weights $w$ and the ideal $z$ of shape $[T]$ and $f$ of shape $[B]$.
    Where every ideal is above every score, each row of the Pareto front is first for some weights, see
    `chebyshev_weights`; for a weighted sum only those on the convex hull are.

    Args:
        scores: one column an objective, ``[B, T]``.
        weights: one number a column, not negative, ``[T]``.
        ideal: what to reach, one number a column, ``[T]``, None for each column's highest (default: None).

    Returns:
        Fused scores ``[B]``.

    Raises:
        ValueError: a shape does not fit, a value is NaN or infinite, or a weight is negative.

    Example:
        >>> chebyshev([[4, 0], [2, 1], [0, 3]], [1, 1]).tolist()  # shortfalls 0 3, 2 2, 4 0
        [-3.0, -2.0, -4.0]

    References:
        Steuer and Choo, *An interactive weighted Tchebycheff procedure for multiple objective programming*,
        Mathematical Programming 26, 1983, https://doi.org/10.1007/BF02591870. They add a small multiple of
        the sum, which breaks ties; here it is left out.
    """
    s = matrix(scores)
    w = per_column("weights", weights, s)
    if (w < 0).any():
        raise ValueError(f"weights must not be negative, received {float(w.min())!r}")
    if ideal is None:
        z = s.max(axis=0, initial=-np.inf)
    else:
        z = per_column("ideal", ideal, s)
    return -(w * (z - s)).max(axis=1)


# --8<-- [end:chebyshev]


def chebyshev_weights(point: ArrayLike, ideal: ArrayLike) -> Array:
    r"""Returns the weights for which a point of the Pareto front is first.

    $$
    w_k = \frac{1}{z_k - p_k}
    $$

    with the point $p$ and the ideal $z$ of shape $[T]$. The point's value is −1. Another row that reaches −1
    is nowhere below the point: it dominates the point or equals it.

    Args:
        point: scores of the row, ``[T]``.
        ideal: a number above each, ``[T]``.

    Returns:
        Weights ``[T]``.

    Raises:
        ValueError: the shapes differ, a value is NaN or infinite, or the ideal is not above the point.

    Example:
        >>> chebyshev_weights([2, 1], ideal=[4, 2]).tolist()
        [0.5, 1.0]
    """
    p, z = finite("point", point), finite("ideal", ideal)
    if p.ndim != 1 or p.shape != z.shape:
        raise ValueError(f"point and ideal must have one shape [T], received {p.shape} and {z.shape}")
    if (z <= p).any():
        raise ValueError(f"ideal must be above the point, received {z.tolist()} and {p.tolist()}")
    return 1 / (z - p)
