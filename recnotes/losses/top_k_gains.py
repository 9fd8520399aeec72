"""Losses of session-based recommendation: one item that came next against several that did not."""

from __future__ import annotations

import tensorflow as tf

from recnotes.layers.attention import masked_softmax
from recnotes.losses._shapes import wide


def _border(
    positive: tf.Tensor, negatives: tf.Tensor, mask: tf.Tensor | None
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    n = wide(negatives)
    r = tf.cast(positive, n.dtype)[..., None]
    mask = tf.ones_like(n, tf.bool) if mask is None else tf.convert_to_tensor(mask)
    shapes = (r.shape[:-1], n.shape, mask.shape)
    if not all(a.shape.is_compatible_with(b.shape) for a, b in ((n[..., :1], r), (n, mask))):
        raise ValueError(f"positive, negatives, mask must be [...], [..., K], [..., K], received {shapes}")
    return r, n, mask


def _mean(x: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    w = tf.cast(mask, x.dtype)
    return tf.reduce_sum(w * x, axis=-1) / tf.maximum(tf.reduce_sum(w, axis=-1), 1)


# --8<-- [start:bpr]
def bpr_mean_loss(positive: tf.Tensor, negatives: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
    r"""BPR against several negatives, averaged over them.

    $$
    \ell = -\frac{1}{K}\sum_{j=1}^{K} \log \sigma(r_i - r_j)
    $$

    with the score $r_i$ of the item that came next and the scores $r_j$ of $K$ others; $\ell$ has the shape
    $[\dots]$ of the positive.

    Args:
        positive: float tensor ``[...]``.
        negatives: float tensor ``[..., K]``.
        mask: bool tensor ``[..., K]``, false where there is no negative, None for none missing
            (default: None).

    Returns:
        Losses ``[...]``; 0 where there is no negative.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> round(float(bpr_mean_loss(tf.zeros([1]), tf.zeros([1, 3]))[0]), 4)  # log 2
        0.6931

    References:
        Hidasi et al., *Session-based Recommendations with Recurrent Neural Networks*, ICLR 2016,
        https://arxiv.org/abs/1511.06939. The authors' code (hidasib/GRU4Rec, ``gru4rec.py``) takes all $M$
        columns of the batch, the item's own with $\log 2$ among them: until 2020 their mean,
        $((M-1)\,\ell + \log 2)/M$, since commit 1088282 their sum.
    """
    r, n, mask = _border(positive, negatives, mask)
    return _mean(tf.math.softplus(n - r), mask)


# --8<-- [end:bpr]


# --8<-- [start:top1]
def top1_loss(positive: tf.Tensor, negatives: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
    r"""TOP1: how many negatives stand above the positive, and how far each is from zero.

    $$
    \ell = \frac{1}{K}\sum_{j=1}^{K} \big[\sigma(r_j - r_i) + \sigma(r_j^2)\big]
    $$

    with $r_i$ and $\ell$ of shape $[\dots]$ and the scores $r_j$ of $K$ negatives. The first term is a smooth
    relative rank; the second, at least one half, pulls the negatives' scores to zero.

    Args:
        positive: float tensor ``[...]``.
        negatives: float tensor ``[..., K]``.
        mask: bool tensor ``[..., K]``, false where there is no negative, None for none missing
            (default: None).

    Returns:
        Losses ``[...]``; 0 where there is no negative.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> top1_loss(tf.zeros([1]), tf.zeros([1, 3])).numpy().tolist()
        [1.0]

    References:
        Hidasi et al., *Session-based Recommendations with Recurrent Neural Networks*, ICLR 2016,
        https://arxiv.org/abs/1511.06939. The authors' code (hidasib/GRU4Rec, ``gru4rec.py``) averages over
        all $M$ columns of the batch and takes the second term of the item's own column off again:
        $((M-1)\,\ell + \frac12)/M$.
    """
    r, n, mask = _border(positive, negatives, mask)
    return _mean(tf.sigmoid(n - r) + tf.sigmoid(n * n), mask)


# --8<-- [end:top1]


# --8<-- [start:max]
def top1_max_loss(positive: tf.Tensor, negatives: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
    r"""TOP1 in which the negatives with the highest scores count most.

    $$
    \ell = \sum_{j=1}^{K} s_j \big[\sigma(r_j - r_i) + \sigma(r_j^2)\big], \qquad
    s_j = \frac{e^{r_j}}{\sum_{k} e^{r_k}}
    $$

    with $r_i$ and $\ell$ of shape $[\dots]$ and the scores $r_j$ of $K$ negatives. Negatives far below add
    nothing to the gradient and, unlike in the mean, take nothing away from the others'.

    Args:
        positive: float tensor ``[...]``.
        negatives: float tensor ``[..., K]``.
        mask: bool tensor ``[..., K]``, false where there is no negative, None for none missing
            (default: None).

    Returns:
        Losses ``[...]``; 0 where there is no negative.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> round(float(top1_max_loss(tf.zeros([1]), tf.zeros([1, 3]))[0]), 4)
        1.0

    References:
        Hidasi and Karatzoglou, *Recurrent Neural Networks with Top-k Gains for Session-based
        Recommendations*, CIKM 2018, https://arxiv.org/abs/1706.03847.
    """
    r, n, mask = _border(positive, negatives, mask)
    return tf.reduce_sum(masked_softmax(n, mask) * (tf.sigmoid(n - r) + tf.sigmoid(n * n)), axis=-1)


def bpr_max_loss(
    positive: tf.Tensor, negatives: tf.Tensor, mask: tf.Tensor | None = None, regularization: float = 1.0
) -> tf.Tensor:
    r"""BPR against the likely highest of the negatives, with their scores held near zero.

    $$
    \ell = -\log \sum_{j=1}^{K} s_j\, \sigma(r_i - r_j) + \lambda \sum_{j=1}^{K} s_j\, r_j^2, \qquad
    s_j = \frac{e^{r_j}}{\sum_{k} e^{r_k}}
    $$

    with $r_i$ and $\ell$ of shape $[\dots]$ and the scores $r_j$ of $K$ negatives.

    Args:
        positive: float tensor ``[...]``.
        negatives: float tensor ``[..., K]``.
        mask: bool tensor ``[..., K]``, false where there is no negative, None for none missing
            (default: None).
        regularization: $\lambda$ (default: 1.0).

    Returns:
        Losses ``[...]``; 0 where there is no negative.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> round(float(bpr_max_loss(tf.zeros([1]), tf.zeros([1, 3]))[0]), 4)  # log 2
        0.6931

    References:
        Hidasi and Karatzoglou, *Recurrent Neural Networks with Top-k Gains for Session-based
        Recommendations*, CIKM 2018, https://arxiv.org/abs/1706.03847. The authors' code (hidasib/GRU4Rec,
        ``gru4rec.py``) adds 1e-24 inside the logarithm; here it is a difference of two log-sum-exps.
    """
    r, n, mask = _border(positive, negatives, mask)
    masked = tf.where(mask, n, tf.fill(tf.shape(n), n.dtype.min))
    won = tf.where(mask, n - tf.math.softplus(n - r), masked)  # log of e^r_j σ(r_i - r_j)
    rank = tf.reduce_logsumexp(masked, axis=-1) - tf.reduce_logsumexp(won, axis=-1)
    return rank + regularization * tf.reduce_sum(masked_softmax(n, mask) * n * n, axis=-1)


# --8<-- [end:max]


def candidate_cross_entropy(
    positive: tf.Tensor, negatives: tf.Tensor, mask: tf.Tensor | None = None
) -> tf.Tensor:
    r"""Cross-entropy of the positive under a softmax over it and the negatives.

    $$
    \ell = -\log \frac{e^{r_i}}{e^{r_i} + \sum_{j=1}^{K} e^{r_j}}
    $$

    with $r_i$ and $\ell$ of shape $[\dots]$ and the scores $r_j$ of $K$ negatives.

    Args:
        positive: float tensor ``[...]``.
        negatives: float tensor ``[..., K]``.
        mask: bool tensor ``[..., K]``, false where there is no negative, None for none missing
            (default: None).

    Returns:
        Losses ``[...]``; 0 where there is no negative.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> round(float(candidate_cross_entropy(tf.zeros([1]), tf.zeros([1, 3]))[0]), 4)  # log 4
        1.3863

    References:
        Hidasi and Karatzoglou, *Recurrent Neural Networks with Top-k Gains for Session-based
        Recommendations*, CIKM 2018, https://arxiv.org/abs/1706.03847, which makes this loss stable as here or
        with 1e-24 inside the logarithm, and found no difference.
    """
    r, n, mask = _border(positive, negatives, mask)
    below = tf.where(mask, n - r, tf.fill(tf.shape(n), n.dtype.min))
    return tf.reduce_logsumexp(tf.concat([tf.zeros_like(r), below], axis=-1), axis=-1)
