"""Contrastive losses: InfoNCE from one view to the other, NT-Xent among both."""

from __future__ import annotations

import tensorflow as tf

from recnotes.losses._shapes import alike, positive


def info_nce_loss(anchors: tf.Tensor, positives: tf.Tensor, temperature: float = 0.1) -> tf.Tensor:
    r"""Names each anchor's positive among the positives of the batch, by cosine.

    $$
    \ell_b = -\log \frac{e^{\cos(a_b, p_b) / \tau}}{\sum_{c} e^{\cos(a_b, p_c) / \tau}}
    $$

    with anchors $a$ and positives $p$ of shape $[B, D]$ and $\ell$ of shape $[B]$. $\log B$ less its mean is
    a lower bound of the mutual information in expectation.

    Args:
        anchors: ``[B, D]``.
        positives: ``[B, D]``.
        temperature: $\tau$ (default: 0.1).

    Returns:
        Losses ``[B]``.

    Raises:
        ValueError: the shapes differ or are not ``[B, D]``, or ``temperature`` is not positive.

    Example:
        >>> same = tf.ones([2, 3])
        >>> print(info_nce_loss(same, same).numpy().round(4))  # log 2
        [0.6931 0.6931]

    References:
        van den Oord, Li and Vinyals, *Representation Learning with Contrastive Predictive Coding*, 2018,
        https://arxiv.org/abs/1807.03748, equation 4, there with a bilinear score.
    """
    a, p = alike("anchors", anchors, "positives", positives, 2)
    positive("temperature", temperature)
    z = tf.matmul(_unit(a), _unit(p), transpose_b=True) / temperature
    return tf.reduce_logsumexp(z, axis=1) - tf.linalg.diag_part(z)


def nt_xent_loss(first: tf.Tensor, second: tf.Tensor, temperature: float = 0.5) -> tf.Tensor:
    r"""Names each view's other view among all the views of the batch, itself left out.

    $$
    \ell_i = -\log \frac{e^{\cos(z_i, z_{j(i)}) / \tau}}{\sum_{k \ne i} e^{\cos(z_i, z_k) / \tau}}
    $$

    with the views $z$ of shape $[2B, D]$, the first ones above the second, $j(i) = i \pm B$, and $\ell$ of
    shape $[2B]$.

    Args:
        first: ``[B, D]``.
        second: ``[B, D]``, row ``b`` is the other view of the first's row ``b``.
        temperature: $\tau$ (default: 0.5).

    Returns:
        Losses ``[2B]``.

    Raises:
        ValueError: the shapes differ or are not ``[B, D]``, or ``temperature`` is not positive.

    Example:
        >>> same = tf.ones([2, 3])
        >>> print(nt_xent_loss(same, same).numpy().round(4))  # log 3
        [1.0986 1.0986 1.0986 1.0986]

    References:
        Chen et al., *A Simple Framework for Contrastive Learning of Visual Representations*, ICML 2020,
        https://arxiv.org/abs/2002.05709, equation 1.
    """
    a, b = alike("first", first, "second", second, 2)
    positive("temperature", temperature)
    views = _unit(tf.concat([a, b], axis=0))
    z = tf.matmul(views, views, transpose_b=True) / temperature
    z = tf.linalg.set_diag(z, tf.fill([tf.shape(z)[0]], tf.constant(z.dtype.min, z.dtype)))
    own = tf.tile(tf.reduce_sum(_unit(a) * _unit(b), axis=1) / temperature, [2])
    return tf.reduce_logsumexp(z, axis=1) - own


def _unit(x: tf.Tensor) -> tf.Tensor:
    return tf.math.l2_normalize(x, axis=1)
