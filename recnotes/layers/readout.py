"""Which of a user's vectors an item meets, or how it mixes them."""

from __future__ import annotations

import math

import tensorflow as tf

from recnotes.layers.attention import masked_softmax


def choose_interest(v: tf.Tensor, e: tf.Tensor) -> tf.Tensor:
    r"""Returns the interest that fits an item best: the hard readout.

    $$
    \hat v_b = v_{b k_b}, \qquad k_b = \arg\max_k \langle v_{bk}, e_b \rangle
    $$

    with interests $v$ of shape $[B, M, D]$, items $e$ of shape $[B, D]$ and the result $\hat v$ of shape $[B,
    D]$. Only the chosen interest gets a gradient.

    Args:
        v: interests ``[B, M, D]``.
        e: items ``[B, D]``.

    Returns:
        float tensor ``[B, D]``.

    Example:
        >>> v = tf.constant([[[1.0, 0.0], [0.0, 2.0]]])
        >>> choose_interest(v, tf.constant([[3.0, 2.0]])).numpy().tolist()  # 3 against 4
        [[0.0, 2.0]]

    References:
        Cen et al., *Controllable Multi-Interest Framework for Recommendation*, KDD 2020,
        https://arxiv.org/abs/2005.09347.
    """
    scores = tf.einsum("bmd,bd->bm", v, tf.cast(e, v.dtype))  # [B, M]
    return tf.gather(v, tf.argmax(scores, axis=1), batch_dims=1)


def label_aware_attention(
    v: tf.Tensor, e: tf.Tensor, power: float = math.inf, allowed: tf.Tensor | None = None
) -> tf.Tensor:
    r"""Mixes the interests of a user by how well each fits an item.

    $$
    \hat v_b = \sum_k w_{bk}\, v_{bk}, \qquad
    w_b = \text{softmax}_k\big(\langle v_{bk}, e_b \rangle^{p}\big)
    $$

    with interests $v$ of shape $[B, M, D]$, items $e$ of shape $[B, D]$ and the result $\hat v$ of shape $[B,
    D]$. With $p = 0$ it is the mean, with $p = 1$ the plain softmax. Where the best product is above 1 and
    the others are between its negative and it, a growing $p$ tends to `choose_interest`, which stands for $p
    = \infty$; products below 1 in size all become 0 instead, and an even $p$ takes a product for its
    negative. $p$ must be whole, since other powers of a negative product are not real.

    Args:
        v: interests ``[B, M, D]``.
        e: items ``[B, D]``.
        power: a whole number ``p`` from 0, or infinity (default: math.inf).
        allowed: bool tensor ``[B, M]``, true where an interest takes part, None for all (default: None).

    Returns:
        float tensor ``[B, D]``.

    Raises:
        ValueError: the power is negative or not whole.

    Example:
        >>> v = tf.constant([[[1.0, 0.0], [0.0, 3.0]]])
        >>> label_aware_attention(v, tf.constant([[1.0, 1.0]]), 0).numpy().tolist()
        [[0.5, 1.5]]
        >>> label_aware_attention(v, tf.constant([[1.0, 1.0]]), 3).numpy().round(4).tolist()
        [[0.0, 3.0]]

    References:
        Li et al., *Multi-Interest Network with Dynamic Routing for Recommendation at Tmall*, CIKM 2019,
        https://arxiv.org/abs/1904.08030. The authors published no code; DeepMatch's port takes the best
        interest from ``p=100`` (its default) on and powers of raw products below, ComiRec's port of MIND
        always takes the best.
    """
    if not power >= 0 or (power != math.inf and power != int(power)):
        raise ValueError(f"power must be a whole number from 0 or infinity, received {power!r}")
    scores = tf.einsum("bmd,bd->bm", v, tf.cast(e, v.dtype))  # [B, M]
    allowed = tf.ones_like(scores, tf.bool) if allowed is None else allowed  # [B, M]
    if power == math.inf:
        best = tf.argmax(tf.where(allowed, scores, scores.dtype.min), axis=1)  # [B]
        return tf.gather(v, best, batch_dims=1)
    powers = tf.ones_like(scores)  # [B, M]
    if power:
        # Rows whose largest power would overflow are scaled down: the best has all the weight either way.
        limit = float(v.dtype.max / power) ** (1 / power)
        largest = tf.reduce_max(tf.where(allowed, tf.abs(scores), 0), axis=1, keepdims=True)  # [B, 1]
        scores = tf.where(allowed, scores * tf.stop_gradient(limit / tf.maximum(largest, limit)), 0)  # [B, M]
        powers = tf.pow(scores, tf.cast(power, v.dtype))  # [B, M]
    w = masked_softmax(powers, allowed)  # [B, M]
    return tf.einsum("bm,bmd->bd", w, v)
