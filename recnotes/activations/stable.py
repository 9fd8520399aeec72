"""Sigmoid, softmax and their kin, written so that no exponential overflows."""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("recnotes")
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
    # Not the absolute value: its slope at 0 is 0, which would lose the gradient of 1/4 there.
    small = tf.exp(tf.where(z >= 0, -z, z))
    return tf.where(z >= 0, tf.ones_like(z), small) / (1 + small)


@keras.saving.register_keras_serializable("recnotes")
def stable_softmax(z: tf.Tensor, temperature: float = 1.0) -> tf.Tensor:
    r"""Returns each row's distribution, its largest entry moved to 0 first.

    $$
    p_{bi} = \frac{e^{(z_{bi} - m_b) / \tau}}{\sum_j e^{(z_{bj} - m_b) / \tau}}, \qquad m_b = \max_j z_{bj}
    $$

    with $z$ and $p$ of shape $[B, N]$. The shift cancels, so it gets no gradient. A temperature $\tau$ near 0
    leaves the largest entry alone, a high one makes all alike.

    Args:
        z: logits ``[B, N]``, or with more axes before.
        temperature: $\tau$ (default: 1.0).

    Returns:
        Distributions of that shape.

    Raises:
        ValueError: ``temperature`` is not positive.

    Example:
        >>> stable_softmax(tf.constant([[1000.0, 1000.0]])).numpy().tolist()
        [[0.5, 0.5]]
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, received {temperature!r}")
    e = tf.exp((z - tf.stop_gradient(tf.reduce_max(z, axis=-1, keepdims=True))) / temperature)
    return e / tf.reduce_sum(e, axis=-1, keepdims=True)


@keras.saving.register_keras_serializable("recnotes")
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


@keras.saving.register_keras_serializable("recnotes")
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


@keras.saving.register_keras_serializable("recnotes")
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


@keras.saving.register_keras_serializable("recnotes")
def swiglu(z: tf.Tensor) -> tf.Tensor:
    r"""Returns one half of the input, gated by the `silu` of the other.

    $$
    f(z) = \big(g\,\sigma(g)\big) \odot u, \qquad z = [g;\, u]
    $$

    with $z$ of shape $[B, 2U]$, or with more axes before the last, and $g$, $u$ and $f(z)$ of shape $[B, U]$.
    One layer of $2U$ units before it makes it the paper's $\text{Swish}(xW) \odot xV$.

    Args:
        z: floats, the last axis an even number.

    Returns:
        Tensor whose last axis is half as long.

    Raises:
        ValueError: the last axis is odd or not known.

    Example:
        >>> print(swiglu(tf.constant([[1.0, 2.0]])).numpy().round(4))  # 1 · σ(1) · 2
        [[1.4621]]

    References:
        Shazeer, *GLU Variants Improve Transformer*, 2020, https://arxiv.org/abs/2002.05202.
    """
    if z.shape.rank == 0 or z.shape[-1] is None or z.shape[-1] % 2:
        raise ValueError(f"z must have an even last axis, received shape {tuple(z.shape)}")
    gate, value = tf.split(z, 2, axis=-1)
    return silu(gate) * value
