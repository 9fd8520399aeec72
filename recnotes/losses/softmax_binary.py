"""Softmax probabilities of items, each held to a yes or no of its own: STAMP's loss as it is printed."""

from __future__ import annotations

import tensorflow as tf

from recnotes.losses._shapes import wide


# --8<-- [start:loss]
def softmax_binary_cross_entropy(scores: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    r"""Sums binary cross-entropies over all items of a softmax, averaged over rows.

    $$
    \mathcal{L} = -\frac{1}{\sum_b m_b}\sum_b m_b \Big[\log \hat y_{b o_b}
    + \sum_{i \ne o_b} \log\big(1 - \hat y_{bi}\big)\Big], \qquad
    \hat y_{bi} = \frac{e^{z_{bi}}}{\sum_j e^{z_{bj}}}
    $$

    with the scores $z$ of shape $[B, N]$ (item $i$ in column $i-1$), the targets $o$ of shape $[B]$, 0 where
    there is none, and $m_b = [o_b \ne 0]$. Next to the cross-entropy it adds the terms of the other items,
    about 1 in sum while their probabilities are small, so that it mostly differs from cross-entropy where a
    wrong item is certain.

    Args:
        scores: float tensor ``[B, N]``.
        target: integer tensor ``[B]`` of item ids ``1 ... N``, 0 is ignored.

    Returns:
        float tensor, a scalar; 0 where every target is 0.

    Raises:
        ValueError: the shapes are not ``[B, N]`` and ``[B]``.

    Example:
        >>> loss = softmax_binary_cross_entropy(tf.zeros([2, 2]), tf.constant([1, 0]))
        >>> round(float(loss), 4)  # 2 log 2
        1.3863

    References:
        Liu et al., *STAMP: Short-Term Attention/Memory Priority Model for Session-based Recommendation*,
        KDD 2018, https://doi.org/10.1145/3219819.3219950. The authors' code (uestcnlp/STAMP,
        ``model/STAMP_rsc.py``) minimizes the softmax cross-entropy instead.
    """
    z, target = wide(scores), tf.convert_to_tensor(target)
    if z.shape.rank != 2 or target.shape.rank != 1 or not target.shape.is_compatible_with(z.shape[:1]):
        raise ValueError(f"scores and target must be [B, N] and [B], received {z.shape}, {target.shape}")
    m = tf.cast(target > 0, z.dtype)  # [B]
    N = tf.shape(z)[1]
    z -= tf.stop_gradient(tf.reduce_max(z, axis=1, keepdims=True))
    # 1 - y_i is the share of all others. Subtracting e_i from the total is safe but for the largest item.
    top = tf.one_hot(tf.argmax(z, axis=1), N, on_value=True, off_value=False, dtype=tf.bool)  # [B, N]
    total = tf.reduce_sum(tf.exp(z), axis=1, keepdims=True)
    others = tf.math.log(tf.where(top, tf.ones_like(z), total - tf.exp(z)))  # [B, N]
    below = tf.reduce_logsumexp(tf.where(top, z.dtype.min * tf.ones_like(z), z), axis=1, keepdims=True)
    log_no = tf.where(top, below, others) - tf.math.log(total)  # [B, N]
    positive = tf.one_hot(target - 1, N, on_value=True, off_value=False, dtype=tf.bool)  # [B, N]
    nll = -tf.reduce_sum(tf.where(positive, z - tf.math.log(total), log_no), axis=1)  # [B]
    return tf.reduce_sum(tf.where(target > 0, nll, 0)) / tf.maximum(tf.reduce_sum(m), 1)


# --8<-- [end:loss]
