"""What a behavior model reads: a candidate item, a history of items in the same table, and other fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.field import FieldEmbedding
from recnotes.embedding.sequence import check_item_ids
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class ItemEmbedding(keras.layers.Layer):
    r"""Looks up item ids of any shape; id 0 is padding, has no row and gives the zero vector.

    $$
    e = [\text{id} \ne 0]\; M_{\text{id}}
    $$

    with the item table $M$ of shape $[N, D]$ (the row of item $i$ is stored at $i-1$).

    Args:
        num_items: number of items ``N``.
        width: width ``D`` of a vector.
        stddev: standard deviation of the normal initializer (default: 0.01).
        seed: seed of the initializer (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on integer ids and the name of the input: a float tensor with one more axis.

    Raises:
        ValueError: a size is not positive, or an id is out of range (eagerly).
        tf.errors.InvalidArgumentError: an id is out of range inside a ``tf.function``, or it is compiled by
            XLA.

    Example:
        >>> layer = ItemEmbedding(5, 2, seed=0)
        >>> layer(tf.constant([[3, 0]])).shape.as_list(), layer(tf.constant([0])).numpy().tolist()
        ([1, 2, 2], [[0.0, 0.0]])
    """

    def __init__(
        self, num_items: int, width: int, stddev: float = 0.01, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        for name, size in (("num_items", num_items), ("width", width)):
            if size < 1:
                raise ValueError(f"{name} must be positive, received {size!r}")
        self.num_items, self.width = int(num_items), int(width)
        self.stddev, self.seed = float(stddev), seed
        self.supports_jit = False  # keeps compile(jit_compile="auto") from choosing XLA on a GPU

    def build(self, input_shape: Any = None) -> None:
        """Creates the table.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        start = keras.initializers.RandomNormal(stddev=self.stddev, seed=self.seed)
        # Rows are cast, not the table.
        self.table = self.add_weight((self.num_items, self.width), start, autocast=False, name="table")
        self.built = True

    def call(self, ids: tf.Tensor, name: str = "item") -> tf.Tensor:
        """Reads the rows.

        Args:
            ids: integer tensor of any shape.
            name: name used in error messages (default: "item").

        Returns:
            The vectors, one more axis than ``ids``.
        """
        ids = check_item_ids(ids, self.num_items, name)
        real = tf.not_equal(ids, 0)
        # Padding reads a row that is read anyway: lazy optimizers move every row that was.
        rows = tf.maximum(tf.where(real, ids, tf.reduce_max(ids)) - 1, 0)
        e = tf.cast(tf.gather(self.table.value, rows), self.compute_dtype)
        return tf.where(real[..., None], e, 0)

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor takes."""
        return {
            **super().get_config(),
            "num_items": self.num_items,
            "width": self.width,
            "stddev": self.stddev,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable("recnotes")
class BehaviorEmbedding(keras.layers.Layer):
    r"""Looks up the candidate, the history and the other fields of a behavior model.

    $$
    q_b = M_{\text{item}_b}, \qquad k_{bt} = m_{bt}\,M_{\text{history}_{bt}}, \qquad
    x_b = [\, d_b;\; e_{b1};\; \dots;\; e_{bF} \,]
    $$

    with the item table $M$ of shape $[N, D]$ that both share, the candidate $q$ of shape $[B, D]$, the
    history $k$ of shape $[B, L, D]$, its mask $m_{bt} = [\text{history}_{bt} \ne 0]$ of shape $[B, L]$, the
    numeric values $d$ of shape $[B, n]$, the fields' vectors $e$ of shape $[B, F, D]$ and the profile $x$
    of shape $[B, n+FD]$, which `profile` returns where there are any.

    Args:
        num_items: number of items ``N``.
        vocabulary_sizes: number of values of each categorical field (default: ()).
        num_dense: number ``n`` of numeric fields (default: 0).
        width: width ``D`` of a vector (default: 16).
        field_names: names of the categorical fields for error messages (default: None).
        stddev: standard deviation of the vectors at the start (default: 0.01).
        seed: seed, from which the two tables get their own (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``{"item": [B], "history": [B, L], "dense": [B, n], "sparse": [B, F]}``: the tuple of
        candidate ``[B, D]``, history ``[B, L, D]`` and mask ``[B, L]``.

    Raises:
        ValueError: an input is missing, of another rank or of another number of rows, or an id is out of
            range (eagerly).

    Example:
        >>> layer = BehaviorEmbedding(9, width=4, seed=0)
        >>> inputs = {"item": tf.constant([3]), "history": tf.constant([[1, 9, 0]])}
        >>> [part.shape.as_list() for part in layer(inputs)]
        [[1, 4], [1, 3, 4], [1, 3]]
    """

    def __init__(
        self,
        num_items: int,
        vocabulary_sizes: Sequence[int] = (),
        num_dense: int = 0,
        width: int = 16,
        field_names: Sequence[str] | None = None,
        stddev: float = 0.01,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_dense < 0:
            raise ValueError(f"num_dense must be at least 0, received {num_dense!r}")
        self.num_dense = int(num_dense)
        self.seed = seed
        seeds, policy = child_seeds(seed, 2), self.dtype_policy
        self.items = ItemEmbedding(num_items, width, stddev, seeds[0], dtype=policy, name="items")
        self.fields = None
        self.profile_width = self.num_dense
        if vocabulary_sizes:
            self.fields = FieldEmbedding(
                vocabulary_sizes, width, field_names, stddev, seeds[1], dtype=policy, name="fields"
            )
            self.profile_width += len(vocabulary_sizes) * width

    def build(self, input_shape: Any = None) -> None:
        """Creates the tables.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.items.build()
        if self.fields:
            self.fields.build()
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Looks the items up, and checks all inputs.

        Args:
            inputs: ``{"item": [B], "history": [B, L]}`` and, where the model has such fields, ``"dense"``
                ``[B, n]`` and ``"sparse"`` ``[B, F]``.

        Returns:
            Candidate ``[B, D]``, history ``[B, L, D]`` and mask ``[B, L]``.

        Raises:
            ValueError: an input is missing, of another rank or of another number of rows.
        """
        ranks = {"item": 1, "history": 2}
        if self.num_dense:
            ranks["dense"] = 2
        if self.fields:
            ranks["sparse"] = 2
        if not ranks.keys() <= inputs.keys():
            raise ValueError(f"inputs must have the keys {sorted(ranks)}, received {sorted(inputs)}")
        for key, rank in ranks.items():
            shape, rows = inputs[key].shape, inputs["item"].shape[:1]
            if shape.rank != rank or not shape[:1].is_compatible_with(rows):
                raise ValueError(f"{key!r} must have rank {rank} and {rows[0]} rows, received {tuple(shape)}")
        q = self.items(inputs["item"])  # [B, D]
        k = self.items(inputs["history"], name="history")  # [B, L, D]
        mask = tf.not_equal(inputs["history"], 0)  # [B, L]
        return q, k, mask

    def profile(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Puts the other fields side by side, where there are any.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}``, or one of the two.

        Returns:
            Profile ``[B, n + F*D]``.
        """
        parts = []
        if self.num_dense:
            dense = tf.ensure_shape(inputs["dense"], [None, self.num_dense])  # [B, n]
            parts.append(tf.cast(dense, self.compute_dtype))
        if self.fields:
            e = self.fields(inputs["sparse"])  # [B, F, D]
            parts.append(tf.reshape(e, [-1, e.shape[1] * e.shape[2]]))
        return tf.concat(parts, axis=1)

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor takes."""
        return {
            **super().get_config(),
            "num_items": self.items.num_items,
            "vocabulary_sizes": self.fields.vocabulary_sizes if self.fields else [],
            "num_dense": self.num_dense,
            "width": self.items.width,
            "field_names": self.fields.field_names if self.fields else None,
            "stddev": self.items.stddev,
            "seed": self.seed,
        }
