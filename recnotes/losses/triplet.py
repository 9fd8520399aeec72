"""Triplet loss: the positive should be nearer than the negative by a margin."""

from __future__ import annotations

import tensorflow as tf

from recnotes.losses._shapes import alike, positive


def triplet_loss(
    anchors: tf.Tensor, positives: tf.Tensor, negatives: tf.Tensor, margin: float = 0.2
) -> tf.Tensor:
    r"""Hinge on squared distances.

    $$
    \ell_b = \max\big(0,\; \|a_b - p_b\|^2 - \|a_b - n_b\|^2 + m\big)
    $$

    with anchors $a$, positives $p$ and negatives $n$ of shape $[B, D]$ and $\ell$ of shape $[B]$. For vectors
    of length 1 it is twice the hinge loss of the inner products with margin $m/2$.

    Args:
        anchors: ``[B, D]``; the paper's vectors have length 1.
        positives: ``[B, D]``.
        negatives: ``[B, D]``.
        margin: $m$ (default: 0.2).

    Returns:
        Losses ``[B]``.

    Raises:
        ValueError: the shapes differ or are not ``[B, D]``, or ``margin`` is not positive.

    Example:
        >>> a, p, n = tf.constant([[0.0]]), tf.constant([[1.0]]), tf.constant([[2.0]])
        >>> triplet_loss(a, p, n, margin=3.5).numpy().tolist()  # 1 - 4 + 3.5
        [0.5]

    References:
        Schroff, Kalenichenko and Philbin, *FaceNet: A Unified Embedding for Face Recognition and Clustering*,
        CVPR 2015, https://arxiv.org/abs/1503.03832.
    """
    positive("margin", margin)
    p, a = alike("positives", positives, "anchors", anchors, 2)
    n, a = alike("negatives", negatives, "anchors", a, 2)
    near = tf.reduce_sum(tf.square(a - p), axis=1)  # [B]
    far = tf.reduce_sum(tf.square(a - n), axis=1)  # [B]
    return tf.nn.relu(near - far + margin)
