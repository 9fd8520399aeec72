"""Power product: every score multiplies, so that its scale does not matter and no score may be near zero."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from recnotes.fusion._columns import Array, finite, matrix, per_column


# --8<-- [start:log]
def log_power_product(scores: ArrayLike, weights: ArrayLike, epsilon: ArrayLike = 0.0) -> Array:
    r"""Logarithm of `power_product`: the weighted sum of the scores' logarithms.

    $$
    \log f_b = \sum_k w_k \log(s_{bk} + \epsilon_k)
    $$

    with scores $s$ of shape $[B, T]$, weights $w$ of shape $[T]$ and $\log f$ of shape $[B]$. It gives the
    same order, and does not underflow where many small probabilities are multiplied.

    Args:
        scores: one column an objective, ``[B, T]``; positive once ``epsilon`` is added.
        weights: exponents, one a column, ``[T]``.
        epsilon: added to the scores, a number or one a column, ``[T]`` (default: 0.0).

    Returns:
        Fused scores ``[B]``.

    Raises:
        ValueError: a shape does not fit, a value is NaN or infinite, or a score plus ``epsilon`` is not
            positive.

    Example:
        >>> log_power_product([[1.0, 1.0], [np.e, 1.0]], [2, 1]).tolist()
        [0.0, 2.0]
    """
    s = matrix(scores)
    shift = finite("epsilon", epsilon)
    shifted = s + (shift if shift.ndim == 0 else per_column("epsilon", epsilon, s))
    if (shifted <= 0).any():
        raise ValueError(f"scores + epsilon must be positive, received {float(shifted[shifted <= 0][0])!r}")
    return np.log(shifted) @ per_column("weights", weights, s)


# --8<-- [end:log]


def power_product(scores: ArrayLike, weights: ArrayLike, epsilon: ArrayLike = 0.0) -> Array:
    r"""Multiplies the columns, each to the power of its weight.

    $$
    f_b = \prod_k (s_{bk} + \epsilon_k)^{w_k}
    $$

    with scores $s$ of shape $[B, T]$, weights $w$ of shape $[T]$ and $f$ of shape $[B]$. With $\epsilon = 0$,
    multiplying a column by a positive number multiplies all of $f$ by one: the order stays. A model whose
    probabilities are all twice too high, as after training on sampled negatives, does no harm here; to
    `weighted_sum` it does.

    Args:
        scores: one column an objective, ``[B, T]``; positive once ``epsilon`` is added.
        weights: exponents, one a column, ``[T]``.
        epsilon: added to the scores, a number or one a column, ``[T]`` (default: 0.0).

    Returns:
        Fused scores ``[B]``.

    Raises:
        ValueError: a shape does not fit, a value is NaN or infinite, or a score plus ``epsilon`` is not
            positive.

    Example:
        >>> power_product([[0.5, 0.5], [0.25, 1.0]], [1, 2]).round(6).tolist()
        [0.125, 0.25]
    """
    return np.exp(log_power_product(scores, weights, epsilon))
