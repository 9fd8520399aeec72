"""Bayesian personalized ranking: a positive should score above a negative."""

from __future__ import annotations

import tensorflow as tf

from recnotes.losses._shapes import alike


def bpr_loss(positive_scores: tf.Tensor, negative_scores: tf.Tensor) -> tf.Tensor:
    r"""Logistic loss of the difference of two scores.

    $$
    \ell = -\log \sigma(s^+ - s^-) = \log\big(1 + e^{-(s^+ - s^-)}\big)
    $$

    with $s^+$, $s^-$ and $\ell$ of one shape. Its mean over the pairs of a user is a smooth
    stand-in for 1 − AUC, where each wrong pair counts 1. The paper's regularization belongs to the weights
    and is not in here.

    Args:
        positive_scores: scores of the items that were chosen.
        negative_scores: scores of the items that were not, the same shape.

    Returns:
        Losses of that shape.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> print(bpr_loss(tf.constant([0.0, -90.0]), tf.zeros(2)).numpy().round(4))
        [ 0.6931 90.    ]

    References:
        Rendle et al., *BPR: Bayesian Personalized Ranking from Implicit Feedback*, UAI 2009,
        https://arxiv.org/abs/1205.2618.
    """
    s, n = alike("positive_scores", positive_scores, "negative_scores", negative_scores, None)
    return tf.math.softplus(n - s)
