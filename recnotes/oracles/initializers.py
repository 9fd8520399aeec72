"""The variance of weights from their definition: what keeps a unit's variance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def unit_variance(kernel: NDArray[np.float64], inputs: NDArray[np.float64]) -> float:
    r"""Measures the variance of a linear unit, output by output.

    $$
    h_{bu} = \sum_i x_{bi} w_{iu}, \qquad \frac{1}{B\,U} \sum_{b,u} h_{bu}^2
    $$

    Args:
        kernel: ``[I, U]``.
        inputs: ``[B, I]`` of mean 0.

    Returns:
        The mean square of the outputs.

    Example:
        >>> unit_variance(np.array([[1.0], [1.0]]), np.array([[1.0, 1.0]]))
        4.0
    """
    total = 0.0
    for x in inputs:
        for u in range(kernel.shape[1]):
            total += sum(x[i] * kernel[i, u] for i in range(len(x))) ** 2
    return float(total / (len(inputs) * kernel.shape[1]))
