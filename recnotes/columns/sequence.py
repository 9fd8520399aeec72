"""The sequence columns: one vector a step instead of one a row, and the number of steps."""

from collections.abc import Callable

import tensorflow as tf

from recnotes._xla import refuse_xla
from recnotes.columns._border import check_count, check_numbers, check_sparse, describe
from recnotes.columns.pooled import embedding, indicator


def sequence_lengths(values: tf.SparseTensor, num_elements: int = 1, name: str | None = None) -> tf.Tensor:
    """Say how many steps each row has: the last column that holds something, plus 1.

    Args:
        values: SparseTensor `[B, L]`.
        num_elements: values that make one step (default: 1).
        name: the column, which error messages name (default: None).

    Returns:
        Numbers of steps `[B]`, int64; a step begun counts, and a gap inside too.

    Raises:
        TypeError: If the values are not sparse.
        ValueError: If they are not `[B, L]`, or `num_elements` is not positive.

    Example:
        >>> from recnotes.columns.categorical import drop_missing
        >>> sequence_lengths(drop_missing(tf.constant([[4, -1, 2], [-1, -1, -1]]))).numpy().tolist()
        [3, 0]

    References:
        TensorFlow, `python/feature_column/utils.py`, https://github.com/tensorflow/tensorflow.
    """
    what = describe(name, "values")
    check_sparse(values, what)
    check_count(num_elements, "num_elements", what)
    rows, columns = tf.unstack(values.indices, axis=1)
    last = tf.math.unsorted_segment_max(columns + 1, rows, values.dense_shape[0])
    # A row without values has the least int64 there is.
    return (tf.maximum(last, 0) + num_elements - 1) // num_elements


def _steps(values: tf.SparseTensor) -> tf.SparseTensor:
    # Every step becomes a row of at most one value.
    num_rows, length = tf.unstack(values.dense_shape)
    return tf.sparse.reshape(values, tf.stack([num_rows * length, tf.constant(1, tf.int64)]))


def _rows(steps: tf.Tensor, values: tf.SparseTensor) -> tf.Tensor:
    shape = tf.concat([tf.cast(values.dense_shape, tf.int32), tf.shape(steps)[1:]], axis=0)
    return tf.reshape(steps, shape)


def sequence_embedding(
    ids: tf.SparseTensor,
    table: tf.Tensor | tf.Variable,
    max_norm: float | None = None,
    name: str | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Look up each step's id, as `embedding_column` of a `sequence_categorical_column_with_*` does.

    Args:
        ids: SparseTensor of ids `[B, L]`, from any of the functions of `recnotes.columns` that end in `_ids`.
        table: table `[V, D]`.
        max_norm: length to which longer rows are shortened (default: None).
        name: the column, which error messages name (default: None).

    Returns:
        The pair (vectors `[B, L, D]`, 0 at steps without an id; lengths `[B]`). A step holds one id, so the
        combiner has nothing to do.

    Raises:
        TypeError: If the ids are not sparse.
        ValueError: If they are not `[B, L]`, the table is not `[V, D]` or `max_norm` is not positive; under
            `jit_compile=True`.
        tf.errors.InvalidArgumentError: If an id is V or more.

    Example:
        >>> from recnotes.columns.categorical import drop_missing
        >>> e, lengths = sequence_embedding(drop_missing(tf.constant([[1, -1]])), tf.constant([[2.0], [3.0]]))
        >>> e.numpy().tolist(), lengths.numpy().tolist()
        ([[[3.0], [0.0]]], [1])

    References:
        TensorFlow, `tf.feature_column.sequence_categorical_column_with_identity`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/sequence_categorical_column_with_identity.
    """
    lengths = sequence_lengths(ids, name=name)
    return _rows(embedding(_steps(ids), table, max_norm=max_norm, name=name), ids), lengths


def sequence_indicator(
    ids: tf.SparseTensor, num_buckets: int, name: str | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Write each step's id as a one-hot vector, as `indicator_column` of a sequence column does.

    Args:
        ids: SparseTensor of ids `[B, L]`.
        num_buckets: number V of ids.
        name: the column, which error messages name (default: None).

    Returns:
        The pair (zeros and ones `[B, L, V]`, lengths `[B]`).

    Raises:
        TypeError: If the ids are not sparse.
        ValueError: If they are not `[B, L]` or `num_buckets` is not positive; under `jit_compile=True`.
        tf.errors.InvalidArgumentError: If an id is V or more.

    Example:
        >>> from recnotes.columns.categorical import drop_missing
        >>> sequence_indicator(drop_missing(tf.constant([[1, -1]])), 2)[0].numpy().tolist()
        [[[0.0, 1.0], [0.0, 0.0]]]

    References:
        TensorFlow, `tf.feature_column.indicator_column`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/indicator_column.
    """
    lengths = sequence_lengths(ids, name=name)
    return _rows(indicator(_steps(ids), num_buckets, name=name), ids), lengths


def sequence_numeric(
    values: tf.SparseTensor,
    num_elements: int = 1,
    default_value: float = 0.0,
    normalizer: Callable[[tf.SparseTensor], tf.SparseTensor] | None = None,
    name: str | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Cut each row of numbers into steps, as `sequence_numeric_column` does.

    Args:
        values: SparseTensor of numbers `[B, L]`, L a multiple of `num_elements`.
        num_elements: numbers n that make one step (default: 1).
        default_value: number that stands where there is none (default: 0.0).
        normalizer: function of the SparseTensor; the default is put in after it (default: None).
        name: the column, which error messages name (default: None).

    Returns:
        The pair (numbers `[B, L / n, n]`, lengths `[B]`).

    Raises:
        TypeError: If the values are not sparse.
        ValueError: If they are not numbers `[B, L]`, `num_elements` is not positive, or L is no multiple of
            it; under `jit_compile=True`.
        tf.errors.InvalidArgumentError: If L, known only when the graph runs, is no multiple of it.

    Example:
        >>> x = tf.sparse.from_dense(tf.constant([[1.0, 2.0, 3.0, 0.0]]))
        >>> steps, lengths = sequence_numeric(x, num_elements=2)
        >>> steps.numpy().tolist(), lengths.numpy().tolist()
        ([[[1.0, 2.0], [3.0, 0.0]]], [2])

    References:
        TensorFlow, `tf.feature_column.sequence_numeric_column`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/sequence_numeric_column. There the
        normalizer gets the SparseTensor too.
    """
    what = describe(name, "values")
    refuse_xla(what)
    check_sparse(values, what)
    check_numbers(values, what)
    check_count(num_elements, "num_elements", what)
    sparse = values if normalizer is None else normalizer(values)
    steps = tf.sparse.to_dense(sparse, tf.cast(default_value, sparse.dtype))  # [B, L]
    num_rows, length = tf.unstack(tf.shape(steps))
    message = f"{what} must hold a multiple of {num_elements} numbers a row"
    if steps.shape[1] is not None and steps.shape[1] % num_elements:
        raise ValueError(f"{message}, received {steps.shape[1]}")
    tf.debugging.assert_equal(length % num_elements, 0, message=message)
    steps = tf.reshape(steps, [num_rows, length // num_elements, num_elements])
    return steps, sequence_lengths(sparse, num_elements, name)
