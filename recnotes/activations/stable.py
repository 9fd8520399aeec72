"""Sigmoid, softmax and their kin, written so that no exponential overflows."""

from __future__ import annotations

import tensorflow as tf


def stable_sigmoid(z: tf.Tensor) -> tf.Tensor:
    r"""Returns the logistic function without the exponential of a positive number.

    $$
    \sigma(z) = \begin{cases} \dfrac{1}{1 + e^{-z}} & z \ge 0 \\ \dfrac{e^{z}}{1 + e^{z}} & z < 0 \end{cases}
    $$

    Args:
        z: floats of any shape.

    Returns:
        Tensor of that shape.

    Example:
        >>> stable_sigmoid(tf.constant([-1000.0, 0.0, 1000.0])).numpy().tolist()
        [0.0, 0.5, 1.0]
    """
    small = tf.exp(-tf.abs(z))
    return tf.where(z >= 0, tf.ones_like(z), small) / (1 + small)


def stable_softmax(z: tf.Tensor) -> tf.Tensor:
    r"""Returns each row's distribution, its largest entry moved to 0 first.

    $$
    p_{bi} = \frac{e^{z_{bi} - m_b}}{\sum_j e^{z_{bj} - m_b}}, \qquad m_b = \max_j z_{bj}
    $$

    with $z$ and $p$ of shape $[B, N]$. The shift cancels, so it gets no gradient.

    Args:
        z: logits ``[B, N]``, or with more axes before.

    Returns:
        Distributions of that shape.

    Example:
        >>> stable_softmax(tf.constant([[1000.0, 1000.0]])).numpy().tolist()
        [[0.5, 0.5]]
    """
    e = tf.exp(z - tf.stop_gradient(tf.reduce_max(z, axis=-1, keepdims=True)))
    return e / tf.reduce_sum(e, axis=-1, keepdims=True)


def silu(z: tf.Tensor) -> tf.Tensor:
    r"""Returns the input times its sigmoid; Dice with unit statistics and slope 0.

    $$
    f(z) = z\,\sigma(z)
    $$

    Args:
        z: floats of any shape.

    Returns:
        Tensor of that shape.

    Example:
        >>> silu(tf.constant([-1000.0, 0.0, 1000.0])).numpy().tolist()
        [-0.0, 0.0, 1000.0]
    """
    return z * stable_sigmoid(z)


def gelu(z: tf.Tensor) -> tf.Tensor:
    r"""Returns the input times the standard normal's distribution function.

    $$
    f(z) = z\,\Phi(z) = \frac{z}{2} \Big(1 + \mathrm{erf}\frac{z}{\sqrt{2}}\Big)
    $$

    Args:
        z: floats of any shape.

    Returns:
        Tensor of that shape.

    Example:
        >>> print(gelu(tf.constant([0.0, 1.0])).numpy().round(4))
        [0.     0.8413]

    References:
        Hendrycks and Gimpel, *Gaussian Error Linear Units*, 2016, https://arxiv.org/abs/1606.08415.
    """
    return 0.5 * z * (1 + tf.math.erf(z / 2**0.5))


def elu(z: tf.Tensor, alpha: float = 1.0) -> tf.Tensor:
    r"""Returns the input above 0, and below it a curve that levels off.

    $$
    f(z) = \max(z, 0) + \alpha \big(e^{\min(z, 0)} - 1\big)
    $$

    The minimum inside the exponential keeps the branch that is not taken from overflowing, which would turn
    the gradient into NaN.

    Args:
        z: floats of any shape.
        alpha: where the curve ends, at $-\alpha$ (default: 1.0).

    Returns:
        Tensor of that shape.

    Example:
        >>> elu(tf.constant([-1000.0, 0.0, 1000.0])).numpy().tolist()
        [-1.0, 0.0, 1000.0]

    References:
        Clevert, Unterthiner and Hochreiter, *Fast and Accurate Deep Network Learning by Exponential Linear
        Units*, ICLR 2016, https://arxiv.org/abs/1511.07289.
    """
    return tf.where(z > 0, z, alpha * tf.math.expm1(tf.minimum(z, 0)))
