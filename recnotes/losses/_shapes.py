"""The border of the losses: one width, one shape, no label that is not a number, no class out of range."""

from __future__ import annotations

import tensorflow as tf

from recnotes._xla import in_xla, refuse_xla


def wide(x: tf.Tensor) -> tf.Tensor:
    """Raise half precision and integers to float32."""
    x = tf.convert_to_tensor(x)
    return x if x.dtype in (tf.float32, tf.float64) else tf.cast(x, tf.float32)


def pair(name: str, a: tf.Tensor, other: str, b: tf.Tensor, rank: int | None) -> tuple[tf.Tensor, tf.Tensor]:
    """Widen two tensors of one shape; the first takes the width of the second."""
    a, b = tf.cast(a, wide(b).dtype), wide(b)
    meant = "one shape" if rank is None else f"one shape of rank {rank}"
    if not a.shape.is_compatible_with(b.shape) or (rank is not None and b.shape.rank != rank):
        raise ValueError(
            f"{name} and {other} must have {meant}, received {tuple(a.shape)} and {tuple(b.shape)}"
        )
    return a, b


def alike(name: str, a: tf.Tensor, other: str, b: tf.Tensor, rank: int | None) -> tuple[tf.Tensor, tf.Tensor]:
    """Widen two tensors as `pair` does, and hold their shapes to each other when the graph runs, too."""
    a, b = pair(name, a, other, b, rank)
    if not (a.shape.is_fully_defined() and b.shape.is_fully_defined()):
        # One row against many would be repeated. Under XLA, which drops the assertion, the reshape fails.
        tf.debugging.assert_equal(tf.shape(a), tf.shape(b), f"{name} and {other} must have one shape")
        a = tf.reshape(a, tf.shape(b))
    return a, b


def vector(name: str, a: tf.Tensor, other: str, b: tf.Tensor) -> tf.Tensor:
    """Refuse what does not hold one number for each row of another tensor."""
    a = tf.convert_to_tensor(a)
    if a.shape.rank != 1 or not a.shape.is_compatible_with(b.shape[:1]):
        raise ValueError(f"{name} must be [{b.shape[0]}] like {other}, received {tuple(a.shape)}")
    return tf.reshape(a, tf.shape(b)[:1])


def positive(name: str, value: float) -> None:
    """Refuse what is not above zero."""
    if not value > 0:
        raise ValueError(f"{name} must be positive, received {value!r}")


def not_nan(name: str, x: tf.Tensor) -> tf.Tensor:
    """Refuse NaN, eagerly and in a graph; under XLA the NaN stays and makes the loss NaN."""
    wrong = tf.math.is_nan(x)
    if tf.executing_eagerly():
        if tf.reduce_any(wrong):
            raise ValueError(f"{name} must be numbers, received NaN at {tf.where(wrong)[0].numpy().tolist()}")
        return x
    if in_xla():
        return x
    check = tf.debugging.Assert(
        tf.logical_not(tf.reduce_any(wrong)),
        [f"{name} must be numbers, received NaN at", tf.where(wrong)[:1]],
    )
    with tf.control_dependencies([check]):
        return tf.identity(x)


def in_range(name: str, ids: tf.Tensor, size: int | tf.Tensor) -> tf.Tensor:
    """Refuse classes that are not in ``[0, size)``, and XLA, which would read another class instead."""
    refuse_xla(name)
    wrong = (ids < 0) | (ids >= tf.cast(size, ids.dtype))
    bounds = f"[0, {size})" if isinstance(size, int) else "[0, N)"
    check = tf.debugging.Assert(
        tf.logical_not(tf.reduce_any(wrong)),
        [f"{name} must be in {bounds}, received", tf.boolean_mask(ids, wrong)],
    )
    with tf.control_dependencies([] if check is None else [check]):
        return tf.identity(ids)
