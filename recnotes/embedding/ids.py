"""The check of ids before they are looked up."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf


def checked_ids(ids: tf.Tensor, sizes: Sequence[int], names: Sequence[str]) -> tf.Tensor:
    r"""Returns ``ids`` unchanged, or raises an error that names what the first id out of range belongs to.

    With $F$ sizes $V$ the last axis of the ids, or what it repeats, is of length $F$, and column $f$ accepts
    $0 \le \text{id} < V_f$. Outside of XLA a wrong id would raise in ``tf.gather`` on a CPU and read zeros on
    a GPU, or silently read the next column's row where all share a table; XLA would clamp it to a neighbor.
    XLA also drops assertions, so the check cannot be kept there. Its message is made by an operation on
    strings, which XLA cannot compile: what cannot be checked does not run.

    Args:
        ids: integer tensor, its number of elements a multiple of ``F``.
        sizes: number of ids of each column, length ``F``.
        names: names of the columns, used in the message.

    Returns:
        ``ids``, same shape; inside a ``tf.function`` the check is a control dependency of the result.

    Raises:
        ValueError: an id is out of range (eagerly), or the ids are not integers.
        tf.errors.InvalidArgumentError: an id is out of range inside a ``tf.function``, or the function is
            compiled by XLA.

    Example:
        >>> checked_ids(tf.constant([[0, 7]]), [3, 5], ["'user'", "'item'"])
        Traceback (most recent call last):
        ...
        ValueError: ids of 'item' must be in [0, 4], received 7
    """
    if not ids.dtype.is_integer:
        raise ValueError(f"ids of {names[0]} must be integers, received {ids.dtype.name}")
    columns = tf.reshape(tf.cast(ids, tf.int64), [-1, len(sizes)])
    wrong = tf.where(tf.logical_or(columns < 0, columns >= sizes))[:1]  # One place at most, row and column.
    texts = [f"ids of {n} must be in [0, {v - 1}], received " for n, v in zip(names, sizes, strict=True)]
    with tf.name_scope("ids_are_checked_so_compile_with_jit_compile_False"):
        received = tf.strings.as_string(tf.gather_nd(columns, wrong))
        message = tf.strings.join([tf.gather(texts, wrong[:, 1]), received])
    if tf.executing_eagerly():
        for text in message.numpy():
            raise ValueError(text.decode())
        return ids
    with tf.control_dependencies([tf.debugging.Assert(tf.equal(tf.size(message), 0), [message])]):
        return tf.identity(ids)
