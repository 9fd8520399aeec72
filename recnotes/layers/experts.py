"""Experts that share an input, and the gates that mix them, as functions."""

from __future__ import annotations

import tensorflow as tf


def apply_experts(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor | None = None) -> tf.Tensor:
    r"""Runs one linear layer of every expert in a single product.

    $$
    o_{bi} = x_b W_i + b_i \quad\text{or}\quad o_{bi} = x_{bi} W_i + b_i
    $$

    with $W_i$ ``[n, U]`` and $b_i$ ``[U]`` the weights of expert $i$ of $E$.

    Args:
        x: ``[B, n]``, one input for all experts, or ``[B, E, n]``, one for each.
        kernel: ``[E, n, U]``.
        bias: ``[E, U]``, or None to add nothing (default: None).

    Returns:
        ``[B, E, U]``.

    Example:
        >>> apply_experts(tf.ones([2, 3]), tf.ones([5, 3, 4])).shape
        TensorShape([2, 5, 4])
    """
    # --8<-- [start:apply]
    inputs = "bn" if len(x.shape) == 2 else "ben"
    out = tf.einsum(f"{inputs},enu->beu", x, kernel)  # [B, E, U]
    return out if bias is None else out + bias
    # --8<-- [end:apply]


def gate_weights(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor | None = None) -> tf.Tensor:
    r"""Computes every gate's distribution over the experts.

    $$
    g^k(x) = \mathrm{softmax}(W_{gk}\,x)
    $$

    with $W_{gk}^\top$ ``[n, E]`` the kernel of gate $k$ of $G$.

    Args:
        x: ``[B, n]``.
        kernel: ``[G, n, E]``.
        bias: ``[G, E]``, or None, as in the paper (default: None).

    Returns:
        ``[B, G, E]``; each row is positive and sums to 1.

    Example:
        >>> gate_weights(tf.zeros([1, 3]), tf.ones([2, 3, 4])).numpy().tolist()
        [[[0.25, 0.25, 0.25, 0.25], [0.25, 0.25, 0.25, 0.25]]]
    """
    # --8<-- [start:gate]
    logits = tf.einsum("bn,gne->bge", x, kernel)  # [B, G, E]
    return tf.nn.softmax(logits if bias is None else logits + bias, axis=-1)
    # --8<-- [end:gate]


def mix_experts(gates: tf.Tensor, experts: tf.Tensor) -> tf.Tensor:
    r"""Mixes the experts once for every gate.

    $$
    f^k(x) = \sum_{i=1}^{E} g^k(x)_i\,f_i(x)
    $$

    with $g^k(x)$ ``[E]`` and $f_i(x)$ ``[U]``.

    Args:
        gates: ``[B, G, E]``.
        experts: ``[B, E, U]``.

    Returns:
        ``[B, G, U]``.

    Example:
        >>> experts = tf.constant([[[1.0], [3.0]]])
        >>> mix_experts(tf.constant([[[1.0, 0.0], [0.5, 0.5]]]), experts).numpy().tolist()
        [[[1.0], [2.0]]]
    """
    # --8<-- [start:mix]
    return tf.einsum("bge,beu->bgu", gates, experts)
    # --8<-- [end:mix]
