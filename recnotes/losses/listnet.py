"""ListNet: the scores' distribution over first places should be that of the labels."""

from __future__ import annotations

import tensorflow as tf

from recnotes.losses._shapes import pair


def listnet_loss(labels: tf.Tensor, scores: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
    r"""Cross-entropy between the top-one distributions of labels and scores.

    $$
    \ell_b = -\sum_i \frac{e^{y_{bi}}}{\sum_j e^{y_{bj}}} \log \frac{e^{s_{bi}}}{\sum_j e^{s_{bj}}}
    $$

    with labels $y$ and scores $s$ of shape $[B, N]$ and $\ell$ of shape $[B]$; sums run over the entries that
    the mask keeps. It is smallest, at the entropy of the labels' distribution, where $s - y$ is constant.

    Args:
        labels: relevance ``[B, N]``.
        scores: scores ``[B, N]``.
        mask: bool ``[B, N]``, true where a list has an entry, None for everywhere (default: None).

    Returns:
        Losses ``[B]``; 0 for an empty list.

    Raises:
        ValueError: the shapes differ or are not ``[B, N]``.

    Example:
        >>> print(listnet_loss(tf.zeros([1, 4]), tf.zeros([1, 4])).numpy().round(4))  # log 4
        [1.3863]

    References:
        Cao et al., *Learning to Rank: From Pairwise Approach to Listwise Approach*, ICML 2007,
        https://doi.org/10.1145/1273496.1273513.
    """
    y, s = pair("labels", labels, "scores", scores, 2)
    if mask is None:
        return -tf.reduce_sum(tf.nn.softmax(y) * tf.nn.log_softmax(s), axis=1)
    keep, _ = pair("mask", mask, "scores", scores, 2)
    lowest = tf.constant(s.dtype.min / 2, s.dtype)
    y, s = (tf.where(keep > 0, x, lowest) for x in (y, s))
    return -tf.reduce_sum(keep * tf.nn.softmax(y) * tf.where(keep > 0, tf.nn.log_softmax(s), 0), axis=1)
