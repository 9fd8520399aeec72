"""A feed-forward network whose hidden layers end in Dice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.activations.dice import Dice
from recnotes.layers.mlp import MLP


@keras.saving.register_keras_serializable("recnotes")
class DiceMLP(MLP):
    r"""`MLP` whose hidden layers end in a `Dice` of their own each.

    $$
    a^{(l+1)} = \text{dropout}\Big(\text{Dice}_l\big(W^{(l)} a^{(l)} + b^{(l)}\big)\Big), \qquad
    y = W^{(H)} a^{(H)} + b^{(H)}
    $$

    with $a^{(0)}$ of shape $[\dots, I]$, and $y$ of shape $[\dots, O]$. In training Dice reads the mean and
    the variance of all rows it is given, so that padding must be taken out before. With the name of another
    activation it is `MLP`.

    Args:
        hidden_units: widths of the hidden layers, may be empty.
        output_units: width of the linear output layer, ``None`` returns the last hidden layer
            (default: None).
        activation: activation of the hidden layers, "dice" or a name Keras knows (default: "dice").
        dropout: share of each hidden layer's units set to zero in training (default: 0.0).
        seed: seed, from which each layer gets its own (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``[..., I]``: ``[..., O]``, or the last hidden layer.

    Raises:
        ValueError: a width is not positive, or ``dropout`` is not in [0, 1).

    Example:
        >>> mlp = DiceMLP([8], output_units=1, seed=0)
        >>> mlp(tf.ones([3, 5])).shape.as_list(), mlp.count_params()  # 6 · 8 + 3 · 8 + 9
        ([3, 1], 81)

    References:
        Zhou et al., *Deep Interest Network for Click-Through Rate Prediction*, KDD 2018,
        https://arxiv.org/abs/1706.06978.
    """

    def __init__(
        self,
        hidden_units: Sequence[int],
        output_units: int | None = None,
        activation: str = "dice",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        name = "linear" if activation == "dice" else activation
        super().__init__(hidden_units, output_units, name, dropout, seed, **kwargs)
        self.activation, self.has_dice = activation, activation == "dice"
        self.dices = [Dice(dtype=self.dtype_policy) for _ in self.hidden_units if activation == "dice"]

    def build(self, input_shape: Any) -> None:
        """Creates kernels, biases, slopes and averages.

        Args:
            input_shape: ``[..., I]``.
        """
        super().build(input_shape)
        for dice, units in zip(self.dices, self.hidden_units, strict=False):
            dice.build((None, units))

    def call(self, a: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Runs the layers.

        Args:
            a: input ``[..., I]``.
            training: whether dropout is on and Dice reads the batch (default: False).

        Returns:
            ``[..., O]``, or the last hidden layer.
        """
        if not self.has_dice:
            return super().call(a, training)
        for dense, dice, drop in zip(self.hidden_layers, self.dices, self.dropout_layers, strict=True):
            a = drop(dice(dense(a), training=training), training=training)
        return a if self.output_layer is None else self.output_layer(a)
