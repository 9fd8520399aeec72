"""The dense columns: what turns numbers and ids into the input of a network, and the linear model."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from recnotes.columns.categorical import bucket_ids
from recnotes.lookup.safe import safe_embedding_lookup_sparse


def numeric(
    values: tf.Tensor | tf.SparseTensor,
    normalizer: Callable[[tf.Tensor], tf.Tensor] | None = None,
    default_value: float | None = None,
) -> tf.Tensor:
    """Take numbers as they are, as `numeric_column` does.

    Args:
        values: numbers `[B, n]`; sparse where some are missing.
        normalizer: function of the numbers, applied before they become float32 (default: None).
        default_value: number that stands for a missing one; needed for sparse values (default: None).

    Returns:
        Numbers `[B, n]`, float32.

    Raises:
        ValueError: If the values are not `[B, n]`, or sparse without a default.

    Example:
        >>> numeric(tf.constant([[3, 5]]), lambda x: x / 2).numpy().tolist()
        [[1.5, 2.5]]

    References:
        TensorFlow, `tf.feature_column.numeric_column`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/numeric_column. There the default is put
        in by `tf.io.parse_example`, before the column sees anything.
    """
    if values.shape.rank != 2:
        raise ValueError(f"values must be [B, n], received shape {values.shape}")
    if isinstance(values, tf.SparseTensor):
        if default_value is None:
            raise ValueError("default_value must be given for sparse values, received None")
        values = tf.sparse.to_dense(values, tf.cast(default_value, values.dtype))
    return tf.cast(values if normalizer is None else normalizer(values), tf.float32)


def bucketized(values: tf.Tensor, boundaries: Sequence[float]) -> tf.Tensor:
    """Write each number's bucket as a one-hot vector, side by side, as `bucketized_column` does.

    Args:
        values: numbers `[B, n]`.
        boundaries: m increasing numbers.

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
    one_hot = tf.one_hot(bucket_ids(values, boundaries), len(boundaries) + 1)
    return tf.reshape(one_hot, [tf.shape(values)[0], (len(boundaries) + 1) * tf.shape(values)[1]])


def weighted(ids: tf.SparseTensor, weights: tf.SparseTensor) -> tuple[tf.SparseTensor, tf.SparseTensor]:
    """Put weights beside ids, as `weighted_categorical_column` does.

    Args:
        ids: SparseTensor of ids `[B, L]`.
        weights: SparseTensor of numbers `[B, L]` at the same places. `drop_missing` of a dense tensor drops
            a weight of 0, which then has no counterpart.

    Returns:
        The pair (ids, weights as float32).

    Raises:
        ValueError: If the weights are not floating.
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
    if not weights.dtype.is_floating:
        raise ValueError(f"weights must be floating, received {weights.dtype.name}")
    tf.debugging.assert_equal(ids.indices, weights.indices, message="weights must stand at the places of ids")
    return ids, tf.cast(weights, tf.float32)


def indicator(ids: tf.SparseTensor, num_buckets: int, weights: tf.SparseTensor | None = None) -> tf.Tensor:
    """Count each row's ids, or add up their weights, as `indicator_column` does.

    Args:
        ids: SparseTensor of ids `[B, L]`; -1 counts nowhere.
        num_buckets: number V of ids.
        weights: SparseTensor of weights like `ids` (default: None).

    Returns:
        Counts or sums `[B, V]`, float32.

    Raises:
        tf.errors.InvalidArgumentError: If an id is V or more.

    Example:
        >>> from recnotes.columns.categorical import drop_missing
        >>> indicator(drop_missing(tf.constant([[2, 2, -1], [0, -1, -1]])), 3).numpy().tolist()
        [[0.0, 0.0, 2.0], [1.0, 0.0, 0.0]]

    References:
        TensorFlow, `tf.feature_column.indicator_column`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/indicator_column: there an id of V or
        more counts nowhere.
    """
    tf.debugging.assert_less(ids.values, tf.cast(num_buckets, ids.dtype), message="ids must be less than V")
    valid = ids.values >= 0
    rows = tf.boolean_mask(ids.indices[:, 0], valid)
    counted = tf.boolean_mask(
        tf.ones_like(ids.values, tf.float32) if weights is None else weights.values, valid
    )
    places = tf.stack([rows, tf.cast(tf.boolean_mask(ids.values, valid), tf.int64)], axis=1)
    return tf.scatter_nd(places, counted, tf.stack([ids.dense_shape[0], num_buckets]))


def embedding(
    ids: tf.SparseTensor,
    table: tf.Tensor | tf.Variable,
    weights: tf.SparseTensor | None = None,
    combiner: str = "mean",
    max_norm: float | None = None,
) -> tf.Tensor:
    """Pool the rows of each row's ids, as `embedding_column` does: a safe sparse lookup and nothing else.

    Args:
        ids: SparseTensor of ids `[B, L]`; -1 is dropped.
        table: table `[V, D]`.
        weights: SparseTensor of weights like `ids` (default: None).
        combiner: "sum", "mean" or "sqrtn" (default: "mean").
        max_norm: length to which longer rows are shortened first (default: None).

    Returns:
        Pooled rows `[B, D]`; 0 for a row without ids.

    Raises:
        TypeError: If the ids are neither sparse nor ragged.
        ValueError: If the combiner is unknown, the table is not `[V, D]`, or `max_norm` is not positive.

    Example:
        >>> from recnotes.columns.categorical import drop_missing
        >>> embedding(drop_missing(tf.constant([[1, 0]])), tf.constant([[1.0], [4.0]])).numpy().tolist()
        [[2.5]]

    References:
        TensorFlow, `tf.feature_column.embedding_column`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/embedding_column.
    """
    return safe_embedding_lookup_sparse(table, ids, weights, combiner, max_norm=max_norm)


def shared_embedding(
    ids: Sequence[tf.SparseTensor],
    table: tf.Tensor | tf.Variable,
    combiner: str = "mean",
    max_norm: float | None = None,
) -> list[tf.Tensor]:
    """Pool the ids of several features from one table, as `shared_embedding_columns` does.

    Args:
        ids: one SparseTensor of ids `[B, L]` a feature.
        table: table `[V, D]`.
        combiner: "sum", "mean" or "sqrtn" (default: "mean").
        max_norm: length to which longer rows are shortened first (default: None).

    Returns:
        Pooled rows `[B, D]`, one tensor a feature.

    Raises:
        TypeError: If the ids are neither sparse nor ragged.
        ValueError: If the combiner is unknown, the table is not `[V, D]`, or `max_norm` is not positive.

    Example:
        >>> from recnotes.columns.categorical import drop_missing
        >>> ids = drop_missing(tf.constant([[1]]))
        >>> len(shared_embedding([ids, ids], tf.constant([[1.0], [4.0]])))
        2

    References:
        TensorFlow, `tf.compat.v1.feature_column.shared_embedding_columns`,
        https://www.tensorflow.org/api_docs/python/tf/compat/v1/feature_column/shared_embedding_columns.
    """
    return [embedding(each, table, None, combiner, max_norm) for each in ids]


def linear_model(
    dense: Sequence[tuple[tf.Tensor, tf.Tensor]],
    categorical: Sequence[tuple[tf.SparseTensor, tf.SparseTensor | None, tf.Tensor]],
    bias: tf.Tensor,
    sparse_combiner: str = "sum",
) -> tf.Tensor:
    r"""Add up a weight a feature, as `linear_model` does.

    $$
    y_b = \beta + \sum_c x^{(c)}_b w^{(c)} + \sum_g \sum_j r^{(g)}_{bj} w^{(g)}_{v^{(g)}_{bj}}
    $$

    with numbers $x^{(c)}$ of shape $[B, n]$ and $w^{(c)}$ of $[n, U]$; ids $v^{(g)}$ and weights $r^{(g)}$
    (1 where there are none) of shape $[B, L]$ and $w^{(g)}$ of $[V, U]$; the bias $\beta$ of $[U]$ and $y$
    of $[B, U]$. The inner sum is divided as `sparse_combiner` says.

    Args:
        dense: pairs (numbers `[B, n]`, weights `[n, U]`).
        categorical: triples (ids `[B, L]`, weights of the ids or None, weights `[V, U]`).
        bias: `[U]`.
        sparse_combiner: "sum", "mean" or "sqrtn" (default: "sum").

    Returns:
        Outputs `[B, U]`.

    Raises:
        TypeError: If ids are neither sparse nor ragged.
        ValueError: If there are no features, or the combiner is unknown.

    Example:
        >>> x, w = tf.constant([[1.0, 2.0]]), tf.constant([[3.0], [4.0]])
        >>> linear_model([(x, w)], [], tf.constant([0.5])).numpy().tolist()
        [[11.5]]

    References:
        TensorFlow, `tf.compat.v1.feature_column.linear_model`,
        https://www.tensorflow.org/api_docs/python/tf/compat/v1/feature_column/linear_model.
    """
    if not dense and not categorical:
        raise ValueError("dense and categorical must not both be empty, received no features")
    sums = [tf.matmul(x, w) for x, w in dense]
    sums += [embedding(ids, w, weights, sparse_combiner) for ids, weights, w in categorical]
    return tf.add_n(sums) + bias
