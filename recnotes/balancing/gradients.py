"""Gradients of several tasks with respect to one weight, as rows of one matrix, sparse ones included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import tensorflow as tf

Gradient: TypeAlias = tf.Tensor | tf.IndexedSlices


def flatten_gradients(
    gradients: Sequence[Gradient | None],
) -> tuple[tf.Tensor, Callable[[tf.Tensor], Gradient]]:
    r"""Lays the tasks' gradients of one weight side by side.

    $$
    M_k = \text{vec}(g_k), \qquad G_{ij} = \langle M_i, M_j \rangle, \qquad \sum_k a_k M_k = M^\top a
    $$

    with $M$ of shape $[T, n]$. Gradients of an embedding table, `tf.IndexedSlices`, are laid out over the
    rows that any task touched, repeated ids added up: $n$ follows the batch, not the table.

    Args:
        gradients: one a task, None where a task does not use the weight, not all None.

    Returns:
        $M$, and a function that turns a row ``[n]`` back into a gradient of the weight.

    Raises:
        ValueError: all are None, or they have not one shape.

    Example:
        >>> rows = tf.IndexedSlices(tf.ones([2, 1]), tf.constant([5, 5]), tf.constant([9, 1]))
        >>> m, back = flatten_gradients([rows, None])
        >>> m.numpy().tolist(), back(m[0]).indices.numpy().tolist()
        ([[2.0], [0.0]], [5])
    """
    present = [g for g in gradients if g is not None]
    if not present:
        raise ValueError(f"gradients must hold one that is not None, received {gradients!r}")
    if not all(g.shape.is_compatible_with(present[0].shape) for g in present):
        received = [str(g.shape) for g in present]
        raise ValueError(f"gradients must have one shape, that of the weight, received {received}")
    if all(isinstance(g, tf.IndexedSlices) for g in present):
        return _flatten_slices(gradients, present)
    dense = [None if g is None else tf.convert_to_tensor(g) for g in gradients]
    like = next(g for g in dense if g is not None)
    rows = [tf.reshape(tf.zeros_like(like) if g is None else g, [-1]) for g in dense]
    return tf.stack(rows), lambda row: tf.reshape(row, tf.shape(like))


def _flatten_slices(
    gradients: Sequence[tf.IndexedSlices | None], present: Sequence[tf.IndexedSlices]
) -> tuple[tf.Tensor, Callable[[tf.Tensor], Gradient]]:
    ids, place = tf.unique(tf.concat([g.indices for g in present], axis=0))
    places = iter(tf.split(place, [tf.shape(g.indices)[0] for g in present]))
    width = present[0].values.shape[1:]
    rows = []
    for g in gradients:
        if g is None:
            rows.append(tf.zeros([tf.size(ids) * width.num_elements()], present[0].values.dtype))
        else:
            summed = tf.math.unsorted_segment_sum(g.values, next(places), tf.size(ids))
            rows.append(tf.reshape(summed, [-1]))

    def back(row: tf.Tensor) -> Gradient:
        return tf.IndexedSlices(tf.reshape(row, [-1, *width]), ids, present[0].dense_shape)

    return tf.stack(rows), back


def scaled(gradient: Gradient, by: tf.Tensor) -> Gradient:
    r"""Multiplies a gradient, dense or of rows, by a number: $g\,a$.

    Args:
        gradient: gradient of one weight.
        by: the number $a$.

    Returns:
        A gradient of the same kind.

    Example:
        >>> scaled(tf.constant([1.0, 2.0]), tf.constant(3.0)).numpy().tolist()
        [3.0, 6.0]
        >>> rows = tf.IndexedSlices(tf.ones([1, 2]), tf.constant([4]), tf.constant([9, 2]))
        >>> scaled(rows, tf.constant(3.0)).values.numpy().tolist()
        [[3.0, 3.0]]
    """
    if isinstance(gradient, tf.IndexedSlices):
        return tf.IndexedSlices(gradient.values * by, gradient.indices, gradient.dense_shape)
    return gradient * by
