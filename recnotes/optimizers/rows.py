"""What the optimizers on rows share: duplicates summed once, and every option of Keras kept to those rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf


def sum_duplicates(gradient: tf.IndexedSlices) -> tf.IndexedSlices:
    r"""Adds up the slices of a sparse gradient that belong to the same row.

    $$
    g_r = \sum_{p \,:\, \text{indices}_p = r} \text{values}_p
    $$

    with the indices of shape $[P]$ and the values of shape $[P, D]$ that a lookup of $P$ ids leaves behind,
    and one $g_r$ of shape $[D]$ for each of the $U$ different rows. Every rule that is not linear in the
    gradient (a square, a norm, a bound) needs the sum first.

    Args:
        gradient: slices, rows in any order and as often as they were read.

    Returns:
        Slices of the same tensor with ``U`` rows, each once, in the order of their first appearance.

    Example:
        >>> slices = tf.IndexedSlices(tf.constant([[1.0], [2.0], [4.0]]), tf.constant([7, 3, 7]), [9, 1])
        >>> g = sum_duplicates(slices)
        >>> g.indices.numpy().tolist(), g.values.numpy().tolist()
        ([7, 3], [[5.0], [2.0]])
    """
    rows, segments = tf.unique(gradient.indices)
    values = tf.reshape(gradient.values, [tf.size(segments), math.prod(gradient.values.shape[1:])])  # [P, D]
    # A product with a matrix of ones takes a quarter of the time of `unsorted_segment_sum` at usual widths.
    places = tf.stack([tf.cast(segments, tf.int64), tf.range(tf.size(segments, tf.int64))], axis=1)
    shape = [tf.size(rows, tf.int64), tf.size(segments, tf.int64)]
    ones = tf.SparseTensor(places, tf.ones_like(segments, values.dtype), shape)
    g = tf.reshape(tf.sparse.sparse_dense_matmul(ones, values), [tf.size(rows), *gradient.values.shape[1:]])
    return tf.IndexedSlices(g, rows, gradient.dense_shape)


def read_rows(variable: tf.Variable, rows: tf.Tensor) -> tf.Tensor:
    r"""Reads rows of a variable without reading the variable.

    $$
    y_u = T_{\text{rows}_u}
    $$

    with the table $T$ of shape $[V, D]$, the rows of shape $[U]$ and $y$ of shape $[U, D]$. A variable that
    rows are written to is copied as a whole by every other way to read it.

    Args:
        variable: table.
        rows: integer tensor.

    Returns:
        The rows.

    Example:
        >>> read_rows(tf.Variable([[1.0], [2.0]]), tf.constant([1])).numpy().tolist()
        [[2.0]]
    """
    return variable.sparse_read(rows)


def write_rows(variable: tf.Variable, rows: tf.Tensor, values: tf.Tensor) -> None:
    r"""Writes rows of a variable in place.

    $$
    T_{\text{rows}_u} \leftarrow y_u
    $$

    with the table $T$ of shape $[V, D]$, different rows of shape $[U]$ and the values $y$ of shape $[U, D]$.
    Reading, subtracting and writing rows is faster than the kernel that subtracts in place, which takes one
    row at a time.

    Args:
        variable: table.
        rows: integer tensor, each row once.
        values: the new rows.

    Example:
        >>> table = tf.Variable([[1.0], [2.0]])
        >>> write_rows(table, tf.constant([1]), tf.constant([[5.0]]))
        >>> table.numpy().tolist()
        [[1.0], [5.0]]
    """
    tf.raw_ops.ResourceScatterUpdate(resource=variable.handle, indices=rows, updates=values)


class RowUpdates(keras.optimizers.Optimizer):
    r"""Makes an optimizer of Keras touch only the rows of a table that a batch looked up.

    $$
    (T_r, s_r) \leftarrow \text{step}(g_r, T_r, s_r) \quad \text{for } r \in R, \qquad
    R = \{\text{indices}_1, \dots, \text{indices}_P\}
    $$

    with the table $T$ and its slots $s$ of shape $[V, D]$ and the summed gradient $g_r$ of shape $[D]$ of
    each row $r$ that was read. It is mixed in before the optimizer of Keras, whose own step serves all other
    weights. The other options mean what Keras means by them, with one exception:

    - ``clipvalue``, ``clipnorm`` and ``global_clipnorm`` bound the summed gradient, exactly as for a dense
      one: rows that were not read add nothing to a norm.
    - ``weight_decay`` reaches a table's row only at steps that read it; dense weights decay at every step.
    - ``loss_scale_factor`` divides the slices; `keras.optimizers.LossScaleOptimizer` may be wrapped around,
      but makes the gradient dense to look for values that are not finite.
    - ``use_ema`` and ``gradient_accumulation_steps`` are refused: both write every row of a table.

    Args:
        *args: passed to the optimizer of Keras.
        **kwargs: passed to the optimizer of Keras.

    Raises:
        ValueError: ``use_ema`` or ``gradient_accumulation_steps`` is given.

    Example:
        >>> class RowSGD(RowUpdates, keras.optimizers.SGD):
        ...     def update_rows(self, g, rows, variable, learning_rate):
        ...         variable.scatter_sub(tf.IndexedSlices(learning_rate * g, rows))
        >>> table = keras.Variable([[1.0], [2.0], [3.0]])
        >>> slices = tf.IndexedSlices(tf.constant([[1.0], [1.0]]), tf.constant([2, 2]), [3, 1])
        >>> RowSGD(0.5).apply([slices], [table])
        >>> table.numpy().ravel().tolist()
        [1.0, 2.0, 2.0]
    """

    loss_scale_factor: float | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("use_ema", "gradient_accumulation_steps"):
            if value := getattr(self, name):
                raise ValueError(
                    f"{name} must not be set, because it writes every row of a table at each step; "
                    f"received {value!r}"
                )

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Sums duplicates, then goes the way of Keras: clipping, weight decay, step.

        Args:
            grads: gradients, dense or `tf.IndexedSlices`.
            trainable_variables: their variables, None for those the optimizer was built with (default: None).
        """
        grads = [sum_duplicates(g) if isinstance(g, tf.IndexedSlices) else g for g in grads]
        scale = self.loss_scale_factor
        self.loss_scale_factor = None
        if scale is not None:  # Keras would divide the slices themselves, which have no division
            grads = _on_values(lambda values: [v if v is None else v / scale for v in values], grads)
        try:
            super().apply(grads, trainable_variables)
        finally:
            self.loss_scale_factor = scale

    def update_step(self, gradient: Any, variable: tf.Variable, learning_rate: Any) -> None:
        """Decays and updates one variable: its rows, or all of it where the gradient is dense.

        Args:
            gradient: gradient; slices have each row once.
            variable: variable.
            learning_rate: learning rate of this step.
        """
        lr = tf.cast(learning_rate, variable.dtype)
        decays = self.weight_decay is not None and self._use_weight_decay(variable)
        if not isinstance(gradient, tf.IndexedSlices):
            if decays:
                variable.assign_sub(variable * tf.cast(self.weight_decay, variable.dtype) * lr)
            self.update_dense(tf.cast(gradient, variable.dtype), variable, lr)
            return
        g, rows = tf.cast(gradient.values, variable.dtype), gradient.indices
        if decays:
            kept = read_rows(variable, rows)  # [U, D]
            write_rows(variable, rows, kept - kept * tf.cast(self.weight_decay, variable.dtype) * lr)
        self.update_rows(g, rows, variable, lr)

    def update_dense(self, g: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        """Updates a variable with a dense gradient, by the step of Keras.

        Args:
            g: gradient.
            variable: variable.
            learning_rate: learning rate of this step.
        """
        super().update_step(g, variable, learning_rate)

    def update_rows(
        self, g: tf.Tensor, rows: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Updates some rows of a table.

        Args:
            g: summed gradients ``[U, D]``.
            rows: rows ``[U]``, each once.
            variable: table ``[V, D]``.
            learning_rate: learning rate of this step.
        """
        raise NotImplementedError

    def _apply_weight_decay(self, variables: Any) -> None:
        """Leaves the decay to `update_step`, which knows the rows."""

    def _clip_gradients(self, grads: Sequence[Any]) -> list[Any]:
        """Clips the values of slices as Keras clips a tensor: the rows that are missing are zero."""
        return _on_values(super()._clip_gradients, grads)


def _on_values(change: Callable[[list[Any]], list[Any]], grads: Sequence[Any]) -> list[Any]:
    """Changes gradients, of slices their values."""
    values = change([g.values if isinstance(g, tf.IndexedSlices) else g for g in grads])
    return [
        tf.IndexedSlices(v, g.indices, g.dense_shape) if isinstance(g, tf.IndexedSlices) else v
        for g, v in zip(grads, values, strict=True)
    ]
