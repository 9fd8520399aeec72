"""The crossed column: every combination of one value a feature, hashed to an id."""

from collections.abc import Sequence

import tensorflow as tf

from recnotes._xla import refuse_xla
from recnotes.columns._border import check_count, describe

DEFAULT_HASH_KEY = 0xDECAFCAFFE
MULTIPLIER = 0xC6A4A7935BD1E995


def fingerprint(values: tf.Tensor) -> tf.Tensor:
    """Turn values into 64 bits: a string into its FarmHash fingerprint, an integer into itself.

    Args:
        values: strings or integers `[K]`.

    Returns:
        Bits `[K]`, uint64.

    Raises:
        ValueError: If the values are neither.

    Example:
        >>> fingerprint(tf.constant([3, -1])).numpy().tolist()
        [3, 18446744073709551615]

    References:
        Google, FarmHash, https://github.com/google/farmhash.
    """
    if values.dtype == tf.string:
        return tf.bitcast(tf.raw_ops.Fingerprint(data=values, method="farmhash64"), tf.uint64)
    if not values.dtype.is_integer:
        raise ValueError(f"values must be strings or integers, received {values.dtype.name}")
    return tf.bitcast(tf.cast(values, tf.int64), tf.uint64)


def _shift_mix(x: tf.Tensor) -> tf.Tensor:
    return tf.bitwise.bitwise_xor(x, tf.bitwise.right_shift(x, tf.constant(47, tf.uint64)))


def fingerprint_cat(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    r"""Join two fingerprints into one; the order matters.

    With $m$ the multiplier, $s(x) = x \oplus \lfloor x / 2^{47} \rfloor$ and all products modulo $2^{64}$:
    $h = s\big(m \, s(m \, (a \oplus m \oplus m \, s(m b)))\big)$, all of shape $[K]$.

    Args:
        first: bits $a$ `[K]`, uint64.
        second: bits $b$ `[K]`, uint64.

    Returns:
        Bits $h$ `[K]`, uint64.

    Example:
        >>> one, two = tf.constant([1], tf.uint64), tf.constant([2], tf.uint64)
        >>> bool(fingerprint_cat(one, two)[0] == fingerprint_cat(two, one)[0])
        False

    References:
        TensorFlow, `FingerprintCat64` in `tsl/platform/fingerprint.h`,
        https://github.com/google/tsl.
    """
    m = tf.constant(MULTIPLIER, tf.uint64)
    h = tf.bitwise.bitwise_xor(tf.bitwise.bitwise_xor(first, m), _shift_mix(second * m) * m) * m
    return _shift_mix(_shift_mix(h) * m)


def crossed_ids(
    features: Sequence[tf.Tensor | tf.SparseTensor],
    num_buckets: int,
    hash_key: int | None = None,
    name: str | None = None,
) -> tf.SparseTensor:
    """Cross features row by row, as `crossed_column` does.

    Row b holds one id for each combination of one value of every feature, the last feature's value changing
    fastest. A row in which a feature has no value holds none.

    Args:
        features: SparseTensors (ids of other columns, or raw values) and tensors `[B, L]`. **Sparse ones come
            first** in a combination, whatever their order here, and a dense one is taken whole: its -1 and
            empty strings are values.
        num_buckets: number V of ids, at least 1.
        hash_key: what the first fingerprint is joined to; None takes TensorFlow's (default: None).
        name: the column, which error messages name (default: None).

    Returns:
        SparseTensor of ids, int64, with B rows.

    Raises:
        ValueError: If there are no features, one is not `[B, L]`, of floats, or ragged, or there is no
            bucket; under `jit_compile=True`.
        tf.errors.InvalidArgumentError: If the numbers of rows differ.

    Example:
        >>> ids = crossed_ids([tf.constant([["a", "b"]]), tf.constant([[1, 2, 3]])], 1000)
        >>> ids.dense_shape.numpy().tolist()
        [1, 6]

    References:
        TensorFlow, `tf.sparse.cross_hashed`,
        https://www.tensorflow.org/api_docs/python/tf/sparse/cross_hashed: equal ids. `tf.keras`'s
        `HashedCrossing` hashes differently.
    """
    what = describe(name, "features")
    refuse_xla(what)
    check_count(num_buckets, "num_buckets", what)
    if not features:
        raise ValueError(f"{what} must not be empty, received none")
    for i, f in enumerate(features):
        if isinstance(f, tf.RaggedTensor) or f.shape.rank != 2:
            raise ValueError(
                f"{what} must be dense or sparse and [B, L], received {type(f).__name__} of shape {f.shape} "
                f"at {i}"
            )
        if f.dtype != tf.string and not f.dtype.is_integer:
            raise ValueError(f"{what} must be strings or integers, received {f.dtype.name} at {i}")
    sparse = [f for f in features if isinstance(f, tf.SparseTensor)]
    dense = [f for f in features if not isinstance(f, tf.SparseTensor)]
    flat = [(f.indices[:, 0], f.values, f.dense_shape[0]) for f in sparse]
    for f in dense:
        num_rows, length = tf.unstack(tf.shape(f, tf.int64))
        flat.append((tf.repeat(tf.range(num_rows), length), tf.reshape(f, [-1]), num_rows))
    num_rows = flat[0][2]
    for _, _, other in flat:
        tf.debugging.assert_equal(other, num_rows, message=f"{what} must have one number of rows")
    counts = [tf.math.unsorted_segment_sum(tf.ones_like(rows), rows, num_rows) for rows, _, _ in flat]
    total = tf.reduce_prod(tf.stack(counts), axis=0)
    row = tf.repeat(tf.range(num_rows), total)
    place = tf.range(tf.reduce_sum(total)) - tf.gather(tf.cumsum(total, exclusive=True), row)
    # Read the place in the row as a number whose digits, of base n_1, n_2, ..., choose the values.
    left, chosen = place, []
    for (_, values, _), count in zip(reversed(flat), reversed(counts), strict=True):
        base = tf.gather(count, row)
        digit, left = left % base, left // base
        start = tf.gather(tf.cumsum(count, exclusive=True), row)
        chosen.append(tf.gather(fingerprint(values), start + digit))
    key = DEFAULT_HASH_KEY if hash_key is None else hash_key
    h = tf.fill(tf.shape(row), tf.constant(key, tf.uint64))
    for bits in reversed(chosen):
        h = fingerprint_cat(h, bits)
    ids = tf.cast(h % tf.constant(num_buckets, tf.uint64), tf.int64)
    shape = tf.stack([num_rows, tf.maximum(tf.reduce_max(total), 0)])
    return tf.SparseTensor(tf.stack([row, place], axis=1), ids, shape)
