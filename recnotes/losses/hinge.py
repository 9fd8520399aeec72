"""Hinge loss of a pair: a margin between positive and negative, and nothing beyond it."""

from __future__ import annotations

import tensorflow as tf

from recnotes.losses._shapes import alike, positive


def pairwise_hinge_loss(
    positive_scores: tf.Tensor, negative_scores: tf.Tensor, margin: float = 1.0
) -> tf.Tensor:
    r"""What the positive lacks to lead by the margin.

    $$
    \ell = \max\big(0,\; m - (s^+ - s^-)\big)
    $$

    with $s^+$, $s^-$ and $\ell$ of one shape. A pair that keeps the margin gets no gradient.

    Args:
        positive_scores: scores of the items that were chosen.
        negative_scores: scores of the items that were not, the same shape.
        margin: $m$ (default: 1.0).

    Returns:
        Losses of that shape.

    Raises:
        ValueError: the shapes differ, or ``margin`` is not positive.

    Example:
        >>> pairwise_hinge_loss(tf.constant([0.5, 3.0]), tf.zeros(2)).numpy().tolist()
        [0.5, 0.0]

    References:
        Joachims, *Optimizing Search Engines using Clickthrough Data*, KDD 2002,
        https://doi.org/10.1145/775047.775067.
    """
    positive("margin", margin)
    s, n = alike("positive_scores", positive_scores, "negative_scores", negative_scores, None)
    return tf.nn.relu(margin - (s - n))
