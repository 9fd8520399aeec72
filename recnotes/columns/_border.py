"""The border of the columns: what comes in is checked here, and the message names the column."""

from __future__ import annotations

from typing import TypeAlias

import tensorflow as tf

Values: TypeAlias = tf.Tensor | tf.SparseTensor | tf.RaggedTensor


def describe(name: str | None, role: str) -> str:
    """Return what a message calls an argument: its role, and the column where it has a name."""
    return role if name is None else f"{role} of column {name}"


def check_rank(values: Values, what: str, shape: str = "[B, L]") -> None:
    """Refuse what is not a matrix."""
    if values.shape.rank != 2:
        raise ValueError(f"{what} must be {shape}, received shape {values.shape}")


def check_sparse(values: tf.SparseTensor, what: str) -> None:
    """Refuse what is not a sparse matrix."""
    if not isinstance(values, tf.SparseTensor):
        raise TypeError(f"{what} must be a SparseTensor, received {type(values).__name__}")
    check_rank(values, what)


def check_integers(values: Values, what: str) -> None:
    """Refuse what cannot be an id."""
    if not values.dtype.is_integer:
        raise ValueError(f"{what} must be integers, received {values.dtype.name}")


def check_numbers(values: Values, what: str) -> None:
    """Refuse strings and booleans."""
    if not (values.dtype.is_integer or values.dtype.is_floating):
        raise ValueError(f"{what} must be numbers, received {values.dtype.name}")


def check_count(number: int, argument: str, what: str) -> None:
    """Refuse a size that is not at least 1."""
    if number < 1:
        raise ValueError(f"{argument} of {what} must be at least 1, received {number!r}")


def check_places(one: tf.SparseTensor, other: tf.SparseTensor, what: str, others: str) -> None:
    """Refuse sparse matrices that do not hold their values at the same places."""
    same = one.indices.shape.is_compatible_with(other.indices.shape)
    if not same or not one.shape.is_compatible_with(other.shape):
        raise ValueError(
            f"{others} must stand at the places of {what}, received {other.indices.shape[0]} in "
            f"{other.shape} and {one.indices.shape[0]} in {one.shape}"
        )
    message = f"{others} must stand at the places of {what}, received other places"
    tf.debugging.assert_equal(tf.shape(one.indices), tf.shape(other.indices), message=message)
    tf.debugging.assert_equal(one.indices, other.indices, message=message)
