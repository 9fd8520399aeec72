"""Plain loops of loss balancing."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _dot(a: Array, b: Array) -> float:
    return float(sum(a[i] * b[i] for i in range(len(a))))


def joint_sample_loss_loops(losses: Array, delta: Array) -> float:
    r"""Mean over the rows that belong to a task.

    $$
    L_k = \frac{1}{\sum_b \delta_{kb}} \sum_b \delta_{kb}\, \ell_{kb}
    $$

    Args:
        losses: ``[B]``.
        delta: 0 or 1, ``[B]``.

    Returns:
        The mean, 0 without rows.

    Example:
        >>> joint_sample_loss_loops(np.array([1.0, 3.0, 9.0]), np.array([1.0, 1.0, 0.0]))
        2.0
    """
    kept = [float(losses[b]) for b in range(len(losses)) if delta[b]]
    return sum(kept) / len(kept) if kept else 0.0


def uncertainty_loops(losses: Array, variances: Array, factors: Array) -> float:
    r"""Losses over variances, plus the logarithms of the deviations.

    $$
    J = \sum_k \Big( \frac{c_k}{\sigma_k^2} L_k + \log \sigma_k \Big)
    $$

    Args:
        losses: ``[T]``.
        variances: $\sigma^2$, ``[T]``.
        factors: $c$, ``[T]``.

    Returns:
        The sum.

    Example:
        >>> uncertainty_loops(np.array([4.0]), np.array([1.0]), np.array([0.5]))
        2.0
    """
    total = 0.0
    for k in range(len(losses)):
        total += factors[k] / variances[k] * losses[k] + math.log(math.sqrt(variances[k]))
    return float(total)


def gradnorm_loops(
    losses: Array, initial: Array, norms: Array, weights: Array, alpha: float
) -> tuple[float, Array]:
    r"""Distance of the weighted norms from their targets, and its slope in the weights.

    $$
    L_{\text{grad}} = \sum_k \big|w_k n_k - \bar G\, r_k^\alpha\big|
    $$

    Args:
        losses: ``[T]``.
        initial: losses at the first step, ``[T]``.
        norms: ``[T]``.
        weights: ``[T]``.
        alpha: exponent.

    Returns:
        The loss, and its derivative with the targets held fixed, ``[T]``.

    Example:
        >>> two = np.array([2.0, 2.0])
        >>> loss, slope = gradnorm_loops(np.array([1.0, 3.0]), two, two, np.ones(2), 1.0)
        >>> loss, slope.tolist()
        (2.0, [2.0, -2.0])
    """
    count = len(losses)
    mean_norm = sum(weights[k] * norms[k] for k in range(count)) / count
    progress = [losses[k] / initial[k] for k in range(count)]
    mean_progress = sum(progress) / count
    total, slope = 0.0, np.zeros(count)
    for k in range(count):
        gap = weights[k] * norms[k] - mean_norm * (progress[k] / mean_progress) ** alpha
        total += abs(gap)
        slope[k] = norms[k] if gap > 0 else -norms[k] if gap < 0 else 0.0
    return float(total), slope


def pcgrad_loops(gradients: Array, order: Sequence[Sequence[int]]) -> Array:
    r"""Projects each gradient off every original one it conflicts with, in turn.

    $$
    g_i \leftarrow g_i - \frac{\langle g_i, h_j \rangle}{\|h_j\|^2}\, h_j
    \quad \text{if} \quad \langle g_i, h_j \rangle < 0
    $$

    Args:
        gradients: ``[T, n]``.
        order: for each task the order in which it meets all.

    Returns:
        ``[T, n]``.

    Example:
        >>> pcgrad_loops(np.array([[1.0, 0.0], [-1.0, 1.0]]), [[0, 1], [0, 1]]).tolist()
        [[0.5, 0.5], [0.0, 1.0]]
    """
    out = gradients.copy()
    for i in range(len(gradients)):
        for j in order[i]:
            inner = _dot(out[i], gradients[j])
            if j != i and inner < 0:
                share = inner / _dot(gradients[j], gradients[j])
                for d in range(gradients.shape[1]):
                    out[i, d] -= share * gradients[j, d]
    return out


def min_norm_loops(gradients: Array, steps: int = 60) -> Array:
    r"""Tries every mixture on a grid of the simplex.

    $$
    \arg\min_a \Big\| \sum_k a_k g_k \Big\|, \qquad a_k \in \{0, \tfrac1n, \dots, 1\}, \quad \sum_k a_k = 1
    $$

    Args:
        gradients: two or three, ``[T, n]``.
        steps: $n$ (default: 60).

    Returns:
        The best of the grid, ``[T]``.

    Example:
        >>> min_norm_loops(np.array([[1.0, 0.0], [0.0, 1.0]])).tolist()
        [0.5, 0.5]
    """
    best, shortest = np.zeros(len(gradients)), math.inf
    for i in range(steps + 1):
        for j in range(steps + 1 - i) if len(gradients) == 3 else [steps - i]:
            a = np.array([i, j, steps - i - j][: len(gradients)]) / steps
            mixture = np.array(
                [sum(a[k] * gradients[k, d] for k in range(len(a))) for d in range(gradients.shape[1])]
            )
            if _dot(mixture, mixture) < shortest:
                best, shortest = a, _dot(mixture, mixture)
    return best
