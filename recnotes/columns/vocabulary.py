"""The categorical columns with a vocabulary: a list of words, or a file of them."""

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from recnotes.columns._border import Values, describe
from recnotes.columns.categorical import as_key, as_text, drop_missing, with_ids


def vocabulary_ids(
    values: Values,
    vocabulary: Sequence[str] | Sequence[int],
    num_oov_buckets: int = 0,
    default_value: int = -1,
    name: str | None = None,
) -> tf.SparseTensor:
    """Give each word its place in a list, as `categorical_column_with_vocabulary_list` does.

    A word that is not in the list gets V + its hash modulo `num_oov_buckets`, or `default_value` where there
    are no such buckets.

    Args:
        values: strings or integers `[B, L]`, like the vocabulary.
        vocabulary: V different words.
        num_oov_buckets: number of ids for other words, after those of the list (default: 0).
        default_value: id of other words if `num_oov_buckets` is 0, below V; later steps drop -1
            (default: -1).
        name: the column, which error messages name (default: None).

    Returns:
        SparseTensor of ids `[B, L]`, int64.

    Raises:
        ValueError: If the vocabulary is empty or repeats a word, the dtypes differ, both kinds of
            treatment of other words are asked for, or the default is neither -1 nor the id of a word.

    Example:
        >>> vocabulary_ids(tf.constant([["b", "", "z"]]), ["a", "b"]).values.numpy().tolist()
        [1, -1]

    References:
        TensorFlow, `tf.feature_column.categorical_column_with_vocabulary_list`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/categorical_column_with_vocabulary_list.
        There a default of V or more passes, and an indicator makes it zeros.
    """
    what, size = describe(name, "values"), len(vocabulary)
    if not size or len(set(vocabulary)) != size:
        shown = list(vocabulary[:20])
        raise ValueError(
            f"vocabulary of {what} must hold different words, received {size}, of them {shown!r}"
        )
    if num_oov_buckets < 0 or (num_oov_buckets and default_value != -1):
        received = (num_oov_buckets, default_value)
        raise ValueError(
            f"num_oov_buckets of {what} must be 0 beside a default_value, and never negative, "
            f"received {received!r}"
        )
    if not -1 <= default_value < size:
        raise ValueError(f"default_value of {what} must be in [-1, {size}), received {default_value!r}")
    sparse = drop_missing(values, name)
    keys = as_key(sparse, name)
    words = tf.constant(list(vocabulary), tf.string if isinstance(vocabulary[0], str) else tf.int64)  # [V]
    if keys.dtype != words.dtype:
        raise ValueError(
            f"{what} must be like the vocabulary, {words.dtype.name}, received {keys.dtype.name}"
        )
    places = tf.lookup.KeyValueTensorInitializer(words, tf.range(size, dtype=tf.int64))
    ids = tf.lookup.StaticHashTable(places, default_value).lookup(keys)  # [K]
    if num_oov_buckets:
        other = size + tf.strings.to_hash_bucket_fast(as_text(keys), num_oov_buckets)  # [K]
        ids = tf.where(ids < 0, other, ids)  # [K]
    return with_ids(sparse, ids)


def _lines(path: Path) -> list[str]:
    # Only a line feed ends a line, as in TensorFlow; `splitlines` also cuts at \x0c, \u2028 and others.
    lines = path.read_bytes().decode("utf-8").split("\n")
    return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]


def vocabulary_file_ids(
    values: Values,
    vocabulary_file: str | Path,
    vocabulary_size: int | None = None,
    num_oov_buckets: int = 0,
    default_value: int = -1,
    name: str | None = None,
) -> tf.SparseTensor:
    r"""Give each word its line in a file, as `categorical_column_with_vocabulary_file` does.

    Args:
        values: strings or integers `[B, L]`; for integers the lines are read as integers.
        vocabulary_file: path of a text file in UTF-8, one word a line.
        vocabulary_size: number V of lines to read; None reads all (default: None).
        num_oov_buckets: number of ids for other words (default: 0).
        default_value: id of other words if `num_oov_buckets` is 0 (default: -1).
        name: the column, which error messages name (default: None).

    Returns:
        SparseTensor of ids `[B, L]`, int64.

    Raises:
        ValueError: If the file has fewer lines than `vocabulary_size`, a line is no integer where the values
            are, or as in `vocabulary_ids`.

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
    what, lines = describe(name, "values"), _lines(Path(vocabulary_file))
    if vocabulary_size is not None and not 0 < vocabulary_size <= len(lines):
        raise ValueError(
            f"vocabulary_size of {what} must be in [1, {len(lines)}], received {vocabulary_size!r}"
        )
    words: list[str] = lines[:vocabulary_size]
    if values.dtype == tf.string:
        return vocabulary_ids(values, words, num_oov_buckets, default_value, name)
    try:
        numbers = [int(word) for word in words]
    except ValueError as error:
        raise ValueError(f"vocabulary_file of {what} must hold integers, like the values: {error}") from None
    return vocabulary_ids(values, numbers, num_oov_buckets, default_value, name)
