"""Numeric and categorical fields side by side, one vector each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.field import FieldEmbedding
from recnotes.embedding.numeric import NumericEmbedding
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class FeatureEmbedding(keras.layers.Layer):
    r"""Turns the inputs of a CTR model into one vector per field.

    $$
    e_b = \big[x_{b1} v_1, \dots, x_{bn} v_n, \;
        T[o_1 + \text{ids}_{b1}], \dots, T[o_F + \text{ids}_{bF}]\big]
    $$

    with the numeric values $x$ of shape $[B, n]$, their vectors $v$ of shape $[n, D]$, the categorical ids of
    shape $[B, F]$, the table $T$ of shape $[\sum_f V_f, D]$ and the result of shape $[B, m, D]$, $m = n + F$.

    Args:
        vocabulary_sizes: number of values of each categorical field, length ``F``.
        num_dense: number ``n`` of numeric fields, may be 0 (default: 0).
        width: width ``D`` of a vector (default: 1).
        field_names: names of the categorical fields for error messages (default: None).
        stddev: standard deviation of the normal initializer, 0 starts at zero (default: 0.01).
        seed: seed, from which the two parts get their own (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``{"dense": float [B, n], "sparse": int [B, F]}``: a float tensor ``[B, n+F, D]``.
        ``"dense"`` is not read when ``num_dense`` is 0.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> layer = FeatureEmbedding([3, 5], num_dense=1, width=4, seed=0)
        >>> inputs = {"dense": tf.ones([2, 1]), "sparse": tf.constant([[2, 0], [1, 4]])}
        >>> layer(inputs).shape.as_list()
        [2, 3, 4]

    References:
        Guo et al., *DeepFM*, IJCAI 2017, https://arxiv.org/abs/1703.04247, figure 4.
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int],
        num_dense: int = 0,
        width: int = 1,
        field_names: Sequence[str] | None = None,
        stddev: float = 0.01,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_dense < 0:
            raise ValueError(f"num_dense must be at least 0, received {num_dense!r}")
        self.num_dense, self.width = int(num_dense), int(width)
        self.stddev, self.seed = float(stddev), seed
        seeds = child_seeds(seed, 2)
        self.fields = FieldEmbedding(
            vocabulary_sizes, width, field_names, stddev, seeds[0], dtype=self.dtype_policy, name="fields"
        )
        self.numeric = None
        if self.num_dense:
            self.numeric = NumericEmbedding(
                self.num_dense, width, stddev, seeds[1], dtype=self.dtype_policy, name="numeric"
            )
        self.supports_jit = False

    def build(self, input_shape: Any = None) -> None:
        """Creates the tables.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.fields.build()
        if self.numeric is not None:
            self.numeric.build()
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Looks up the categorical fields and scales the vectors of the numeric ones.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

        Returns:
            Vectors ``[B, n+F, D]``, the numeric fields first.

        Raises:
            ValueError: an input is missing, or the two have different numbers of rows.
        """
        if "sparse" not in inputs or (self.numeric is not None and "dense" not in inputs):
            raise ValueError(f"inputs must have the keys 'dense' and 'sparse', received {sorted(inputs)!r}")
        e = self.fields(inputs["sparse"])  # [B, F, D]
        if self.numeric is None:
            return e
        v = self.numeric(inputs["dense"])  # [B, n, D]
        if not v.shape[:1].is_compatible_with(e.shape[:1]):
            raise ValueError(
                f"'sparse' must have as many rows as 'dense', received {e.shape[0]}, {v.shape[0]}"
            )
        return tf.concat([v, e], axis=1)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns ``[B, n+F, D]``.

        Args:
            input_shape: shapes of the inputs by name.

        Returns:
            Shape of the vectors.
        """
        batch, num_sparse = input_shape["sparse"]
        return (batch, self.num_dense + num_sparse, self.width)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {
            **super().get_config(),
            "vocabulary_sizes": self.fields.vocabulary_sizes,
            "num_dense": self.num_dense,
            "width": self.width,
            "field_names": self.fields.field_names,
            "stddev": self.stddev,
            "seed": self.seed,
        }
