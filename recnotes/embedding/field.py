"""All categorical fields in one table, read with one gather."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recnotes.embedding.ids import checked_ids


def check_field_ids(
    ids: tf.Tensor, vocabulary_sizes: Sequence[int], field_names: Sequence[str] | None = None
) -> tf.Tensor:
    r"""Returns ``ids`` unchanged, or raises an error that names the field of the first id out of range.

    Field $f$ accepts $0 \le \text{ids}_{bf} < V_f$. An id outside would silently read a row of the
    neighboring field, because all fields live in one table. See `checked_ids` for what XLA has to do with it.

    Args:
        ids: integer tensor ``[B, F]``.
        vocabulary_sizes: number of values of each field, length ``F``.
        field_names: names used in the message, ``None`` numbers the fields (default: None).

    Returns:
        ``ids``, ``[B, F]``; inside a ``tf.function`` the check is a control dependency of the result.

    Raises:
        ValueError: an id is out of range (eagerly), or the shape or the dtype does not fit.
        tf.errors.InvalidArgumentError: an id is out of range inside a ``tf.function``, or the function is
            compiled by XLA.

    Example:
        >>> check_field_ids(tf.constant([[0, 7]]), [3, 5], ["user", "item"])
        Traceback (most recent call last):
        ...
        ValueError: ids of field 'item' must be in [0, 4], received 7
    """
    if ids.shape.rank != 2 or ids.shape[1] != len(vocabulary_sizes):
        raise ValueError(f"ids must be [B, {len(vocabulary_sizes)}], received {tuple(ids.shape)}")
    names = range(len(vocabulary_sizes)) if field_names is None else field_names
    return checked_ids(ids, vocabulary_sizes, [f"field {str(name)!r}" for name in names])


@keras.saving.register_keras_serializable("recnotes")
class FieldEmbedding(keras.layers.Layer):
    r"""Looks up one vector per categorical field, all fields in one table.

    $$
    e_{bf} = T\big[o_f + \text{ids}_{bf}\big], \qquad o_f = \sum_{g<f} V_g
    $$

    with $\text{ids}$ of shape $[B, F]$, the table $T$ of shape $[\sum_f V_f, D]$, the offsets $o$ of shape
    $[F]$ and the result $e$ of shape $[B, F, D]$. One table means one variable, one gather and one sparse
    gradient, however many fields there are. With ``width=1`` it holds first-order weights.

    Args:
        vocabulary_sizes: number of values of each field, length ``F``, positive integers.
        width: width ``D`` of a vector, at least 0.
        field_names: names for error messages, ``None`` numbers the fields (default: None).
        stddev: standard deviation of the normal initializer, 0 starts at zero (default: 0.01).
        seed: seed of the initializer (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on integer ids ``[B, F]``: a float tensor ``[B, F, D]``.

    Raises:
        ValueError: a size is not positive, the names do not fit the sizes, or an id is out of range
            (eagerly).
        tf.errors.InvalidArgumentError: an id is out of range inside a ``tf.function``, or it is compiled by
            XLA, where no check survives.

    Example:
        >>> layer = FieldEmbedding([3, 5], 4, field_names=["user", "item"], seed=0)
        >>> layer(tf.constant([[2, 0], [1, 4]])).shape.as_list()
        [2, 2, 4]
        >>> layer.offsets
        [0, 3]

    References:
        Rendle, *Factorization Machines*, ICDM 2010, https://doi.org/10.1109/ICDM.2010.127. The TensorFlow
        ports of He (neural_factorization_machine) and of ChenglongChen (tensorflow-DeepFM) also keep one
        table, but expect ids that already carry their offset, so an id of the wrong field is read without
        an error; DeepCTR keeps one table and one gather per field.
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int],
        width: int,
        field_names: Sequence[str] | None = None,
        stddev: float = 0.01,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not vocabulary_sizes or min(vocabulary_sizes) < 1:
            raise ValueError(f"vocabulary_sizes must be positive integers, received {vocabulary_sizes!r}")
        if width < 0:
            raise ValueError(f"width must be at least 0, received {width!r}")
        if stddev < 0:
            raise ValueError(f"stddev must be at least 0, received {stddev!r}")
        if field_names is not None and len(field_names) != len(vocabulary_sizes):
            raise ValueError(
                f"field_names must have length {len(vocabulary_sizes)}, received {field_names!r}"
            )
        self.vocabulary_sizes = [int(size) for size in vocabulary_sizes]
        self.width, self.stddev, self.seed = int(width), float(stddev), seed
        self.field_names = [str(name) for name in field_names] if field_names is not None else None
        self.offsets = [0, *np.cumsum(self.vocabulary_sizes[:-1]).tolist()]
        self.supports_jit = False  # keeps compile(jit_compile="auto") from choosing XLA on a GPU

    def build(self, input_shape: Any = None) -> None:
        """Creates the table.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        initializer = keras.initializers.RandomNormal(stddev=self.stddev, seed=self.seed)
        rows = sum(self.vocabulary_sizes)
        self.table = self.add_weight((rows, self.width), initializer, autocast=False, name="table")
        self.built = True

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """Reads the rows, from the variable itself: reading it as a whole could copy or cast all of it.

        Args:
            ids: integer tensor ``[B, F]``, each field counts from 0.

        Returns:
            Vectors ``[B, F, D]``.
        """
        # --8<-- [start:call]
        checked = check_field_ids(ids, self.vocabulary_sizes, self.field_names)  # [B, F]
        rows = tf.cast(ids, tf.int64) + tf.constant(self.offsets, tf.int64)  # [B, F]
        # The rows do not wait: tables read by the same ids share them.
        with tf.control_dependencies([checked]):
            return tf.cast(tf.gather(self.table.value, rows), self.compute_dtype)
        # --8<-- [end:call]

    def rows(self, field: int | str) -> tf.Tensor:
        """Returns the part of the table that belongs to one field.

        Args:
            field: position of the field, or its name.

        Returns:
            The rows of that field, ``[V, D]``.

        Raises:
            ValueError: there is no such field.
        """
        names: list[Any] = self.field_names or []
        index = names.index(field) if field in names else field
        if not isinstance(index, int) or not 0 <= index < len(self.vocabulary_sizes):
            raise ValueError(f"field must be a name or a position of this layer, received {field!r}")
        start = self.offsets[index]
        return tf.convert_to_tensor(self.table)[start : start + self.vocabulary_sizes[index]]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns ``[B, F, D]`` for ids ``[B, F]``.

        Args:
            input_shape: shape of the ids.

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
            "vocabulary_sizes": self.vocabulary_sizes,
            "width": self.width,
            "field_names": self.field_names,
            "stddev": self.stddev,
            "seed": self.seed,
        }
