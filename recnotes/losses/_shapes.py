"""The border of the losses: one width, one shape."""

from __future__ import annotations

import tensorflow as tf


def wide(x: tf.Tensor) -> tf.Tensor:
    """Raise half precision and integers to float32."""
    x = tf.convert_to_tensor(x)
    return x if x.dtype in (tf.float32, tf.float64) else tf.cast(x, tf.float32)


def pair(name: str, a: tf.Tensor, other: str, b: tf.Tensor, rank: int | None) -> tuple[tf.Tensor, tf.Tensor]:
    """Widen two tensors of one shape; the first takes the width of the second."""
    b = wide(b)
    a = tf.cast(a, b.dtype)
    if not a.shape.is_compatible_with(b.shape) or (rank is not None and b.shape.rank != rank):
        meant = "one shape" if rank is None else f"one shape of rank {rank}"
        raise ValueError(
            f"{name} and {other} must have {meant}, received {tuple(a.shape)} and {tuple(b.shape)}"
        )
    return a, b


def positive(name: str, value: float) -> None:
    """Refuse what is not above zero."""
    if not value > 0:
        raise ValueError(f"{name} must be positive, received {value!r}")
