"""The ids of a user and an item, checked and side by side."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf


def pair_ids(inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
    r"""Returns users and items as two columns, which is what `FieldEmbedding` reads.

    $$
    \text{ids}_b = [u_b, i_b]
    $$

    with the users $u$ and the items $i$ of shape $[B]$, both counted from 0, and the result of shape
    $[B, 2]$.

    Args:
        inputs: ``{"user": int [B], "item": int [B]}``.

    Returns:
        int64 tensor ``[B, 2]``.

    Raises:
        ValueError: an input is missing, is not ``[B]`` or not of integers, or the lengths differ.

    Example:
        >>> pair_ids({"user": tf.constant([3, 0]), "item": tf.constant([7, 7])}).numpy().tolist()
        [[3, 7], [0, 7]]
    """
    if "user" not in inputs or "item" not in inputs:
        raise ValueError(f"inputs must have the keys 'user' and 'item', received {sorted(inputs)!r}")
    columns = {name: tf.convert_to_tensor(inputs[name]) for name in ("user", "item")}
    for name, ids in columns.items():
        if not ids.dtype.is_integer:
            raise ValueError(f"ids of {name!r} must be integers, received {ids.dtype.name}")
        if ids.shape.rank != 1:
            raise ValueError(f"ids of {name!r} must be [B], received {tuple(ids.shape)}")
    user, item = (tf.cast(ids, tf.int64) for ids in columns.values())
    if not user.shape.is_compatible_with(item.shape):
        raise ValueError(f"'user' and 'item' must have one length, received {user.shape[0]}, {item.shape[0]}")
    return tf.stack([user, item], axis=1)
