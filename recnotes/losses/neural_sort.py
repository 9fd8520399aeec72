"""NeuralSort: a permutation matrix that has a gradient, and the loss of its first rows."""

from __future__ import annotations

import tensorflow as tf

from recnotes.losses._shapes import alike, not_nan, positive, wide


def neural_sort(scores: tf.Tensor, temperature: float = 1.0, mask: tf.Tensor | None = None) -> tf.Tensor:
    r"""Relaxes the matrix that sorts the scores in descending order.

    $$
    \log \hat P_{bi} = \log \mathrm{softmax}\Big(\frac{(N + 1 - 2i)\, s_b - A_b \mathbf{1}}{\tau}\Big),
    \qquad A_{bjk} = |s_{bj} - s_{bk}|
    $$

    with scores $s$ of shape $[B, N]$, $A$ and $\hat P$ of shape $[B, N, N]$ and $i = 1, \dots, N$ the place.
    Each row is a distribution over the items. Without ties the largest entry of row $i$ is the item in place
    $i$, at every temperature, and for $\tau \to 0$ the matrix is the permutation. With a mask, $N$ is the
    number of items that it keeps and the others have probability 0.

    Args:
        scores: ``[B, N]``.
        temperature: $\tau$ (default: 1.0).
        mask: bool ``[B, N]``, true for the items to sort, None for all (default: None).

    Returns:
        $\log \hat P$ ``[B, N, N]``: place, then item. With a mask, places beyond the last item of a row mean
        nothing.

    Raises:
        ValueError: ``scores`` is not ``[B, N]``, the mask's shape differs, or ``temperature`` is not
            positive.

    Example:
        >>> print(tf.exp(neural_sort(tf.constant([[1.0, 3.0, 2.0]]), 0.1)).numpy().round(2)[0])
        [[0. 1. 0.]
         [0. 0. 1.]
         [1. 0. 0.]]

    References:
        Grover et al., *Stochastic Optimization of Sorting Networks via Continuous Relaxations*, ICLR 2019,
        https://arxiv.org/abs/1903.08850, equation 5. The authors' code,
        https://github.com/ermongroup/neuralsort, ``tf/util.py``, returns the probabilities, and
        ``tf/run_sort.py`` takes the logarithm after adding 1e-20.
    """
    positive("temperature", temperature)
    s = wide(scores)
    if s.shape.rank != 2:
        raise ValueError(f"scores must be [B, N], received {tuple(s.shape)}")
    keep = tf.ones_like(s) if mask is None else alike("mask", mask, "scores", s, 2)[0]  # [B, N]
    s = tf.where(keep > 0, s, 0)  # [B, N]
    n = tf.reduce_sum(keep, axis=1)  # [B]
    a = tf.reduce_sum(keep[:, None, :] * tf.abs(s[:, :, None] - s[:, None, :]), axis=2)  # [B, N]
    place = n[:, None] + 1 - 2 * tf.range(1, tf.shape(s)[1] + 1, dtype=s.dtype)  # [B, N]
    z = (place[:, :, None] * s[:, None, :] - a[:, None, :]) / temperature  # [B, N, N]
    return tf.nn.log_softmax(tf.where(keep[:, None, :] > 0, z, tf.constant(s.dtype.min / 2, s.dtype)), axis=2)


def stochastic_neural_sort(
    scores: tf.Tensor, num_samples: int, temperature: float = 1.0, seed: int | None = None
) -> tf.Tensor:
    r"""Relaxes orders drawn from the Plackett–Luce distribution of the scores.

    $$
    \log \hat P^{(q)}_b = \text{NeuralSort}_\tau\big(s_b + g^{(q)}_b\big), \qquad
    g^{(q)}_{bi} = -\log(-\log u^{(q)}_{bi})
    $$

    with scores $s$ of shape $[B, N]$, uniform $u$ of shape $[Q, B, N]$ and $\hat P$ of shape
    $[Q, B, N, N]$. Sorting $s + g$ draws item $i$ first with probability $e^{s_i} / \sum_j e^{s_j}$, then
    the others likewise; the noise does not depend on the scores, so the gradient passes through.

    Args:
        scores: logarithms of the distribution's weights ``[B, N]``.
        num_samples: number ``Q`` of orders drawn for a row.
        temperature: $\tau$ (default: 1.0).
        seed: seed of the operation (default: None).

    Returns:
        $\log \hat P$ ``[Q, B, N, N]``: draw, row, place, item.

    Raises:
        ValueError: ``scores`` is not ``[B, N]``, ``num_samples`` or ``temperature`` is not positive.

    Example:
        >>> draws = stochastic_neural_sort(tf.constant([[0.0, 50.0]]), 3, 0.1, seed=0)
        >>> print(tf.exp(draws).numpy().round(2)[:, 0, 0])  # 50 is first in every draw
        [[0. 1.]
         [0. 1.]
         [0. 1.]]

    References:
        Grover et al., *Stochastic Optimization of Sorting Networks via Continuous Relaxations*, ICLR 2019,
        https://arxiv.org/abs/1903.08850. The authors' code, https://github.com/ermongroup/neuralsort,
        ``tf/util.py``, adds 1e-20 within both logarithms of the noise; in float32 that still lets $u = 0$
        give a noise of about -3.8, here $u$ starts at the least positive normal number.
    """
    positive("num_samples", num_samples)
    s = wide(scores)
    if s.shape.rank != 2:
        raise ValueError(f"scores must be [B, N], received {tuple(s.shape)}")
    shape = tf.concat([[num_samples], tf.shape(s)], axis=0)
    u = tf.random.uniform(shape, dtype=s.dtype, seed=seed)  # [Q, B, N]
    noise = -tf.math.log(-tf.math.log(tf.maximum(u, s.dtype.as_numpy_dtype(2**-126))))  # [Q, B, N]
    flat = tf.reshape(s + noise, [-1, tf.shape(s)[1]])
    return tf.reshape(neural_sort(flat, temperature), tf.concat([shape, shape[-1:]], axis=0))


def neural_sort_top_k_loss(
    labels: tf.Tensor, scores: tf.Tensor, k: int, temperature: float = 1.0, mask: tf.Tensor | None = None
) -> tf.Tensor:
    r"""Cross-entropy of the first ``k`` places between the labels' order and the relaxed order of the scores.

    $$
    \ell_b = -\frac1K \sum_{i=1}^{K} \log \hat P_{b,i,\pi_b(i)}
    $$

    with $\pi_b(i)$ the item that the labels put in place $i$ and $\hat P$ of `neural_sort` of shape
    $[B, N, N]$. Equal labels keep the order in which they stand. With $K = N$ it is the paper's loss of a
    whole sort. With a mask, of the items that were exposed for instance, only they are sorted, and a row
    with fewer than $K$ of them has as many places.

    Args:
        labels: relevance or reward ``[B, N]``.
        scores: scores ``[B, N]``.
        k: number ``K`` of places, 1 to ``N``.
        temperature: $\tau$ (default: 1.0).
        mask: bool ``[B, N]``, true for the items to sort, None for all (default: None).

    Returns:
        Losses ``[B]``; 0 for a row without items.

    Raises:
        ValueError: the shapes differ or are not ``[B, N]``, ``k`` is out of range, ``temperature`` is not
            positive, or, eagerly, a label that the mask keeps is NaN.
        tf.errors.InvalidArgumentError: in a graph such a label is NaN; under XLA the loss is NaN.

    Example:
        >>> y = tf.constant([[3.0, 2.0, 1.0]])
        >>> print(neural_sort_top_k_loss(y, tf.zeros([1, 3]), 2).numpy().round(4))  # log 3
        [1.0986]

    References:
        Grover et al., *Stochastic Optimization of Sorting Networks via Continuous Relaxations*, ICLR 2019,
        https://arxiv.org/abs/1903.08850, section 6.1: the cross-entropy of all rows; keeping the first
        ``k`` and the mask are this package's. For the stochastic form repeat the labels for each draw of
        `stochastic_neural_sort`, as the authors' ``tf/run_sort.py`` does.
    """
    y, s = alike("labels", labels, "scores", scores, 2)
    if k < 1 or (s.shape[1] is not None and k > s.shape[1]):
        raise ValueError(f"k must be in [1, {s.shape[1]}], received {k!r}")
    keep = tf.ones_like(s) if mask is None else alike("mask", mask, "scores", s, 2)[0]  # [B, N]
    y = not_nan("labels", tf.where(keep > 0, y, tf.constant(y.dtype.min, y.dtype)))  # [B, N]
    # Kept items first, whatever their labels, then by falling label.
    order = tf.argsort(tf.where(keep > 0, y, -float("inf")), axis=1, direction="DESCENDING", stable=True)
    nll = -tf.gather(neural_sort(s, temperature, keep)[:, :k], order[:, :k], batch_dims=2)  # [B, K]
    places = tf.minimum(tf.cast(k, s.dtype), tf.reduce_sum(keep, axis=1))  # [B]
    counted = tf.range(k, dtype=s.dtype) < places[:, None]  # [B, K]
    loss = tf.reduce_sum(tf.where(counted, nll, 0), axis=1) / tf.maximum(places, 1)  # [B]
    # A sort hides NaN; where no assertion runs, the loss must show it.
    unknown = tf.reduce_any(tf.math.is_nan(y), axis=1)  # [B]
    return tf.where(unknown, tf.constant(float("nan"), s.dtype), loss)
