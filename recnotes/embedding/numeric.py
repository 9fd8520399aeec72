"""Numeric fields as vectors: the value times an embedding of the field."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("recnotes")
class NumericEmbedding(keras.layers.Layer):
    r"""Multiplies each numeric field's value by that field's vector.

    $$
    e_{bi} = x_{bi} \, v_i
    $$

    with the values $x$ of shape $[B, n]$, one vector $v_i$ of shape $[D]$ a field and the result $e$ of shape
    $[B, n, D]$. A one-hot field is the same formula with one 1 among its values. With ``width=1`` the layer
    holds first-order weights.

    Args:
        num_fields: number ``n`` of numeric fields, at least 1.
        width: width ``D`` of a vector, at least 0.
        stddev: standard deviation of the normal initializer, 0 starts at zero (default: 0.01).
        seed: seed of the initializer (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on values ``[B, n]``: a float tensor ``[B, n, D]``.

    Raises:
        ValueError: a size is too small, or the values do not have ``n`` columns.

    Example:
        >>> layer = NumericEmbedding(2, 3, seed=0)
        >>> e = layer(tf.constant([[0.5, 0.0]]))
        >>> e.shape.as_list(), float(tf.reduce_sum(tf.abs(e[0, 1])))
        ([1, 2, 3], 0.0)

    References:
        Guo et al., *DeepFM*, IJCAI 2017, https://arxiv.org/abs/1703.04247, section 2.1. DeepCTR's DeepFM has
        no such vectors: it hands the bare values to the network and to a linear term, so that numeric fields
        take no part in the pairwise term.
    """

    def __init__(
        self, num_fields: int, width: int, stddev: float = 0.01, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if num_fields < 1:
            raise ValueError(f"num_fields must be at least 1, received {num_fields!r}")
        if width < 0:
            raise ValueError(f"width must be at least 0, received {width!r}")
        if stddev < 0:
            raise ValueError(f"stddev must be at least 0, received {stddev!r}")
        self.num_fields, self.width = int(num_fields), int(width)
        self.stddev, self.seed = float(stddev), seed

    def build(self, input_shape: Any = None) -> None:
        """Creates the vectors.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        initializer = keras.initializers.RandomNormal(stddev=self.stddev, seed=self.seed)
        self.table = self.add_weight((self.num_fields, self.width), initializer, name="table")
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Scales the vectors.

        Args:
            x: values ``[B, n]``.

        Returns:
            Vectors ``[B, n, D]``.

        Raises:
            ValueError: ``x`` does not have ``n`` columns.
        """
        if x.shape.rank != 2 or x.shape[1] != self.num_fields:
            raise ValueError(f"x must be [B, {self.num_fields}], received {tuple(x.shape)}")
        e = tf.cast(x, self.compute_dtype)[:, :, tf.newaxis] * tf.convert_to_tensor(self.table)  # [B, n, D]
        return e

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns ``[B, n, D]`` for values ``[B, n]``.

        Args:
            input_shape: shape of the values.

        Returns:
            Shape of the vectors.
        """
        return (*input_shape, self.width)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {
            **super().get_config(),
            "num_fields": self.num_fields,
            "width": self.width,
            "stddev": self.stddev,
            "seed": self.seed,
        }
