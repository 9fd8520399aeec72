"""NFM in plain loops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.deepfm import hidden

Array = NDArray[np.float64]


def nfm_logit(
    first: float, e: Array, kernels: Sequence[Array], biases: Sequence[Array], h: Array, bias: float
) -> float:
    r"""Evaluates NFM without batch normalization on one example, pair by pair.

    $$
    y = w_0 + \sum_i w_i x_i + h^T z^{(L)}, \qquad z^{(0)} = \sum_{i<j} e_i \odot e_j
    $$

    with $e$ of shape $[F, D]$, $z^{(0)}$ of shape $[D]$ and $h$ of shape $[U]$.

    Args:
        first: first-order term of the example.
        e: vectors ``[F, D]``, already multiplied by the fields' values.
        kernels: one ``[I, U]`` a hidden layer.
        biases: one ``[U]`` a hidden layer.
        h: output weights ``[U]``.
        bias: the bias.

    Returns:
        The logit.

    Example:
        >>> nfm_logit(1.0, np.array([[2.0], [3.0], [4.0]]), [], [], np.ones(1), 0.5)  # 1 + 6 + 8 + 12 + 0.5
        27.5
    """
    z = np.zeros(e.shape[1])
    for i in range(len(e)):
        for j in range(i + 1, len(e)):
            z += e[i] * e[j]
    y = bias + first
    for weight, value in zip(h, hidden(z, kernels, biases), strict=True):
        y += weight * value
    return float(y)
