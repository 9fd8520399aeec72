"""A feed-forward network with batch normalization before each activation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.mlp import MLP


@keras.saving.register_keras_serializable("recnotes")
class NormalizedMLP(MLP):
    r"""The network of `MLP` whose hidden layers are normalized over the batch before they are activated.

    $$
    a^{(l+1)} = \text{dropout}\Big(\sigma\big(\gamma^{(l)} \odot
        \frac{z^{(l)} - \mu^{(l)}}{\sqrt{v^{(l)} + \epsilon}} + \beta^{(l)}\big)\Big), \qquad
    z^{(l)} = W^{(l)} a^{(l)} + b^{(l)}
    $$

    with $z^{(l)}$ of shape $[B, U]$, the scale $\gamma$ and shift $\beta$ of shape $[U]$, and $\mu$ and $v$
    of shape $[U]$ the mean and variance of $z$ over the batch, in training, or their moving averages.

    Args:
        hidden_units: widths of the hidden layers, may be empty.
        output_units: width of the linear output layer, ``None`` returns the last hidden layer
            (default: None).
        activation: activation of the hidden layers (default: "relu").
        dropout: share of each hidden layer's units set to zero in training (default: 0.0).
        seed: seed, from which each layer gets its own (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``[B, I]``: ``[B, O]``, or the last hidden layer when ``output_units`` is ``None``.

    Raises:
        ValueError: a width is not positive, or ``dropout`` is not in [0, 1).

    Example:
        >>> mlp = NormalizedMLP([8, 4], output_units=1, seed=0)
        >>> mlp(tf.ones([3, 5])).shape.as_list(), mlp.count_params()  # 89 + 4 · (8 + 4)
        ([3, 1], 137)

    References:
        Ioffe and Szegedy, *Batch Normalization: Accelerating Deep Network Training by Reducing Internal
        Covariate Shift*, ICML 2015, https://arxiv.org/abs/1502.03167. It leaves $b$ out, which the mean
        takes away again; here it stays, as in `MLP`.
    """

    def __init__(
        self,
        hidden_units: Sequence[int],
        output_units: int | None = None,
        activation: str = "relu",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(hidden_units, output_units, "linear", dropout, seed, **kwargs)
        self.activation = activation
        self.act = keras.activations.get(activation)
        self.norms = [keras.layers.BatchNormalization(dtype=self.dtype_policy) for _ in self.hidden_units]

    def build(self, input_shape: Any) -> None:
        """Creates the weights.

        Args:
            input_shape: ``[B, I]``.
        """
        super().build(input_shape)
        for norm, units in zip(self.norms, self.hidden_units, strict=True):
            norm.build((None, units))

    def call(self, a: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Runs the layers.

        Args:
            a: input ``[B, I]``.
            training: whether dropout and the batch's statistics are on (default: False).

        Returns:
            ``[B, O]``, or the last hidden layer.
        """
        # --8<-- [start:call]
        for dense, norm, drop in zip(self.hidden_layers, self.norms, self.dropout_layers, strict=True):
            a = drop(self.act(norm(dense(a), training=training)), training=training)
        return a if self.output_layer is None else self.output_layer(a)
        # --8<-- [end:call]
