"""Plain loops of the wide part of Wide & Deep: products of indicators, as the paper writes crosses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def wide_logit(
    x: Array, w: Array, features: Sequence[Sequence[int]], cross_weights: Mapping[tuple[int, ...], float]
) -> float:
    r"""Evaluates a linear model on a sparse vector and on products of its entries.

    $$
    y = \sum_i w_i x_i + \sum_{k} w_k \, \phi_k(x), \qquad \phi_k(x) = \prod_{i} x_i^{c_{ki}}, \quad
    c_{ki} \in \{0, 1\}
    $$

    with $x$ and $w$ of shape $[N]$; each $\phi_k$ multiplies one feature of each field of a cross.

    Args:
        x: feature values ``[N]``: numeric values and one-hot fields side by side.
        w: weights ``[N]``.
        features: the features whose products count, a tuple of positions each.
        cross_weights: the weight of each such product.

    Returns:
        The wide part of the example's logit.

    Example:
        >>> x, w = np.array([1.0, 0.0, 1.0]), np.array([1.0, 2.0, 3.0])
        >>> wide_logit(x, w, [(0, 2), (1, 2)], {(0, 2): 10.0, (1, 2): 100.0})
        14.0
    """
    y = 0.0
    for i in range(len(x)):
        y += w[i] * x[i]
    for positions in features:
        product = 1.0
        for i in positions:
            product *= x[i]
        y += cross_weights[tuple(positions)] * product
    return float(y)
