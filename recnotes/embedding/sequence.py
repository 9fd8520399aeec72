"""Items of a history, looked up with padding id 0 and positions counted back from the most recent item."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.ids import checked_ids
from recnotes.seeds import child_seeds


def check_item_ids(ids: tf.Tensor, num_items: int, name: str) -> tf.Tensor:
    r"""Returns ``ids`` unchanged, or raises an error that names the input with an id out of range.

    Item ids satisfy $0 \le \text{id} \le N$, where 0 is padding. See `checked_ids` for what XLA has to do
    with it.

    Args:
        ids: integer tensor of any shape.
        num_items: number of items ``N``.
        name: name of the input, used in the message.

    Returns:
        ``ids``, same shape; inside a ``tf.function`` the check is a control dependency of the result.

    Raises:
        ValueError: an id is out of range (eagerly), or the ids are not integers.
        tf.errors.InvalidArgumentError: an id is out of range inside a ``tf.function``, or the function is
            compiled by XLA.

    Example:
        >>> check_item_ids(tf.constant([[3, 9, 0]]), 5, "history")
        Traceback (most recent call last):
        ...
        ValueError: ids of 'history' must be in [0, 5], received 9
    """
    return checked_ids(ids, [num_items + 1], [repr(name)])


def positions_from_the_end(mask: tf.Tensor) -> tf.Tensor:
    r"""Counts, for each entry of a history, the real items that come after it.

    $$
    p_{bt} = \sum_{s>t} m_{bs}
    $$

    with the mask $m$ and the positions $p$ of shape $[B, L]$. The most recent item has position 0 wherever
    the padding stands, so that more padding moves nothing.

    Args:
        mask: bool tensor ``[B, L]``, true where an item is real.

    Returns:
        int32 tensor ``[B, L]``.

    Example:
        >>> positions_from_the_end(tf.constant([[True, True, True, False]])).numpy().tolist()
        [[2, 1, 0, 0]]

    References:
        Kang and McAuley, *Self-Attentive Sequential Recommendation*, ICDM 2018,
        https://arxiv.org/abs/1808.09781. The authors' code pads on the left and counts positions from the
        left edge of a row of fixed length, which numbers the items in the opposite direction.
    """
    return tf.cumsum(tf.cast(mask, tf.int32), axis=1, exclusive=True, reverse=True)


def history_mask(history: tf.Tensor, max_length: int) -> tf.Tensor:
    r"""Marks the items of a history that a model of limited length reads: real ones, the most recent first.

    $$
    m_{bt} = [s_{bt} \ne 0] \cdot [p_{bt} < n]
    $$

    with the history $s$, its positions $p$ (see `positions_from_the_end`) and the mask $m$ of shape
    $[B, L]$, and the largest length $n$.

    Args:
        history: integer tensor ``[B, L]`` of item ids, 0 is padding.
        max_length: number of items read, ``n``.

    Returns:
        bool tensor ``[B, L]``.

    Example:
        >>> history_mask(tf.constant([[7, 8, 9, 0]]), 2).numpy().tolist()
        [[False, True, True, False]]
    """
    real = tf.not_equal(history, 0)  # [B, L]
    return tf.logical_and(real, positions_from_the_end(real) < max_length)


@keras.saving.register_keras_serializable("recnotes")
class SequenceEmbedding(keras.layers.Layer):
    r"""Looks up a history: one vector per item plus one per position, zero where there is padding.

    $$
    \hat E_{bt} = m_{bt}\,\big(c\,M_{s_{bt}} + P_{p_{bt}}\big)
    $$

    with the history $s$ of shape $[B, L]$ (ids $1 \dots N$, 0 is padding), the item table $M$ of shape
    $[N, D]$ (the row of item $i$ is stored at $i-1$; padding has no row and so nothing to learn), the
    position table $P$ of shape $[n, D]$, positions $p$ counted back from the most recent item, the mask
    $m$ of shape $[B, L]$ and a constant $c$. Items older than the $n$ most recent are treated as padding.

    Args:
        num_items: number of items ``N``.
        width: width ``D`` of a vector.
        max_length: number of positions ``n``, the longest history that is read.
        scale: factor ``c`` on the item vectors; the SASRec authors' code uses ``sqrt(D)`` (default: 1.0).
        seed: seed of the two initializers (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on integer ids ``[B, L]``: the pair of a float tensor ``[B, L, D]`` and the bool mask ``[B,
        L]``.

    Raises:
        ValueError: a size is not positive, or an id is out of range (eagerly).
        tf.errors.InvalidArgumentError: an id is out of range inside a ``tf.function``, or it is compiled by
            XLA.

    Example:
        >>> layer = SequenceEmbedding(num_items=5, width=4, max_length=3, seed=0)
        >>> e, mask = layer(tf.constant([[2, 5, 0]]))
        >>> e.shape.as_list(), mask.numpy().tolist()
        ([1, 3, 4], [[True, True, False]])

    References:
        Kang and McAuley, *Self-Attentive Sequential Recommendation*, ICDM 2018,
        https://arxiv.org/abs/1808.09781. The authors' code keeps a row for padding and overwrites it with
        zeros in every step, and multiplies the item vectors by ``sqrt(D)``, of which the text says nothing.
    """

    def __init__(
        self,
        num_items: int,
        width: int,
        max_length: int,
        scale: float = 1.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, size in (("num_items", num_items), ("width", width), ("max_length", max_length)):
            if size < 1:
                raise ValueError(f"{name} must be positive, received {size!r}")
        self.num_items, self.width, self.max_length = int(num_items), int(width), int(max_length)
        self.scale, self.seed = float(scale), seed
        self.supports_jit = False  # keeps compile(jit_compile="auto") from choosing XLA on a GPU

    def build(self, input_shape: Any = None) -> None:
        """Creates the two tables.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        item, position = (keras.initializers.GlorotUniform(seed) for seed in child_seeds(self.seed, 2))
        options = {"autocast": False}  # rows are cast, not the tables
        items, positions = (self.num_items, self.width), (self.max_length, self.width)
        self.item_table = self.add_weight(items, item, name="item_table", **options)
        self.position_table = self.add_weight(positions, position, name="position_table", **options)
        self.built = True

    def call(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Looks up the items and adds their positions.

        Args:
            inputs: integer ids ``[B, L]``.

        Returns:
            The pair of the vectors ``[B, L, D]`` and the mask ``[B, L]``.
        """
        # --8<-- [start:call]
        mask = history_mask(inputs, self.max_length)  # [B, L]
        keep = tf.cast(mask, self.compute_dtype)[:, :, None]  # [B, L, 1]
        # Masked entries may count n items after them; they are erased below.
        p = tf.minimum(positions_from_the_end(mask), self.max_length - 1)  # [B, L]
        e = self.items(inputs)  # [B, L, D]
        if self.scale != 1:
            e *= self.scale
        e += tf.cast(tf.gather(self.position_table.value, p), e.dtype)
        return e * keep, mask
        # --8<-- [end:call]

    def items(self, ids: tf.Tensor, name: str = "history") -> tf.Tensor:
        """Looks up item vectors without scale and position.

        Args:
            ids: integer tensor of any shape.
            name: name used in error messages (default: "history").

        Returns:
            The vectors, one more axis than ``ids``, zero for id 0.
        """
        ids = check_item_ids(ids, self.num_items, name)
        real = tf.not_equal(ids, 0)
        # Padding reads a row that is read anyway: lazy optimizers move every row that was.
        rows = tf.maximum(tf.where(real, ids, tf.reduce_max(ids)) - 1, 0)
        e = tf.cast(tf.gather(self.item_table.value, rows), self.compute_dtype)
        return e * tf.cast(real, e.dtype)[..., None]

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor takes."""
        return {
            **super().get_config(),
            "num_items": self.num_items,
            "width": self.width,
            "max_length": self.max_length,
            "scale": self.scale,
            "seed": self.seed,
        }
