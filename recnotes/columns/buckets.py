"""The bucketized column: between which boundaries a number lies, as id and as one-hot vector."""

from collections.abc import Sequence

import tensorflow as tf

from recnotes.columns._border import check_numbers, check_rank, describe


def bucket_ids(values: tf.Tensor, boundaries: Sequence[float], name: str | None = None) -> tf.Tensor:
    """Say between which boundaries each number lies, as `bucketized_column` does.

    Args:
        values: numbers `[B, n]`.
        boundaries: increasing numbers.
        name: the column, which error messages name (default: None).

    Returns:
        Buckets `[B, n]`, int64, 0 to `len(boundaries)`; a number equal to a boundary lies above it, and NaN
        above all.

    Raises:
        ValueError: If the boundaries do not increase or the values are not numbers `[B, n]`.

    Example:
        >>> bucket_ids(tf.constant([[-1.0, 0.0, 5.0]]), [0.0, 1.0]).numpy().tolist()
        [[0, 1, 2]]

    References:
        TensorFlow, `tf.feature_column.bucketized_column`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/bucketized_column.
    """
    what = describe(name, "values")
    limits = [float(limit) for limit in boundaries]
    if not limits or not all(a < b for a, b in zip(limits, [*limits[1:], float("inf")], strict=True)):
        raise ValueError(f"boundaries of {what} must increase, received {boundaries!r}")
    check_rank(values, what, "[B, n]")
    check_numbers(values, what)
    # Not `>=`: NaN is below no boundary, and TensorFlow puts it above the last one.
    below = tf.cast(values, tf.float32)[:, :, tf.newaxis] < tf.constant(limits, tf.float32)
    return tf.reduce_sum(tf.cast(~below, tf.int64), axis=2)


def bucketized_ids(
    values: tf.Tensor, boundaries: Sequence[float], name: str | None = None
) -> tf.SparseTensor:
    """Take buckets as ids, each position with its own: $(m + 1) j$ + bucket, m boundaries, position j.

    Args:
        values: numbers `[B, n]`.
        boundaries: m increasing numbers.
        name: the column, which error messages name (default: None).

    Returns:
        SparseTensor of ids `[B, n]`, int64, of `(m + 1) n` possible ones.

    Raises:
        ValueError: As in `bucket_ids`.

    Example:
        >>> bucketized_ids(tf.constant([[-1.0, 5.0]]), [0.0]).values.numpy().tolist()
        [0, 3]

    References:
        TensorFlow, `python/feature_column/feature_column_v2.py`, https://github.com/tensorflow/tensorflow.
    """
    buckets = bucket_ids(values, boundaries, name)
    own = buckets + (len(boundaries) + 1) * tf.range(tf.shape(buckets, tf.int64)[1], dtype=tf.int64)
    return tf.sparse.from_dense(own + 1).with_values(tf.reshape(own, [-1]))


def bucketized(values: tf.Tensor, boundaries: Sequence[float], name: str | None = None) -> tf.Tensor:
    """Write each number's bucket as a one-hot vector, side by side, as `bucketized_column` does.

    Args:
        values: numbers `[B, n]`.
        boundaries: m increasing numbers.
        name: the column, which error messages name (default: None).

    Returns:
        Zeros and ones `[B, n (m + 1)]`, float32.

    Raises:
        ValueError: As in `bucket_ids`.

    Example:
        >>> bucketized(tf.constant([[-1.0, 5.0]]), [0.0]).numpy().tolist()
        [[1.0, 0.0, 0.0, 1.0]]

    References:
        TensorFlow, `tf.feature_column.bucketized_column`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/bucketized_column.
    """
    one_hot = tf.one_hot(bucket_ids(values, boundaries, name), len(boundaries) + 1)
    return tf.reshape(one_hot, [tf.shape(values)[0], (len(boundaries) + 1) * tf.shape(values)[1]])
