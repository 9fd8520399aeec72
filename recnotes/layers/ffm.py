"""Field-aware vectors: each feature has another vector for every field it may meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recnotes.embedding.field import check_field_ids


def ffm_pairwise(e: tf.Tensor) -> tf.Tensor:
    r"""Adds the inner products of all pairs of fields, each with the vector it keeps for the other.

    $$
    y_b = \sum_{i<j} \langle e_{bij}, e_{bji} \rangle
    $$

    with $e$ of shape $[B, F, F, D]$, where $e_{bij}$ is what field $i$ shows to field $j$, and $y$ of shape
    $[B]$. What a field keeps for itself, $e_{bii}$, is not used. Half precision is raised to float32.

    Args:
        e: vectors ``[B, F, F, D]``, already multiplied by the fields' values.

    Returns:
        Pairwise term ``[B]``, float32 or float64.

    Raises:
        ValueError: ``e`` has another shape.

    Example:
        >>> e = tf.constant([[[[9.0], [2.0], [3.0]], [[5.0], [9.0], [7.0]], [[11.0], [13.0], [9.0]]]])
        >>> ffm_pairwise(e).numpy().tolist()  # 2 · 5 + 3 · 11 + 7 · 13
        [134.0]

    References:
        Juan et al., *Field-aware Factorization Machines for CTR Prediction*, RecSys 2016,
        https://doi.org/10.1145/2959100.2959134.
    """
    if e.shape.rank != 4 or e.shape[1] != e.shape[2]:
        raise ValueError(f"e must be [B, F, F, D], received {tuple(e.shape)}")
    # --8<-- [start:pairwise]
    e = e if e.dtype in (tf.float32, tf.float64) else tf.cast(e, tf.float32)  # [B, F, F, D]
    g = tf.reduce_sum(e * tf.transpose(e, [0, 2, 1, 3]), axis=-1)  # [B, F, F]
    # Each pair stands in the matrix twice, on both sides of the diagonal.
    above = g - tf.linalg.band_part(g, -1, 0)  # [B, F, F]
    y = tf.reduce_sum(above, axis=[1, 2])  # [B]
    return y
    # --8<-- [end:pairwise]


@keras.saving.register_keras_serializable("recnotes")
class FieldAwareEmbedding(keras.layers.Layer):
    r"""Looks up, for each field, one vector for every field it may meet, times the field's value.

    $$
    e_{bij} = x_{bi} \, T[r_{bi}]_j, \qquad T \sim U\Big(0, \tfrac{1}{\sqrt{D}}\Big) \text{ at the start}
    $$

    with the values $x$ (1 for a categorical field) and the rows $r$ of shape $[B, m]$, the table $T$ of shape
    $[n + \sum_f V_f, m, D]$ and $e$ of shape $[B, m, m, D]$, $m = n + F$ fields, the numeric ones first.
    With ``normalize`` every $x_{bi}$ is divided by the length of $x_b$.

    Args:
        vocabulary_sizes: number of values of each categorical field, length ``F``.
        num_dense: number ``n`` of numeric fields (default: 0).
        width: width ``D`` of a vector, at least 1 (default: 4).
        normalize: whether each example's values are scaled to length 1 (default: False).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed of the initializer (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``{"dense": float [B, n], "sparse": int [B, F]}``: vectors ``[B, m, m, D]``.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> layer = FieldAwareEmbedding([3, 5], num_dense=1, seed=0)
        >>> inputs = {"dense": tf.ones([2, 1]), "sparse": tf.constant([[2, 0], [1, 4]])}
        >>> layer(inputs).shape.as_list(), layer.count_params()  # (1 + 3 + 5) · 3 · 4
        ([2, 3, 3, 4], 108)

    References:
        Juan et al., *Field-aware Factorization Machines for CTR Prediction*, RecSys 2016,
        https://doi.org/10.1145/2959100.2959134. The authors' libffm starts its vectors as above and
        normalizes by default, which is ``normalize=True``.
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int],
        num_dense: int = 0,
        width: int = 4,
        normalize: bool = False,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not vocabulary_sizes or min(vocabulary_sizes) < 1:
            raise ValueError(f"vocabulary_sizes must be positive integers, received {vocabulary_sizes!r}")
        if num_dense < 0:
            raise ValueError(f"num_dense must be at least 0, received {num_dense!r}")
        if width < 1:
            raise ValueError(f"width must be positive, received {width!r}")
        if field_names is not None and len(field_names) != len(vocabulary_sizes):
            raise ValueError(
                f"field_names must have length {len(vocabulary_sizes)}, received {field_names!r}"
            )
        self.vocabulary_sizes = [int(size) for size in vocabulary_sizes]
        self.num_dense = int(num_dense)
        self.width = int(width)
        self.normalize = bool(normalize)
        self.field_names = [str(name) for name in field_names] if field_names is not None else None
        self.seed = seed
        self.offsets = (np.cumsum([0, *self.vocabulary_sizes[:-1]]) + self.num_dense).tolist()
        self.supports_jit = False

    def build(self, input_shape: Any = None) -> None:
        """Creates the table.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        num_fields = self.num_dense + len(self.vocabulary_sizes)
        self.table = self.add_weight(
            name="table",
            shape=(self.num_dense + sum(self.vocabulary_sizes), num_fields, self.width),
            initializer=keras.initializers.RandomUniform(0.0, self.width**-0.5, seed=self.seed),
            autocast=False,  # rows are cast, not the table
        )
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Reads the vectors and scales them.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

        Returns:
            Vectors ``[B, m, m, D]``.

        Raises:
            ValueError: an input is missing, or ``"dense"`` does not have ``n`` columns.
        """
        if "sparse" not in inputs or (self.num_dense and "dense" not in inputs):
            raise ValueError(f"inputs must have the keys 'dense' and 'sparse', received {sorted(inputs)!r}")
        # --8<-- [start:lookup]
        ids = check_field_ids(inputs["sparse"], self.vocabulary_sizes, self.field_names)  # [B, F]
        rows = tf.cast(ids, tf.int64) + tf.constant(self.offsets, tf.int64)  # [B, F]
        x = tf.ones_like(rows, self.compute_dtype)  # [B, F]
        if self.num_dense:
            dense = tf.cast(inputs["dense"], self.compute_dtype)  # [B, n]
            if dense.shape.rank != 2 or dense.shape[1] != self.num_dense:
                raise ValueError(f"dense must be [B, {self.num_dense}], received {tuple(dense.shape)}")
            # Numeric field i is row i of the table.
            rows = tf.concat(
                [tf.zeros_like(dense, tf.int64) + tf.range(self.num_dense, dtype=tf.int64), rows], 1
            )
            x = tf.concat([dense, x], axis=1)
        if self.normalize:
            x *= tf.math.rsqrt(tf.reduce_sum(tf.square(x), axis=1, keepdims=True))
        e = tf.cast(tf.gather(self.table.value, rows), self.compute_dtype)  # [B, m, m, D]
        return x[:, :, tf.newaxis, tf.newaxis] * e
        # --8<-- [end:lookup]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns ``[B, m, m, D]``.

        Args:
            input_shape: shapes of the inputs by name.

        Returns:
            Shape of the vectors.
        """
        num_fields = self.num_dense + len(self.vocabulary_sizes)
        return (input_shape["sparse"][0], num_fields, num_fields, self.width)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        names = ("vocabulary_sizes", "num_dense", "width", "normalize", "field_names", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
