"""The residual unit of Deep Crossing: two layers whose result is added to their input."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class ResidualUnit(keras.layers.Layer):
    r"""Two fully connected layers, around which the input passes unchanged.

    $$
    y_b = \max\big(0,\; W_1 \max(0,\; W_0 x_b + b_0) + b_1 + x_b\big)
    $$

    with $x$ and $y$ of shape $[B, I]$, $W_0$ of shape $[U, I]$, $b_0$ of shape $[U]$, $W_1$ of shape $[I, U]$
    and $b_1$ of shape $[I]$. With zero weights it is the identity on inputs that are not negative. Kernels
    start Glorot-uniform, biases at zero.

    Args:
        units: width ``U`` of the inner layer, positive.
        seed: seed, from which each layer gets its own (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``[B, I]``: ``[B, I]``.

    Raises:
        ValueError: ``units`` is not positive, or the input is not ``[B, I]``.

    Example:
        >>> unit = ResidualUnit(8, seed=0)
        >>> unit(tf.ones([2, 5])).shape.as_list(), unit.count_params()  # 5 · 8 + 8 + 8 · 5 + 5
        ([2, 5], 93)

    References:
        Shan et al., *Deep Crossing: Web-Scale Modeling without Manually Crafted Combinatorial Features*, KDD
        2016, https://doi.org/10.1145/2939672.2939704. Figure 4 prints the unit as a CNTK script.
    """

    def __init__(self, units: int, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"units must be positive, received {units!r}")
        self.units = int(units)
        self.seed = seed

    def build(self, input_shape: Any) -> None:
        """Creates the two layers.

        Args:
            input_shape: ``[B, I]``.

        Raises:
            ValueError: the input is not ``[B, I]``.
        """
        if len(input_shape) != 2:
            raise ValueError(f"x must be [B, I], received {tuple(input_shape)}")
        first, second = (keras.initializers.GlorotUniform(seed=seed) for seed in child_seeds(self.seed, 2))
        width = input_shape[-1]
        self.w0 = self.add_weight(name="w0", shape=(width, self.units), initializer=first)
        self.b0 = self.add_weight(name="b0", shape=(self.units,), initializer="zeros")
        self.w1 = self.add_weight(name="w1", shape=(self.units, width), initializer=second)
        self.b1 = self.add_weight(name="b1", shape=(width,), initializer="zeros")
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Runs the unit.

        Args:
            x: ``[B, I]``.

        Returns:
            ``[B, I]``.
        """
        # --8<-- [start:unit]
        h = tf.nn.relu(tf.matmul(x, self.w0) + self.b0)  # [B, U]
        y = tf.nn.relu(tf.matmul(h, self.w1) + self.b1 + x)  # [B, I]
        return y
        # --8<-- [end:unit]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the input.

        Args:
            input_shape: ``[B, I]``.

        Returns:
            Shape of the output.
        """
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {**super().get_config(), "units": self.units, "seed": self.seed}
