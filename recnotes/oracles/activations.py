"""Plain loops of activations."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def dice_batch(s: Array, alpha: Array, epsilon: float = 1e-8) -> Array:
    r"""Evaluates Dice with the statistics of the batch, unit by unit.

    $$
    f(s_{bu}) = \big(p_{bu} + (1 - p_{bu}) \alpha_u\big) s_{bu}, \qquad
    p_{bu} = \sigma\Big(\frac{s_{bu} - \bar s_u}{\sqrt{\frac1B \sum_c (s_{cu} - \bar s_u)^2 + \epsilon}}\Big)
    $$

    with $s$ of shape $[B, U]$, $\alpha$ and the mean $\bar s$ of shape $[U]$.

    Args:
        s: input ``[B, U]``.
        alpha: slopes ``[U]``.
        epsilon: added to the variance (default: 1e-08).

    Returns:
        Output ``[B, U]``.

    Example:
        >>> dice_batch(np.array([[0.0], [2.0]]), np.zeros(1)).round(4).tolist()
        [[0.0], [1.4621]]
    """
    f = np.zeros_like(s)
    for u in range(s.shape[1]):
        mean = sum(s[:, u]) / len(s)
        variance = sum((value - mean) ** 2 for value in s[:, u]) / len(s)
        for b in range(len(s)):
            p = 1 / (1 + math.exp(-(s[b, u] - mean) / math.sqrt(variance + epsilon)))
            f[b, u] = (p + (1 - p) * alpha[u]) * s[b, u]
    return f


def dice_din(s: Array, alpha: Array, beta: Array) -> Array:
    r"""Evaluates Dice as DIN's released code does: a batch normalization that never learns its statistics.

    $$
    f(s_{bu}) = \alpha_u (1 - p_{bu}) s_{bu} + p_{bu} s_{bu}, \qquad
    p_{bu} = \sigma\Big(\beta_u \frac{s_{bu} - 0}{\sqrt{1 + 0.001}}\Big)
    $$

    with $s$ of shape $[B, U]$, $\alpha$ and $\beta$ of shape $[U]$.

    Args:
        s: input ``[B, U]``.
        alpha: slopes ``[U]``.
        beta: scales ``[U]``.

    Returns:
        Output ``[B, U]``.

    Example:
        >>> dice_din(np.array([[-3.0, 4.0]]), np.zeros(2), np.zeros(2)).tolist()  # β = 0: half the input
        [[-1.5, 2.0]]

    References:
        https://github.com/zhougr1993/DeepInterestNetwork, commit b46a273, ``din/Dice.py``.
    """
    f = np.zeros_like(s)
    for b in range(s.shape[0]):
        for u in range(s.shape[1]):
            p = 1 / (1 + math.exp(-beta[u] * s[b, u] / math.sqrt(1.001)))
            f[b, u] = alpha[u] * (1 - p) * s[b, u] + p * s[b, u]
    return f


def dice_moving(s: Array, alpha: Array, mean: Array, variance: Array, epsilon: float = 1e-8) -> Array:
    r"""Evaluates Dice outside of training, with running statistics, unit by unit.

    $$
    f(s_u) = \big(p_u + (1 - p_u) \alpha_u\big) s_u, \qquad
    p_u = \sigma\Big(\frac{s_u - \mu_u}{\sqrt{\nu_u + \epsilon}}\Big)
    $$

    with every array of shape $[U]$.

    Args:
        s: input ``[U]``.
        alpha: slopes ``[U]``.
        mean: running means ``[U]``.
        variance: running variances ``[U]``.
        epsilon: added to the variance (default: 1e-08).

    Returns:
        Output ``[U]``.

    Example:
        >>> dice_moving(np.array([4.0]), np.array([0.5]), np.array([4.0]), np.ones(1)).tolist()  # p = ½
        [3.0]
    """
    f = np.zeros_like(s)
    for u in range(len(s)):
        p = 1 / (1 + math.exp(-(s[u] - mean[u]) / math.sqrt(variance[u] + epsilon)))
        f[u] = (p + (1 - p) * alpha[u]) * s[u]
    return f


def prelu_loops(z: Array, alpha: Array) -> Array:
    r"""Evaluates PReLU number by number; equal slopes make it the leaky rectifier, zeros the plain one.

    $$
    f(z)_{bu} = \max(z_{bu}, 0) + a_u \min(z_{bu}, 0)
    $$

    Args:
        z: input ``[B, U]``.
        alpha: slopes $a$ ``[U]``.

    Returns:
        Output ``[B, U]``.

    Example:
        >>> prelu_loops(np.array([[-2.0, 3.0]]), np.full(2, 0.25)).tolist()
        [[-0.5, 3.0]]
    """
    f = np.zeros_like(z)
    for b in range(z.shape[0]):
        for u in range(z.shape[1]):
            f[b, u] = max(z[b, u], 0.0) + alpha[u] * min(z[b, u], 0.0)
    return f


def swiglu_loops(z: Array) -> Array:
    r"""Evaluates SwiGLU number by number.

    $$
    f(z)_{bu} = \frac{z_{bu}}{1 + e^{-z_{bu}}} \, z_{b,U+u}
    $$

    Args:
        z: input ``[B, 2U]``.

    Returns:
        Output ``[B, U]``.

    Example:
        >>> swiglu_loops(np.array([[1.0, 2.0]])).round(4).tolist()
        [[1.4621]]
    """
    units = z.shape[1] // 2
    f = np.zeros((len(z), units))
    for b in range(len(z)):
        for u in range(units):
            f[b, u] = z[b, u] / (1 + math.exp(-z[b, u])) * z[b, units + u]
    return f
