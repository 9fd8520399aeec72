"""The sequence columns: one vector a step instead of one a row, and the number of steps."""

from collections.abc import Callable

import tensorflow as tf

from recnotes.columns.dense import embedding, indicator


def sequence_lengths(values: tf.SparseTensor, num_elements: int = 1) -> tf.Tensor:
    """Say how many steps each row has: the last column that holds something, plus 1.

    Args:
        values: SparseTensor `[B, L]`.
        num_elements: values that make one step (default: 1).

    Returns:
        Numbers of steps `[B]`, int64; a step begun counts, and a gap inside too.

    Example:
        >>> from recnotes.columns.categorical import drop_missing
        >>> sequence_lengths(drop_missing(tf.constant([[4, -1, 2], [-1, -1, -1]]))).numpy().tolist()
        [3, 0]

    References:
        TensorFlow, `python/feature_column/utils.py`, https://github.com/tensorflow/tensorflow.
    """
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
    ids: tf.SparseTensor, table: tf.Tensor | tf.Variable, max_norm: float | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Look up each step's id, as `embedding_column` of a `sequence_categorical_column_with_*` does.

    Args:
        ids: SparseTensor of ids `[B, L]`, from any of the functions of `recnotes.columns.categorical`.
        table: table `[V, D]`.
        max_norm: length to which longer rows are shortened (default: None).

    Returns:
        The pair (vectors `[B, L, D]`, 0 at steps without an id; lengths `[B]`). A step holds one id, so the
        combiner has nothing to do.

    Raises:
        TypeError: If the ids are not sparse.
        ValueError: If the table is not `[V, D]` or `max_norm` is not positive.

    Example:
        >>> from recnotes.columns.categorical import drop_missing
        >>> e, lengths = sequence_embedding(drop_missing(tf.constant([[1, -1]])), tf.constant([[2.0], [3.0]]))
        >>> e.numpy().tolist(), lengths.numpy().tolist()
        ([[[3.0], [0.0]]], [1])

    References:
        TensorFlow, `tf.feature_column.sequence_categorical_column_with_identity`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/sequence_categorical_column_with_identity.
    """
    return _rows(embedding(_steps(ids), table, max_norm=max_norm), ids), sequence_lengths(ids)


def sequence_indicator(ids: tf.SparseTensor, num_buckets: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Write each step's id as a one-hot vector, as `indicator_column` of a sequence column does.

    Args:
        ids: SparseTensor of ids `[B, L]`.
        num_buckets: number V of ids.

    Returns:
        The pair (zeros and ones `[B, L, V]`, lengths `[B]`).

    Example:
        >>> from recnotes.columns.categorical import drop_missing
        >>> sequence_indicator(drop_missing(tf.constant([[1, -1]])), 2)[0].numpy().tolist()
        [[[0.0, 1.0], [0.0, 0.0]]]

    References:
        TensorFlow, `tf.feature_column.indicator_column`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/indicator_column.
    """
    return _rows(indicator(_steps(ids), num_buckets), ids), sequence_lengths(ids)


def sequence_numeric(
    values: tf.SparseTensor,
    num_elements: int = 1,
    default_value: float = 0.0,
    normalizer: Callable[[tf.SparseTensor], tf.SparseTensor] | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Cut each row of numbers into steps, as `sequence_numeric_column` does.

    Args:
        values: SparseTensor of numbers `[B, L]`, L a multiple of `num_elements`.
        num_elements: numbers n that make one step (default: 1).
        default_value: number that stands where there is none (default: 0.0).
        normalizer: function of the SparseTensor; the default is put in after it (default: None).

    Returns:
        The pair (numbers `[B, L / n, n]`, lengths `[B]`).

    Raises:
        ValueError: If `num_elements` is not positive.
        tf.errors.InvalidArgumentError: If L is no multiple of it.

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
    if num_elements < 1:
        raise ValueError(f"num_elements must be at least 1, received {num_elements!r}")
    sparse = values if normalizer is None else normalizer(values)
    steps = tf.sparse.to_dense(sparse, tf.cast(default_value, sparse.dtype))
    num_rows = tf.shape(steps)[0]
    return tf.reshape(steps, [num_rows, tf.shape(steps)[1] // num_elements, num_elements]), sequence_lengths(
        sparse, num_elements
    )
