"""Cross-entropy under a softmax, from logits."""

from __future__ import annotations

import tensorflow as tf

from recnotes.losses._shapes import alike, not_nan


def softmax_cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    r"""Cross-entropy of each row of logits against a distribution.

    $$
    \ell_b = -\sum_{i} y_{bi} \log \frac{e^{z_{bi}}}{\sum_j e^{z_{bj}}}
           = \sum_i y_{bi} \Big(m_b + \log \sum_j e^{z_{bj} - m_b} - z_{bi}\Big), \qquad
    m_b = \max_j z_{bj}
    $$

    with labels $y$ and logits $z$ of shape $[B, N]$ and $\ell$ of shape $[B]$. Shifting all logits of a row
    changes nothing.

    Args:
        labels: a distribution in each row, ``[B, N]``, for example one-hot or from `smooth_labels`.
        logits: logits ``[B, N]``.

    Returns:
        Losses ``[B]``, float32 or float64.

    Raises:
        ValueError: the shapes differ or are not ``[B, N]``, or, eagerly, a label is NaN.
        tf.errors.InvalidArgumentError: in a graph a label is NaN; under XLA the loss is NaN.

    Example:
        >>> float(softmax_cross_entropy(tf.constant([[0.0, 1.0]]), tf.constant([[1000.0, 0.0]]))[0])
        1000.0

    References:
        Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016, sections 4.1 and 6.2.2.3,
        https://www.deeplearningbook.org.
    """
    y, z = alike("labels", labels, "logits", logits, 2)
    y = not_nan("labels", y)
    return tf.reduce_sum(y * (tf.reduce_logsumexp(z, axis=1, keepdims=True) - z), axis=1)
