"""Two other forms of Dice: the code released for DIN, and one without moving averages."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.activations.dice import Dice, standardize


@keras.saving.register_keras_serializable("recnotes")
class BatchDice(Dice):
    r"""Dice with the statistics of the current batch even at inference.

    $$
    f(s) = p(s)\,s + (1 - p(s))\,\alpha s, \qquad
    p(s) = \sigma\Big(\frac{s - E[s]}{\sqrt{Var[s] + \epsilon}}\Big)
    $$

    with $s$ of shape $[\dots, U]$, $\alpha$, $E[s]$ and $Var[s]$ of shape $[U]$. Predictions depend on the
    rest of the batch.

    Args:
        epsilon: added to the variance (default: 1e-08).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``[..., U]``: a tensor of the input's shape.

    Raises:
        ValueError: ``epsilon`` is not positive.

    Example:
        >>> y = BatchDice()(tf.constant([[0.0], [2.0]]))
        >>> print(y.numpy()[:, 0].round(4))  # 2 · σ(1)
        [0.     1.4621]

    References:
        Zhou et al., *Deep Interest Network for Click-Through Rate Prediction*, KDD 2018,
        https://arxiv.org/abs/1706.06978.
    """

    def __init__(self, epsilon: float = 1e-8, **kwargs: Any) -> None:
        super().__init__(epsilon=epsilon, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Creates the slope.

        Args:
            input_shape: ``[..., U]``.
        """
        self.alpha = self.add_weight((input_shape[-1],), "zeros", name="alpha")
        self.built = True

    def call(self, s: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Bends the input.

        Args:
            s: input ``[..., U]``.
            training: not used (default: False).

        Returns:
            Tensor of the shape of ``s``.
        """
        wide = s if s.dtype == tf.float64 else tf.cast(s, tf.float32)
        z, *_ = standardize(tf.reshape(wide, [-1, s.shape[-1]]), self.epsilon)
        alpha, p = tf.cast(self.alpha, wide.dtype), tf.reshape(tf.sigmoid(z), tf.shape(s))
        return tf.cast((alpha + (1 - alpha) * p) * wide, s.dtype)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer."""
        config = super().get_config()
        del config["momentum"]
        return config


@keras.saving.register_keras_serializable("recnotes")
class AuthorsDice(keras.layers.Layer):
    r"""Dice as the code released for DIN computes it: a batch normalization that never learns its statistics.

    $$
    f(s) = p(s)\,s + (1 - p(s))\,\alpha s, \qquad
    p(s) = \sigma\Big(\frac{\beta s}{\sqrt{1.001}}\Big)
    $$

    with $s$ of shape $[\dots, U]$ and $\alpha$ and $\beta$ of shape $[U]$, both learned and zero at the
    start.

    Returns:
        Called on ``[..., U]``: a tensor of the input's shape.

    Example:
        >>> print(AuthorsDice()(tf.constant([[-3.0, 4.0]])).numpy())  # half the input
        [[-1.5  2. ]]

    References:
        Zhou et al., *Deep Interest Network for Click-Through Rate Prediction*, KDD 2018,
        https://arxiv.org/abs/1706.06978; code https://github.com/zhougr1993/DeepInterestNetwork,
        ``din/Dice.py``, which calls TensorFlow's batch normalization without its training flag, so that
        mean 0, variance 1 and its ε of 0.001 never change.
    """

    def build(self, input_shape: Any) -> None:
        """Creates slope and factor.

        Args:
            input_shape: ``[..., U]``.
        """
        self.alpha = self.add_weight((input_shape[-1],), "zeros", name="alpha")
        self.beta = self.add_weight((input_shape[-1],), "zeros", name="beta")
        self.built = True

    def call(self, s: tf.Tensor) -> tf.Tensor:
        """Bends the input.

        Args:
            s: input ``[..., U]``.

        Returns:
            Tensor of the shape of ``s``.
        """
        p = tf.sigmoid(self.beta * s / 1.001**0.5)
        return (self.alpha + (1 - self.alpha) * p) * s
