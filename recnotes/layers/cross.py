"""Cross layers: each multiplies by the first input once more, which raises the degree by one."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class CrossNetwork(keras.layers.Layer):
    r"""The cross network of DCN: one vector of weights a layer.

    $$
    x_{l+1} = x_0 \, (x_l^T w_l) + b_l + x_l, \qquad l = 0, \dots, L-1
    $$

    with $x_l$ of shape $[B, D]$, $w_l$ of shape $[D, 1]$ and $b_l$ of shape $[D]$: $2DL$ parameters. Without
    biases $x_L$ is $x_0$ times one number an example. Weights start Glorot-normal, biases at zero.

    Args:
        num_layers: number ``L`` of layers, at least 1 (default: 2).
        seed: seed, from which each layer gets its own (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``[B, D]``: ``[B, D]``.

    Raises:
        ValueError: ``num_layers`` is not positive, or the input is not ``[B, D]``.

    Example:
        >>> layer = CrossNetwork(3, seed=0)
        >>> layer(tf.ones([2, 5])).shape.as_list(), layer.count_params()  # 2 · 5 · 3
        ([2, 5], 30)

    References:
        Wang et al., *Deep & Cross Network for Ad Click Predictions*, ADKDD 2017,
        https://arxiv.org/abs/1708.05123. RecBole draws the weights from N(0, 1), whatever the width.
    """

    def __init__(self, num_layers: int = 2, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if num_layers < 1:
            raise ValueError(f"num_layers must be positive, received {num_layers!r}")
        self.num_layers = int(num_layers)
        self.seed = seed

    def build(self, input_shape: Any) -> None:
        """Creates weights and biases.

        Args:
            input_shape: ``[B, D]``.

        Raises:
            ValueError: the input is not ``[B, D]``.
        """
        if len(input_shape) != 2:
            raise ValueError(f"x0 must be [B, D], received {tuple(input_shape)}")
        width = input_shape[-1]
        self.kernels, self.biases = [], []
        for i, seed in enumerate(child_seeds(self.seed, self.num_layers)):
            start = keras.initializers.GlorotNormal(seed=seed)
            self.kernels.append(self.add_weight(name=f"w_{i}", shape=(width, 1), initializer=start))
            self.biases.append(self.add_weight(name=f"b_{i}", shape=(width,), initializer="zeros"))
        self.built = True

    def call(self, x0: tf.Tensor) -> tf.Tensor:
        """Crosses the input with itself.

        Args:
            x0: ``[B, D]``.

        Returns:
            ``[B, D]``.
        """
        # --8<-- [start:cross]
        xl = x0
        for w, b in zip(self.kernels, self.biases, strict=True):
            xl = x0 * tf.matmul(xl, w) + b + xl  # [B, D]
        return xl
        # --8<-- [end:cross]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the input.

        Args:
            input_shape: ``[B, D]``.

        Returns:
            Shape of the output.
        """
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {**super().get_config(), "num_layers": self.num_layers, "seed": self.seed}
