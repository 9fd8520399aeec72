"""The categorical columns without a vocabulary: integers as they are, and hashed values."""

import tensorflow as tf

from recnotes._xla import refuse_xla
from recnotes.columns._border import Values, check_count, check_integers, check_rank, describe


def drop_missing(values: Values, name: str | None = None) -> tf.SparseTensor:
    """Keep what is there: every categorical column starts with this step.

    Args:
        values: tensor `[B, L]` in which -1, the empty string or 0.0 means "missing", by its dtype; a sparse
            or ragged tensor is taken whole, its -1 included.
        name: the column, which error messages name (default: None).

    Returns:
        SparseTensor `[B, L]`.

    Raises:
        ValueError: If the rank is not 2.

    Example:
        >>> drop_missing(tf.constant([[4, -1], [0, 2]])).values.numpy().tolist()
        [4, 0, 2]

    References:
        TensorFlow, `python/feature_column/feature_column_v2.py`, https://github.com/tensorflow/tensorflow.
    """
    check_rank(values, describe(name, "values"))
    if isinstance(values, tf.SparseTensor):
        return values
    if isinstance(values, tf.RaggedTensor):
        return values.to_sparse()
    if values.dtype == tf.string:
        missing: str | int = ""
    else:
        missing = -1 if values.dtype.is_integer else 0
    # Not `!=`: in a graph of version 1 that compares the objects.
    places = tf.where(tf.not_equal(values, tf.constant(missing, values.dtype)))  # [K, 2]
    return tf.SparseTensor(places, tf.gather_nd(values, places), tf.shape(values, tf.int64))


def with_ids(values: tf.SparseTensor, ids: tf.Tensor) -> tf.SparseTensor:
    """Put ids in the places of values."""
    return tf.SparseTensor(values.indices, ids, values.dense_shape)


def as_key(values: tf.SparseTensor, name: str | None) -> tf.Tensor:
    """Return the flat values, integers as int64."""
    if values.dtype != tf.string and not values.dtype.is_integer:
        what = describe(name, "values")
        raise ValueError(f"{what} must be strings or integers, received {values.dtype.name}")
    return values.values if values.dtype == tf.string else tf.cast(values.values, tf.int64)


def as_text(keys: tf.Tensor) -> tf.Tensor:
    """Return the decimal digits of integers."""
    return keys if keys.dtype == tf.string else tf.strings.as_string(keys)


def identity_ids(
    values: Values, num_buckets: int, default_value: int | None = None, name: str | None = None
) -> tf.SparseTensor:
    """Take integers as ids, as `categorical_column_with_identity` does.

    Args:
        values: integers `[B, L]`.
        num_buckets: number V of ids, at least 1.
        default_value: id in `[0, V)` that stands for every value out of range; None makes one an error
            (default: None).
        name: the column, which error messages name (default: None).

    Returns:
        SparseTensor of ids `[B, L]`, int64.

    Raises:
        ValueError: If the values are not integers, or a number is out of range; under `jit_compile=True`.
        tf.errors.InvalidArgumentError: If a value is not in `[0, V)` and there is no default.

    Example:
        >>> identity_ids(tf.constant([[1, 9, -1]]), 5, default_value=0).values.numpy().tolist()
        [1, 0]

    References:
        TensorFlow, `tf.feature_column.categorical_column_with_identity`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/categorical_column_with_identity. There
        an id out of range passes without a default: an indicator makes it zeros.
    """
    what = describe(name, "values")
    check_count(num_buckets, "num_buckets", what)
    refuse_xla(what)
    sparse = drop_missing(values, name)
    check_integers(sparse, what)
    ids = tf.cast(sparse.values, tf.int64)  # [K]
    outside = (ids < 0) | (ids >= num_buckets)  # [K]
    if default_value is None:
        check = tf.debugging.Assert(
            ~tf.reduce_any(outside),
            [f"{what} must be in [0, {num_buckets}), received", tf.boolean_mask(ids, outside)],
        )
        with tf.control_dependencies([check] if check is not None else []):
            return with_ids(sparse, tf.identity(ids))
    if not 0 <= default_value < num_buckets:
        raise ValueError(f"default_value of {what} must be in [0, {num_buckets}), received {default_value!r}")
    return with_ids(sparse, tf.where(outside, tf.constant(default_value, tf.int64), ids))


def hashed_ids(values: Values, num_buckets: int, name: str | None = None) -> tf.SparseTensor:
    """Hash values to ids, as `categorical_column_with_hash_bucket` does: integers by their decimal digits.

    Args:
        values: strings or integers `[B, L]`.
        num_buckets: number V of ids, at least 1.
        name: the column, which error messages name (default: None).

    Returns:
        SparseTensor of ids `[B, L]`, int64. Different values may share an id.

    Raises:
        ValueError: If the values are neither strings nor integers, or there is no bucket.

    Example:
        >>> one, two = hashed_ids(tf.constant([[17]]), 100), hashed_ids(tf.constant([["17"]]), 100)
        >>> bool(one.values[0] == two.values[0])
        True

    References:
        TensorFlow, `tf.strings.to_hash_bucket_fast`,
        https://www.tensorflow.org/api_docs/python/tf/strings/to_hash_bucket_fast.
    """
    check_count(num_buckets, "num_buckets", describe(name, "values"))
    sparse = drop_missing(values, name)
    return with_ids(sparse, tf.strings.to_hash_bucket_fast(as_text(as_key(sparse, name)), num_buckets))
