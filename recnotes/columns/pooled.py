"""The columns that pool a row's ids: weighted, indicator, embedding, shared embedding."""

from collections.abc import Sequence

import tensorflow as tf

from recnotes._xla import refuse_xla
from recnotes.columns._border import (
    Values,
    check_count,
    check_integers,
    check_places,
    check_sparse,
    describe,
)
from recnotes.lookup.safe import safe_embedding_lookup_sparse


def weighted(
    ids: tf.SparseTensor, weights: tf.SparseTensor, name: str | None = None
) -> tuple[tf.SparseTensor, tf.SparseTensor]:
    """Put weights beside ids, as `weighted_categorical_column` does.

    Args:
        ids: SparseTensor of ids `[B, L]`.
        weights: SparseTensor of numbers `[B, L]` at the same places. `drop_missing` of a dense tensor drops
            a weight of 0, which then has no counterpart.
        name: the column, which error messages name (default: None).

    Returns:
        The pair (ids, weights as float32).

    Raises:
        TypeError: If one is not sparse.
        ValueError: If the weights are not floating, the ids not integers, one is not `[B, L]`, or their
            shapes differ; under `jit_compile=True`.
        tf.errors.InvalidArgumentError: If the places differ.

    Example:
        >>> from recnotes.columns.categorical import drop_missing
        >>> ids, w = weighted(drop_missing(tf.constant([[3, -1]])), drop_missing(tf.constant([[0.5, 0.0]])))
        >>> w.values.numpy().tolist()
        [0.5]

    References:
        TensorFlow, `tf.feature_column.weighted_categorical_column`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/weighted_categorical_column.
    """
    what, beside = describe(name, "ids"), describe(name, "weights")
    refuse_xla(what)
    check_sparse(ids, what)
    check_integers(ids, what)
    check_sparse(weights, beside)
    if not weights.dtype.is_floating:
        raise ValueError(f"{beside} must be floating, received {weights.dtype.name}")
    check_places(ids, weights, what, beside)
    return ids, tf.cast(weights, tf.float32)


def indicator(
    ids: tf.SparseTensor, num_buckets: int, weights: tf.SparseTensor | None = None, name: str | None = None
) -> tf.Tensor:
    """Count each row's ids, or add up their weights, as `indicator_column` does.

    Args:
        ids: SparseTensor of ids `[B, L]`; a negative one counts nowhere.
        num_buckets: number V of ids.
        weights: SparseTensor of weights like `ids` (default: None).
        name: the column, which error messages name (default: None).

    Returns:
        Counts or sums `[B, V]`, float32.

    Raises:
        TypeError: If ids or weights are not sparse.
        ValueError: If they are not `[B, L]`, the ids are not integers, or `num_buckets` is not positive;
            under `jit_compile=True`, where an id of V or more would count nowhere.
        tf.errors.InvalidArgumentError: If an id is V or more, or the weights stand elsewhere.

    Example:
        >>> from recnotes.columns.categorical import drop_missing
        >>> indicator(drop_missing(tf.constant([[2, 2, -1], [0, -1, -1]])), 3).numpy().tolist()
        [[0.0, 0.0, 2.0], [1.0, 0.0, 0.0]]

    References:
        TensorFlow, `tf.feature_column.indicator_column`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/indicator_column: there an id of V or
        more counts nowhere.
    """
    what = describe(name, "ids")
    refuse_xla(what)
    check_count(num_buckets, "num_buckets", what)
    check_sparse(ids, what)
    check_integers(ids, what)
    if weights is not None:
        check_sparse(weights, describe(name, "weights"))
        check_places(ids, weights, what, describe(name, "weights"))
    flat = tf.cast(ids.values, tf.int64)  # [K]
    beyond = flat >= num_buckets  # [K]
    check = tf.debugging.Assert(
        ~tf.reduce_any(beyond),
        [f"{what} must be less than {num_buckets}, received", tf.boolean_mask(flat, beyond)],
    )
    with tf.control_dependencies([check] if check is not None else []):
        valid = flat >= 0  # [K]
    one = tf.ones_like(flat, tf.float32) if weights is None else tf.cast(weights.values, tf.float32)  # [K]
    places = tf.boolean_mask(tf.stack([ids.indices[:, 0], flat], axis=1), valid)
    shape = tf.stack([ids.dense_shape[0], num_buckets])  # [2]
    return tf.scatter_nd(places, tf.boolean_mask(one, valid), shape)


def embedding(
    ids: Values,
    table: tf.Tensor | tf.Variable,
    weights: Values | None = None,
    combiner: str = "mean",
    max_norm: float | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """Pool the rows of each row's ids, as `embedding_column` does: a safe sparse lookup and nothing else.

    Args:
        ids: SparseTensor of ids `[B, L]`; a negative one is dropped.
        table: table `[V, D]`.
        weights: SparseTensor of weights like `ids` (default: None).
        combiner: "sum", "mean" or "sqrtn" (default: "mean").
        max_norm: length to which longer rows are shortened first (default: None).
        name: the column, which error messages name (default: None).

    Returns:
        Pooled rows `[B, D]`; 0 for a row without ids.

    Raises:
        TypeError: If the ids are neither sparse nor ragged.
        ValueError: If the combiner is unknown, the table is not `[V, D]`, or `max_norm` is not positive;
            under `jit_compile=True`.
        tf.errors.InvalidArgumentError: If an id is V or more.

    Example:
        >>> from recnotes.columns.categorical import drop_missing
        >>> embedding(drop_missing(tf.constant([[1, 0]])), tf.constant([[1.0], [4.0]])).numpy().tolist()
        [[2.5]]

    References:
        TensorFlow, `tf.feature_column.embedding_column`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/embedding_column.
    """
    what = describe(name, "ids")
    refuse_xla(what)
    if not isinstance(ids, tf.SparseTensor | tf.RaggedTensor):
        raise TypeError(f"{what} must be a SparseTensor or a RaggedTensor, received {type(ids).__name__}")
    if ids.shape.rank != 2:
        raise ValueError(f"{what} must be [B, L], received shape {ids.shape}")
    check_integers(ids, what)
    return safe_embedding_lookup_sparse(table, ids, weights, combiner, max_norm=max_norm, name=what)


def shared_embedding(
    ids: Sequence[tf.SparseTensor],
    table: tf.Tensor | tf.Variable,
    combiner: str = "mean",
    max_norm: float | None = None,
    names: Sequence[str] | None = None,
) -> list[tf.Tensor]:
    """Pool the ids of several features from one table, as `shared_embedding_columns` does.

    Args:
        ids: one SparseTensor of ids `[B, L]` a feature.
        table: table `[V, D]`.
        combiner: "sum", "mean" or "sqrtn" (default: "mean").
        max_norm: length to which longer rows are shortened first (default: None).
        names: the columns, which error messages name; None numbers them (default: None).

    Returns:
        Pooled rows `[B, D]`, one tensor a feature.

    Raises:
        TypeError: If the ids are neither sparse nor ragged.
        ValueError: If the names do not fit, the combiner is unknown, the table is not `[V, D]`, or
            `max_norm` is not positive; under `jit_compile=True`.
        tf.errors.InvalidArgumentError: If an id is V or more.

    Example:
        >>> from recnotes.columns.categorical import drop_missing
        >>> ids = drop_missing(tf.constant([[1]]))
        >>> len(shared_embedding([ids, ids], tf.constant([[1.0], [4.0]])))
        2

    References:
        TensorFlow, `tf.compat.v1.feature_column.shared_embedding_columns`,
        https://www.tensorflow.org/api_docs/python/tf/compat/v1/feature_column/shared_embedding_columns.
    """
    names = [str(i) for i in range(len(ids))] if names is None else names
    if len(names) != len(ids):
        raise ValueError(f"names must be those of {len(ids)} columns, received {list(names)!r}")
    return [
        embedding(each, table, None, combiner, max_norm, name) for each, name in zip(ids, names, strict=True)
    ]
