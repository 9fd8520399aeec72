"""What the methods are given, looked at once: one number, one gradient, one row a task."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def check_tasks(num_tasks: int | None = None, **vectors: Any) -> None:
    """Raises an error that names what is not ``[T]``, of one ``T`` for all and at least 1.

    Args:
        num_tasks: ``T``, None for that of the first (default: None).
        **vectors: tensors by name.

    Raises:
        ValueError: a shape does not fit.

    Example:
        >>> check_tasks(2, losses=tf.ones(2), weights=tf.ones(3))
        Traceback (most recent call last):
        ...
        ValueError: weights must have shape [2], one number a task, received (3,)
    """
    for name, vector in vectors.items():
        shape = tf.convert_to_tensor(vector).shape
        if num_tasks is None and shape.rank == 1:
            num_tasks = shape[0]
        if num_tasks == 0 or not shape.is_compatible_with([num_tasks]):
            wanted = f"[{num_tasks or 'T'}], one number a task"
            raise ValueError(f"{name} must have shape {wanted}, received {tuple(shape)}")


def check_square(name: str, matrix: Any, num_tasks: int | None = None) -> int:
    """Returns ``T`` of a matrix ``[T, T]``, or raises an error that names it.

    Args:
        name: name of the argument.
        matrix: a tensor.
        num_tasks: what ``T`` must be, None for any from 1 (default: None).

    Returns:
        ``T``.

    Raises:
        ValueError: it has another shape.

    Example:
        >>> check_square("gram", tf.eye(3))
        3
    """
    shape = tf.convert_to_tensor(matrix).shape
    if shape.rank != 2 or not shape[0] or shape[0] != shape[1] or num_tasks not in (None, shape[0]):
        wanted = "T, T" if num_tasks is None else f"{num_tasks}, {num_tasks}"
        raise ValueError(f"{name} must have shape [{wanted}], received {tuple(shape)}")
    return shape[0]


def check_order(order: Any, num_tasks: int) -> None:
    """Raises an error unless an order holds, for each task, integers for all tasks.

    Args:
        order: a tensor.
        num_tasks: ``T``.

    Raises:
        ValueError: it has another shape, or is not of integers.

    Example:
        >>> check_order(tf.zeros([2, 2]), 2)
        Traceback (most recent call last):
        ...
        ValueError: order must be integers [2, 2], received float32 (2, 2)
    """
    order = tf.convert_to_tensor(order)
    if not order.dtype.is_integer or not order.shape.is_compatible_with([num_tasks, num_tasks]):
        received = f"{order.dtype.name} {tuple(order.shape)}"
        raise ValueError(f"order must be integers [{num_tasks}, {num_tasks}], received {received}")


def one_a_row(values: Any, outputs: tf.Tensor, name: str) -> tf.Tensor:
    """Returns ``[B]`` from ``[B]`` or ``[B, 1]``, in the outputs' dtype.

    Args:
        values: labels or weights of one task.
        outputs: the model's outputs of the task, ``[B]``.
        name: what they are, for the message.

    Returns:
        A tensor ``[B]``.

    Raises:
        ValueError: there is not one value a row.

    Example:
        >>> one_a_row([[1], [0]], tf.zeros(2), "labels").numpy().tolist()
        [1.0, 0.0]
    """
    values = tf.cast(values, outputs.dtype)
    shape = values.shape[:1] if values.shape[1:] == (1,) else values.shape
    if not shape.is_compatible_with(outputs.shape):  # one row would broadcast
        raise ValueError(f"{name} must be [B] with B = {outputs.shape[0]}, received {tuple(values.shape)}")
    return tf.reshape(values, [-1])
