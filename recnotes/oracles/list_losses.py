"""Plain loops of the losses that look at the order of a whole list."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def neural_sort_loops(scores: Array, temperature: float) -> Array:
    r"""The relaxed permutation matrix of one list, entry by entry.

    $$
    \hat P_{ij} = \frac{e^{((N + 1 - 2i) s_j - \sum_k |s_j - s_k|) / \tau}}
        {\sum_l e^{((N + 1 - 2i) s_l - \sum_k |s_l - s_k|) / \tau}}
    $$

    Args:
        scores: ``[N]``.
        temperature: $\tau$.

    Returns:
        Matrix ``[N, N]``.

    Example:
        >>> neural_sort_loops(np.zeros(2), 1.0).tolist()
        [[0.5, 0.5], [0.5, 0.5]]
    """
    n = len(scores)
    out = np.zeros((n, n))
    for i in range(1, n + 1):
        z = [((n + 1 - 2 * i) * s - sum(abs(s - other) for other in scores)) / temperature for s in scores]
        for j in range(n):
            out[i - 1, j] = math.exp(z[j]) / sum(math.exp(value) for value in z)
    return out


def neural_sort_top_k_loops(labels: Array, scores: Array, k: int, temperature: float) -> Array:
    r"""Cross-entropy of the first places.

    $$
    \ell_b = -\frac1K \sum_{i=1}^{K} \log \hat P_{b,i,\pi_b(i)}
    $$

    Args:
        labels: ``[B, N]``.
        scores: ``[B, N]``.
        k: number of places.
        temperature: $\tau$.

    Returns:
        Losses ``[B]``.

    Example:
        >>> neural_sort_top_k_loops(np.array([[1.0, 0.0]]), np.zeros((1, 2)), 1, 1.0).round(4).tolist()
        [0.6931]
    """
    out = np.zeros(len(labels))
    for b, y in enumerate(labels):
        p = neural_sort_loops(scores[b], temperature)
        order = sorted(range(len(y)), key=lambda j: -y[j])
        out[b] = -sum(math.log(p[i, order[i]]) for i in range(k)) / k
    return out


def listnet_top_k_loops(labels: Array, scores: Array, k: int) -> Array:
    r"""Cross-entropy over the orders of the first places, order by order.

    $$
    \ell_b = -\sum_{\pi} P_{y_b}(\pi) \log P_{s_b}(\pi)
    $$

    Args:
        labels: ``[B, N]``.
        scores: ``[B, N]``.
        k: number of places.

    Returns:
        Losses ``[B]``.

    Example:
        >>> listnet_top_k_loops(np.zeros((1, 3)), np.zeros((1, 3)), 2).round(4).tolist()  # log 6
        [1.7918]
    """

    def probability(x: Array, order: tuple[int, ...]) -> float:
        p, left = 1.0, list(range(len(x)))
        for i in order:
            p *= math.exp(x[i]) / sum(math.exp(x[j]) for j in left)
            left.remove(i)
        return p

    out = np.zeros(len(labels))
    for b, (y, s) in enumerate(zip(labels, scores, strict=True)):
        for order in itertools.permutations(range(len(y)), k):
            out[b] -= probability(y, order) * math.log(probability(s, order))
    return out
