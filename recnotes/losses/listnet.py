"""ListNet: the scores' distribution over first places, or first orders, should be that of the labels."""

from __future__ import annotations

import itertools
import math

import tensorflow as tf

from recnotes.losses._shapes import alike, not_nan


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
        ValueError: the shapes differ or are not ``[B, N]``, or, eagerly, a label that the mask keeps is NaN.
        tf.errors.InvalidArgumentError: in a graph such a label is NaN; under XLA the loss is NaN.

    Example:
        >>> print(listnet_loss(tf.zeros([1, 4]), tf.zeros([1, 4])).numpy().round(4))  # log 4
        [1.3863]

    References:
        Cao et al., *Learning to Rank: From Pairwise Approach to Listwise Approach*, ICML 2007,
        https://doi.org/10.1145/1273496.1273513.
    """
    y, s = alike("labels", labels, "scores", scores, 2)
    if mask is None:
        return -tf.reduce_sum(tf.nn.softmax(not_nan("labels", y)) * tf.nn.log_softmax(s), axis=1)
    keep, _ = alike("mask", mask, "scores", scores, 2)
    lowest = tf.constant(s.dtype.min / 2, s.dtype)
    y, s = (tf.where(keep > 0, x, lowest) for x in (y, s))
    y = not_nan("labels", y)
    return -tf.reduce_sum(keep * tf.nn.softmax(y) * tf.where(keep > 0, tf.nn.log_softmax(s), 0), axis=1)


def listnet_top_k_loss(labels: tf.Tensor, scores: tf.Tensor, k: int) -> tf.Tensor:
    r"""Cross-entropy between the distributions of labels and scores over the orders of the first places.

    $$
    \ell_b = -\sum_{\pi} P_{y_b}(\pi) \log P_{s_b}(\pi), \qquad
    P_s(\pi) = \prod_{t=1}^{K} \frac{e^{s_{\pi(t)}}}{\sum_{j \notin \{\pi(1), \dots, \pi(t-1)\}} e^{s_j}}
    $$

    with labels $y$ and scores $s$ of shape $[B, N]$, $\ell$ of shape $[B]$, and $\pi$ each of the
    $N! / (N - K)!$ orders of $K$ items. With $K = 1$ it is `listnet_loss`. Time and memory grow with the
    number of orders: for short lists and small $K$ only.

    Args:
        labels: relevance ``[B, N]``.
        scores: scores ``[B, N]``, with ``N`` known.
        k: number ``K`` of places, 1 to ``N``.

    Returns:
        Losses ``[B]``.

    Raises:
        ValueError: the shapes differ or are not ``[B, N]``, ``k`` is out of range, there are more than
            100,000 orders, or, eagerly, a label is NaN.
        tf.errors.InvalidArgumentError: in a graph a label is NaN; under XLA the loss is NaN.

    Example:
        >>> print(listnet_top_k_loss(tf.zeros([1, 4]), tf.zeros([1, 4]), 2).numpy().round(4))  # log 12
        [2.4849]

    References:
        Cao et al., *Learning to Rank: From Pairwise Approach to Listwise Approach*, ICML 2007,
        https://doi.org/10.1145/1273496.1273513.
    """
    y, s = alike("labels", labels, "scores", scores, 2)
    n = s.shape[1]
    if n is None or not 1 <= k <= n:
        raise ValueError(f"k must be in [1, {n}], received {k!r}")
    if math.perm(n, k) > 100_000:
        raise ValueError(
            f"k must leave at most 100,000 orders of {n} items, received {k!r}: {math.perm(n, k)}"
        )
    orders = tf.constant(list(itertools.permutations(range(n), k)))  # [Q, K]

    def log_probability(x: tf.Tensor) -> tf.Tensor:
        total = tf.zeros([tf.shape(x)[0], tf.shape(orders)[0]], x.dtype)  # [B, Q]
        left = tf.zeros([tf.shape(orders)[0], n], x.dtype)  # [Q, N]
        for t in range(k):
            chosen = tf.gather(x, orders[:, t], axis=1)  # [B, Q]
            total += chosen - tf.reduce_logsumexp(x[:, None, :] + left, axis=2)  # [B, Q]
            left += tf.one_hot(orders[:, t], n, x.dtype.min / (2 * k), 0.0, dtype=x.dtype)  # [Q, N]
        return total

    y = not_nan("labels", y)
    return -tf.reduce_sum(tf.exp(log_probability(y)) * log_probability(s), axis=1)
