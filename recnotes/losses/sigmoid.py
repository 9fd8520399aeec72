"""Binary cross-entropy of logits, without a probability in between."""

from __future__ import annotations

import tensorflow as tf

from recnotes.losses._shapes import alike, not_nan


def sigmoid_cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    r"""Binary cross-entropy of each logit, in a form that neither overflows nor rounds to zero.

    $$
    \ell = -y \log \sigma(z) - (1 - y) \log(1 - \sigma(z))
        = \max(z, 0) - y z + \log\big(1 + e^{-|z|}\big), \qquad
    \frac{\partial \ell}{\partial z} = \sigma(z) - y
    $$

    with labels $y$, logits $z$ and losses $\ell$ of one shape, for example $[B]$.

    Args:
        labels: 0, 1 or a probability between.
        logits: logits, the shape of ``labels``.

    Returns:
        Losses of that shape, float32 or float64, not averaged.

    Raises:
        ValueError: the shapes differ, or, eagerly, a label is NaN.
        tf.errors.InvalidArgumentError: in a graph a label is NaN; under XLA the loss is NaN.

    Example:
        >>> sigmoid_cross_entropy(tf.constant([0.0, 1.0]), tf.constant([1000.0, 1000.0])).numpy().tolist()
        [1000.0, 0.0]

    References:
        TensorFlow's documentation of the same formula,
        https://www.tensorflow.org/api_docs/python/tf/nn/sigmoid_cross_entropy_with_logits. The form with
        probabilities has to clip them, which stops the gradient of a confident error.
    """
    y, z = alike("labels", labels, "logits", logits, None)
    y = not_nan("labels", y)
    # softplus(z) is max(z, 0) + log(1 + exp(-|z|)); its gradient at 0 is 1/2, that of max and |z| is not.
    return tf.math.softplus(z) - y * z
