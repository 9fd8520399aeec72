"""NeuralSort: a permutation matrix that has a gradient, and the loss of its first rows."""

from __future__ import annotations

import tensorflow as tf

from recnotes.losses._shapes import pair, positive, wide


def neural_sort(scores: tf.Tensor, temperature: float = 1.0) -> tf.Tensor:
    r"""Relaxes the matrix that sorts the scores in descending order.

    $$
    \log \hat P_{bi} = \log \mathrm{softmax}\Big(\frac{(N + 1 - 2i)\, s_b - A_b \mathbf{1}}{\tau}\Big),
    \qquad A_{bjk} = |s_{bj} - s_{bk}|
    $$

    with scores $s$ of shape $[B, N]$, $A$ and $\hat P$ of shape $[B, N, N]$ and $i = 1, \dots, N$ the place.
    Each row is a distribution over the items. Without ties the largest entry of row $i$ is the item in place
    $i$, at every temperature, and for $\tau \to 0$ the matrix is the permutation.

    Args:
        scores: ``[B, N]``.
        temperature: $\tau$ (default: 1.0).

    Returns:
        $\log \hat P$ ``[B, N, N]``: place, then item.

    Raises:
        ValueError: ``scores`` is not ``[B, N]``, or ``temperature`` is not positive.

    Example:
        >>> print(tf.exp(neural_sort(tf.constant([[1.0, 3.0, 2.0]]), 0.1)).numpy().round(2)[0])
        [[0. 1. 0.]
         [0. 0. 1.]
         [1. 0. 0.]]

    References:
        Grover et al., *Stochastic Optimization of Sorting Networks via Continuous Relaxations*, ICLR 2019,
        https://arxiv.org/abs/1903.08850, equation 5.
    """
    positive("temperature", temperature)
    s = wide(scores)
    if s.shape.rank != 2:
        raise ValueError(f"scores must be [B, N], received {tuple(s.shape)}")
    n = tf.shape(s)[1]
    a = tf.reduce_sum(tf.abs(s[:, :, None] - s[:, None, :]), axis=2)  # [B, N]
    place = tf.cast(n + 1 - 2 * tf.range(1, n + 1), s.dtype)  # [N]
    z = (place[:, None] * s[:, None, :] - a[:, None, :]) / temperature  # [B, N, N]
    return tf.nn.log_softmax(z, axis=2)


def neural_sort_top_k_loss(
    labels: tf.Tensor, scores: tf.Tensor, k: int, temperature: float = 1.0
) -> tf.Tensor:
    r"""Cross-entropy of the first ``k`` places between the labels' order and the relaxed order of the scores.

    $$
    \ell_b = -\frac1K \sum_{i=1}^{K} \log \hat P_{b,i,\pi_b(i)}
    $$

    with $\pi_b(i)$ the item that the labels put in place $i$ and $\hat P$ of `neural_sort` of shape
    $[B, N, N]$. Equal labels keep the order in which they stand. With $K = N$ it is the paper's loss of a
    whole sort.

    Args:
        labels: relevance ``[B, N]``.
        scores: scores ``[B, N]``.
        k: number ``K`` of places, 1 to ``N``.
        temperature: $\tau$ (default: 1.0).

    Returns:
        Losses ``[B]``.

    Raises:
        ValueError: the shapes differ or are not ``[B, N]``, ``k`` is out of range, or ``temperature`` is not
            positive.

    Example:
        >>> y = tf.constant([[3.0, 2.0, 1.0]])
        >>> print(neural_sort_top_k_loss(y, tf.zeros([1, 3]), 2).numpy().round(4))  # log 3
        [1.0986]

    References:
        Grover et al., *Stochastic Optimization of Sorting Networks via Continuous Relaxations*, ICLR 2019,
        https://arxiv.org/abs/1903.08850, section 6.1: the cross-entropy of all rows; keeping the first
        ``k`` is this package's.
    """
    y, s = pair("labels", labels, "scores", scores, 2)
    if k < 1 or (s.shape[1] is not None and k > s.shape[1]):
        raise ValueError(f"k must be in [1, {s.shape[1]}], received {k!r}")
    order = tf.argsort(y, axis=1, direction="DESCENDING", stable=True)[:, :k]
    log_p = neural_sort(s, temperature)[:, :k]
    return -tf.reduce_mean(tf.gather(log_p, order, batch_dims=2), axis=1)
