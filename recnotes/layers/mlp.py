"""A feed-forward network with dropout after each hidden layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.dense import glorot_dense
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class MLP(keras.layers.Layer):
    r"""Hidden layers, each followed by dropout, and an optional linear output layer.

    $$
    a^{(l+1)} = \text{dropout}\Big(\sigma\big(W^{(l)} a^{(l)} + b^{(l)}\big)\Big), \qquad
    y = W^{(H)} a^{(H)} + b^{(H)}
    $$

    with $a^{(0)}$ of shape $[B, I]$, $W^{(l)}$ of shape $[U_{l+1}, U_l]$, $b^{(l)}$ of shape $[U_{l+1}]$ and,
    when ``output_units`` is $O$, $y$ of shape $[B, O]$; Keras stores each $W$ transposed. Kernels start
    Glorot-uniform, biases at zero.

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
        >>> mlp = MLP([8, 4], output_units=1, seed=0)
        >>> mlp(tf.ones([3, 5])).shape.as_list(), mlp.count_params()
        ([3, 1], 89)

    References:
        Guo et al., *DeepFM*, IJCAI 2017, https://arxiv.org/abs/1703.04247, equation 4. In the paper "dropout"
        is the probability that a unit is kept; here, as in Keras, it is the share that is dropped.
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
        super().__init__(**kwargs)
        if any(units < 1 for units in hidden_units):
            raise ValueError(f"hidden_units must be positive integers, received {hidden_units!r}")
        if output_units is not None and output_units < 1:
            raise ValueError(f"output_units must be positive or None, received {output_units!r}")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), received {dropout!r}")
        self.hidden_units = [int(units) for units in hidden_units]
        self.output_units = output_units
        self.activation = activation
        self.dropout, self.seed = float(dropout), seed
        seeds, policy = child_seeds(seed, 2 * len(self.hidden_units) + 1), self.dtype_policy
        pairs = zip(self.hidden_units, seeds[::2], strict=False)
        self.hidden_layers = [glorot_dense(u, s, activation=activation, dtype=policy) for u, s in pairs]
        self.dropout_layers = [keras.layers.Dropout(dropout, seed=s, dtype=policy) for s in seeds[1::2]]
        self.output_layer = (
            None if output_units is None else glorot_dense(output_units, seeds[-1], dtype=policy)
        )

    def build(self, input_shape: Any) -> None:
        """Creates the kernels and biases.

        Args:
            input_shape: ``[B, I]``.
        """
        shape = tuple(input_shape)
        layers = self.hidden_layers if self.output_layer is None else [*self.hidden_layers, self.output_layer]
        for layer in layers:
            layer.build(shape)
            shape = (*shape[:-1], layer.units)
        self.built = True

    def call(self, a: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Runs the layers.

        Args:
            a: input ``[B, I]``.
            training: whether dropout is on (default: False).

        Returns:
            ``[B, O]``, or the last hidden layer.
        """
        # --8<-- [start:call]
        for dense, drop in zip(self.hidden_layers, self.dropout_layers, strict=True):
            a = drop(dense(a), training=training)
        return a if self.output_layer is None else self.output_layer(a)
        # --8<-- [end:call]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the last layer.

        Args:
            input_shape: ``[B, I]``.

        Returns:
            Shape of the output.
        """
        widths = [input_shape[-1], *self.hidden_units]
        return (*input_shape[:-1], self.output_units or widths[-1])

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {
            **super().get_config(),
            "hidden_units": self.hidden_units,
            "output_units": self.output_units,
            "activation": self.activation,
            "dropout": self.dropout,
            "seed": self.seed,
        }
