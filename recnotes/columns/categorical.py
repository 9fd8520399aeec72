"""The categorical columns: what turns raw values into ids."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import tensorflow as tf

Values: TypeAlias = tf.Tensor | tf.SparseTensor | tf.RaggedTensor


def drop_missing(values: Values) -> tf.SparseTensor:
    """Keep what is there: every categorical column starts with this step.

    Args:
        values: tensor `[B, L]` in which -1, the empty string or 0.0 means "missing", by its dtype; a sparse
            or ragged tensor is taken whole, its -1 included.

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
    if values.shape.rank != 2:
        raise ValueError(f"values must be [B, L], received shape {values.shape}")
    if isinstance(values, tf.SparseTensor):
        return values
    if isinstance(values, tf.RaggedTensor):
        return values.to_sparse()
    if values.dtype == tf.string:
        missing: str | int = ""
    else:
        missing = -1 if values.dtype.is_integer else 0
    # Not `!=`: in a graph of version 1 that compares the objects.
    places = tf.where(tf.not_equal(values, tf.constant(missing, values.dtype)))
    return tf.SparseTensor(places, tf.gather_nd(values, places), tf.shape(values, tf.int64))


def _with_ids(values: tf.SparseTensor, ids: tf.Tensor) -> tf.SparseTensor:
    return tf.SparseTensor(values.indices, ids, values.dense_shape)


def _as_int64(values: tf.SparseTensor) -> tf.SparseTensor:
    if not values.dtype.is_integer:
        raise ValueError(f"values must be integers, received {values.dtype.name}")
    return tf.cast(values, tf.int64)


def _as_key(values: tf.SparseTensor) -> tf.Tensor:
    if values.dtype != tf.string and not values.dtype.is_integer:
        raise ValueError(f"values must be strings or integers, received {values.dtype.name}")
    return values.values if values.dtype == tf.string else tf.cast(values.values, tf.int64)


def _as_text(keys: tf.Tensor) -> tf.Tensor:
    return keys if keys.dtype == tf.string else tf.strings.as_string(keys)


def identity_ids(values: Values, num_buckets: int, default_value: int | None = None) -> tf.SparseTensor:
    """Take integers as ids, as `categorical_column_with_identity` does.

    Args:
        values: integers `[B, L]`.
        num_buckets: number V of ids, at least 1.
        default_value: id in `[0, V)` that stands for every value out of range; None makes one an error
            (default: None).

    Returns:
        SparseTensor of ids `[B, L]`, int64.

    Raises:
        ValueError: If the values are not integers, or a number is out of range.
        tf.errors.InvalidArgumentError: If a value is not in `[0, V)` and there is no default.

    Example:
        >>> identity_ids(tf.constant([[1, 9, -1]]), 5, default_value=0).values.numpy().tolist()
        [1, 0]

    References:
        TensorFlow, `tf.feature_column.categorical_column_with_identity`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/categorical_column_with_identity. There
        an id out of range passes without a default: an indicator makes it zeros.
    """
    if num_buckets < 1:
        raise ValueError(f"num_buckets must be at least 1, received {num_buckets!r}")
    sparse = _as_int64(drop_missing(values))
    outside = (sparse.values < 0) | (sparse.values >= num_buckets)
    if default_value is None:
        check = tf.debugging.Assert(
            ~tf.reduce_any(outside), [f"values must be in [0, {num_buckets}), received", sparse.values]
        )
        with tf.control_dependencies([check] if check is not None else []):
            return _with_ids(sparse, tf.identity(sparse.values))
    if not 0 <= default_value < num_buckets:
        raise ValueError(f"default_value must be in [0, {num_buckets}), received {default_value!r}")
    return _with_ids(sparse, tf.where(outside, tf.constant(default_value, tf.int64), sparse.values))


def hashed_ids(values: Values, num_buckets: int) -> tf.SparseTensor:
    """Hash values to ids, as `categorical_column_with_hash_bucket` does: integers by their decimal digits.

    Args:
        values: strings or integers `[B, L]`.
        num_buckets: number V of ids, at least 1.

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
    if num_buckets < 1:
        raise ValueError(f"num_buckets must be at least 1, received {num_buckets!r}")
    sparse = drop_missing(values)
    return _with_ids(sparse, tf.strings.to_hash_bucket_fast(_as_text(_as_key(sparse)), num_buckets))


def vocabulary_ids(
    values: Values,
    vocabulary: Sequence[str] | Sequence[int],
    num_oov_buckets: int = 0,
    default_value: int = -1,
) -> tf.SparseTensor:
    """Give each word its place in a list, as `categorical_column_with_vocabulary_list` does.

    A word that is not in the list gets V + its hash modulo `num_oov_buckets`, or `default_value` where there
    are no such buckets.

    Args:
        values: strings or integers `[B, L]`, like the vocabulary.
        vocabulary: V different words.
        num_oov_buckets: number of ids for other words, after those of the list (default: 0).
        default_value: id of other words if `num_oov_buckets` is 0; later steps drop -1 (default: -1).

    Returns:
        SparseTensor of ids `[B, L]`, int64.

    Raises:
        ValueError: If the vocabulary is empty or repeats a word, the dtypes differ, or both kinds of
            treatment of other words are asked for.

    Example:
        >>> vocabulary_ids(tf.constant([["b", "", "z"]]), ["a", "b"]).values.numpy().tolist()
        [1, -1]

    References:
        TensorFlow, `tf.feature_column.categorical_column_with_vocabulary_list`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/categorical_column_with_vocabulary_list.
    """
    if not vocabulary or len(set(vocabulary)) != len(vocabulary):
        raise ValueError(f"vocabulary must hold different words, received {vocabulary!r}")
    if num_oov_buckets < 0 or (num_oov_buckets and default_value != -1):
        raise ValueError(
            f"num_oov_buckets must be 0 beside a default_value, received {(num_oov_buckets, default_value)!r}"
        )
    sparse = drop_missing(values)
    keys = _as_key(sparse)
    words = tf.constant(list(vocabulary), tf.string if isinstance(vocabulary[0], str) else tf.int64)
    if keys.dtype != words.dtype:
        raise ValueError(
            f"values must be like the vocabulary, {words.dtype.name}, received {keys.dtype.name}"
        )
    size = len(vocabulary)
    places = tf.lookup.KeyValueTensorInitializer(words, tf.range(size, dtype=tf.int64))
    ids = tf.lookup.StaticHashTable(places, default_value).lookup(keys)
    if num_oov_buckets:
        other = size + tf.strings.to_hash_bucket_fast(_as_text(keys), num_oov_buckets)
        ids = tf.where(ids < 0, other, ids)
    return _with_ids(sparse, ids)


def vocabulary_file_ids(
    values: Values,
    vocabulary_file: str | Path,
    vocabulary_size: int | None = None,
    num_oov_buckets: int = 0,
    default_value: int = -1,
) -> tf.SparseTensor:
    r"""Give each word its line in a file, as `categorical_column_with_vocabulary_file` does.

    Args:
        values: strings or integers `[B, L]`; for integers the lines are read as integers.
        vocabulary_file: path of a text file, one word a line.
        vocabulary_size: number V of lines to read; None reads all (default: None).
        num_oov_buckets: number of ids for other words (default: 0).
        default_value: id of other words if `num_oov_buckets` is 0 (default: -1).

    Returns:
        SparseTensor of ids `[B, L]`, int64.

    Raises:
        ValueError: If the file has fewer lines than `vocabulary_size`, or as in `vocabulary_ids`.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile("w") as file:
        ...     print("a", "b", sep="\n", file=file, flush=True)
        ...     vocabulary_file_ids(tf.constant([["b"]]), file.name).values.numpy().tolist()
        [1]

    References:
        TensorFlow, `tf.feature_column.categorical_column_with_vocabulary_file`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/categorical_column_with_vocabulary_file.
    """
    lines = Path(vocabulary_file).read_text("utf-8").splitlines()
    if vocabulary_size is not None and not 0 < vocabulary_size <= len(lines):
        raise ValueError(f"vocabulary_size must be in [1, {len(lines)}], received {vocabulary_size!r}")
    words: list[str] = lines[:vocabulary_size]
    if values.dtype == tf.string:
        return vocabulary_ids(values, words, num_oov_buckets, default_value)
    return vocabulary_ids(values, [int(word) for word in words], num_oov_buckets, default_value)


def bucket_ids(values: tf.Tensor, boundaries: Sequence[float]) -> tf.Tensor:
    """Say between which boundaries each number lies, as `bucketized_column` does.

    Args:
        values: numbers `[B, n]`.
        boundaries: increasing numbers.

    Returns:
        Buckets `[B, n]`, int64, 0 to `len(boundaries)`; a number equal to a boundary lies above it.

    Raises:
        ValueError: If the boundaries do not increase or the values are not `[B, n]`.

    Example:
        >>> bucket_ids(tf.constant([[-1.0, 0.0, 5.0]]), [0.0, 1.0]).numpy().tolist()
        [[0, 1, 2]]

    References:
        TensorFlow, `tf.feature_column.bucketized_column`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/bucketized_column.
    """
    limits = [float(limit) for limit in boundaries]
    if not limits or any(a >= b for a, b in zip(limits, limits[1:], strict=False)):
        raise ValueError(f"boundaries must increase, received {boundaries!r}")
    if values.shape.rank != 2:
        raise ValueError(f"values must be [B, n], received shape {values.shape}")
    above = tf.cast(values, tf.float32)[:, :, tf.newaxis] >= tf.constant(limits, tf.float32)
    return tf.reduce_sum(tf.cast(above, tf.int64), axis=2)


def bucketized_ids(values: tf.Tensor, boundaries: Sequence[float]) -> tf.SparseTensor:
    """Take buckets as ids, each position with its own: $(m + 1) j$ + bucket, m boundaries, position j.

    Args:
        values: numbers `[B, n]`.
        boundaries: m increasing numbers.

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
    buckets = bucket_ids(values, boundaries)
    own = buckets + (len(boundaries) + 1) * tf.range(tf.shape(buckets, tf.int64)[1], dtype=tf.int64)
    return tf.sparse.from_dense(own + 1).with_values(tf.reshape(own, [-1]))
