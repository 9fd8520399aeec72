"""The steps of a sparse lookup, each on plain tensors: segments, unique, gather, clip, combine, stack."""

from typing import TypeAlias

import tensorflow as tf

from recnotes._xla import refuse_xla

COMBINERS = ("sum", "mean", "sqrtn")

Ids: TypeAlias = tf.SparseTensor | tf.RaggedTensor


def check_combiner(combiner: str) -> None:
    """Raise unless the combiner is one of ``"sum"``, ``"mean"`` and ``"sqrtn"``."""
    if combiner not in COMBINERS:
        raise ValueError(f"combiner must be one of {', '.join(COMBINERS)}, received {combiner!r}")


def as_table(params: tf.Tensor | tf.Variable) -> tf.Tensor | tf.Variable:
    """Return the one table `[V, D]` that ``params`` is or, as a list of one, holds."""
    if isinstance(params, list | tuple):
        if len(params) != 1:
            raise ValueError(f"params must be one table, received a list of {len(params)} partitions")
        params = params[0]
    # A variable stays one: reading it here would copy the whole table where a gather copies rows.
    table = params if isinstance(params, tf.Variable) else tf.convert_to_tensor(params)
    if table.shape.rank != 2:
        raise ValueError(f"params must be a table [V, D], received shape {table.shape}")
    if not table.dtype.is_floating:
        raise ValueError(f"params must be floating, received {table.dtype.name}")
    return table


def num_rows_of(table: tf.Tensor | tf.Variable) -> int | tf.Tensor:
    """Return V, as a number where it is known before the graph runs."""
    return table.shape[0] if table.shape[0] is not None else tf.shape(table)[0]


def row_segments(sp_ids: Ids) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Split ragged rows of ids into two flat tensors: which row, and which id.

    For $K$ ids in the batch, `segments` $s \in \mathbb{Z}^{[K]}$ and `ids` $v \in \mathbb{Z}^{[K]}$: the
    $k$-th id is $v_k$ and stands in row $s_k$. Everything after this step works on plain tensors.

    Args:
        sp_ids: tf.SparseTensor of rank 2 with its indices in row-major order, or tf.RaggedTensor of rank 2.

    Returns:
        The pair (segments `[K]`, ids `[K]`), in the order of the values.

    Raises:
        TypeError: If `sp_ids` is neither sparse nor ragged.
        ValueError: If its rank is not 2 or its values are not integers.

    Example:
        >>> import tensorflow as tf
        >>> segments, ids = row_segments(tf.ragged.constant([[4, 0], [], [4]]))
        >>> print(segments.numpy(), ids.numpy())
        [0 0 2] [4 0 4]

    References:
        TensorFlow, `python/ops/embedding_ops.py`, https://github.com/tensorflow/tensorflow. There a
        SparseTensor of rank 3 passes: only column 0 of the indices is read, so all other axes are pooled.
    """
    if not isinstance(sp_ids, tf.SparseTensor | tf.RaggedTensor):
        raise TypeError(f"sp_ids must be a SparseTensor or a RaggedTensor, received {type(sp_ids).__name__}")
    if not sp_ids.dtype.is_integer:
        raise ValueError(f"sp_ids must hold integers, received {sp_ids.dtype.name}")
    if sp_ids.shape.rank != 2:
        raise ValueError(f"sp_ids must be of rank 2, received shape {sp_ids.shape}")
    if isinstance(sp_ids, tf.RaggedTensor):
        return sp_ids.value_rowids(), sp_ids.flat_values
    return sp_ids.indices[:, 0], sp_ids.values


def row_weights(sp_weights: Ids, sp_ids: Ids) -> tf.Tensor:
    r"""Take the flat weights that belong to the flat ids.

    Weight $w_k$ of $w \in \mathbb{R}^{[K]}$ belongs to id $v_k$ of `row_segments`.

    Args:
        sp_weights: SparseTensor or RaggedTensor of the type, shape and indices of `sp_ids`.
        sp_ids: SparseTensor or RaggedTensor of the ids.

    Returns:
        The weights `[K]`.

    Raises:
        TypeError: If the two are not of one type.
        ValueError: If their numbers of values differ.
        tf.errors.InvalidArgumentError: If their indices or row lengths differ.

    Example:
        >>> import tensorflow as tf
        >>> ids = tf.ragged.constant([[4, 0], [], [4]])
        >>> print(row_weights(ids.with_values([0.5, 1.0, 2.0]), ids).numpy())
        [0.5 1.  2. ]

    References:
        TensorFlow, `python/ops/embedding_ops.py`, https://github.com/tensorflow/tensorflow. There only the
        numbers of values are compared (a TODO says so), and the safe form takes the indices of the ids for
        the weights.
    """
    if type(sp_weights) is not type(sp_ids):
        raise TypeError(f"sp_weights must be a {type(sp_ids).__name__}, received {type(sp_weights).__name__}")
    sparse = isinstance(sp_ids, tf.SparseTensor)
    weights = sp_weights.values if sparse else sp_weights.flat_values  # [K]
    num_ids = (sp_ids.values if sparse else sp_ids.flat_values).shape[0]
    if None not in (weights.shape[0], num_ids) and weights.shape[0] != num_ids:
        raise ValueError(f"sp_weights must hold {num_ids} values like sp_ids, received {weights.shape[0]}")
    where = (sp_ids.indices, sp_weights.indices) if sparse else (sp_ids.row_splits, sp_weights.row_splits)
    tf.debugging.assert_equal(*where, message="sp_weights must stand at the places of sp_ids")
    return weights


def unique_ids(ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    r"""List each id once, so that each row of the table is read once.

    Distinct ids $q \in \mathbb{Z}^{[Q]}$ in order of first appearance and positions $p \in \mathbb{Z}^{[K]}$
    with $q_{p_k} = v_k$.

    Args:
        ids: integer tensor `[K]`.

    Returns:
        The pair (distinct ids `[Q]`, positions `[K]` of dtype int32).

    Example:
        >>> import tensorflow as tf
        >>> distinct, positions = unique_ids(tf.constant([4, 0, 4]))
        >>> print(distinct.numpy(), positions.numpy())
        [4 0] [0 1 0]

    References:
        TensorFlow, `tf.unique`, https://www.tensorflow.org/api_docs/python/tf/unique. `tf.nn` skips this
        step where there are neither weights nor `max_norm` and the table is a tensor, not a variable, on
        the device of the ids: same bits, see the article.
    """
    distinct, positions = tf.unique(ids)
    return distinct, positions


def check_ids(ids: tf.Tensor, num_rows: int | tf.Tensor, name: str | None = None) -> tf.Tensor:
    r"""Raise on an id that is not in the table, before anything is read.

    Ids $v \in \mathbb{Z}^{[K]}$ pass unchanged if $0 \le v_k < V$ for each.

    Args:
        ids: integer tensor `[K]`.
        num_rows: number V of rows of the table.
        name: str, the field the error message names (default: None).

    Returns:
        The ids `[K]`, to be used from here on: what reads them waits for the check.

    Raises:
        tf.errors.InvalidArgumentError: If an id is not in `[0, V)`, eagerly and inside tf.function.
        ValueError: Under `jit_compile=True`, where XLA would drop the check and clamp the id.

    Example:
        >>> import tensorflow as tf
        >>> check_ids(tf.constant([2, 0, 2]), 3).numpy().tolist()
        [2, 0, 2]

    References:
        TensorFlow, `tf.gather`, https://www.tensorflow.org/api_docs/python/tf/gather: on a CPU it raises on
        its own, naming no field; on a GPU it returns zeros; under XLA it clamps.
    """
    # --8<-- [start:check]
    field = name or "sp_ids"
    refuse_xla(field)
    inside = (ids >= 0) & (ids < tf.cast(num_rows, ids.dtype))  # [K]
    bounds = f"[0, {num_rows})" if isinstance(num_rows, int) else "[0, V)"
    check = tf.debugging.Assert(
        tf.reduce_all(inside), [f"{field} must be in {bounds}, received", tf.boolean_mask(ids, ~inside)]
    )
    # The dependency stands on the ids, not on the gather: in a graph, Grappler folds unique and gather into
    # the segment kernel and forgets a dependency of theirs; that kernel's own error names no field.
    with tf.control_dependencies([check]):
        return tf.identity(ids)
    # --8<-- [end:check]


def limit_norm(rows: tf.Tensor, max_norm: float | None) -> tf.Tensor:
    r"""Shorten the rows that are longer than `max_norm`.

    For a row $t \in \mathbb{R}^{[D]}$ and $c$ = `max_norm`: $t \cdot c \,/\, \max(\lVert t \rVert_2, c)$.

    Args:
        rows: tensor `[Q, D]`.
        max_norm: positive float, or None to change nothing.

    Returns:
        Rows `[Q, D]`. One that was short enough may differ in its last bit: it was multiplied and divided by
        $c$.

    Raises:
        ValueError: If `max_norm` is not positive.

    Example:
        >>> import tensorflow as tf
        >>> limit_norm(tf.constant([[3.0, 4.0], [0.0, 1.0]]), 2.5).numpy().tolist()
        [[1.5, 2.0], [0.0, 1.0]]

    References:
        TensorFlow, `tf.clip_by_norm`, https://www.tensorflow.org/api_docs/python/tf/clip_by_norm: equal to
        the bit. There a `max_norm` of zero or less passes and turns an all-zero row into NaN.
    """
    # --8<-- [start:limit]
    if max_norm is None:
        return rows
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive or None, received {max_norm!r}")
    squared = tf.reduce_sum(rows * rows, axis=1, keepdims=True)  # [Q, 1]
    # The derivative of sqrt at 0 is infinite: keep 0 out of it, or a zero row has a NaN gradient.
    positive = squared > 0  # [Q, 1]
    norm = tf.where(positive, tf.sqrt(tf.where(positive, squared, 1)), squared)  # [Q, 1]
    return rows * max_norm / tf.maximum(norm, max_norm)
    # --8<-- [end:limit]


def combine(rows: tf.Tensor, positions: tf.Tensor, segments: tf.Tensor, combiner: str) -> tf.Tensor:
    r"""Add up the rows of each segment, by a kernel that gathers and adds in one pass.

    Rows $t \in \mathbb{R}^{[Q, D]}$, positions $p \in \mathbb{Z}^{[K]}$, segments $s \in \mathbb{Z}^{[K]}$,
    and $n_b$ the number of ids in row $b$:

    $$
    o_b = \frac{1}{z_b} \sum_{k:\, s_k = b} t_{p_k}, \qquad z_b = 1,\ n_b,\ \sqrt{n_b}
    $$

    for `sum`, `mean`, `sqrtn`. Rows without ids are 0; there are as many rows as the last segment says.

    Args:
        rows: tensor `[Q, D]`.
        positions: integer tensor `[K]`.
        segments: integer tensor `[K]`, not decreasing.
        combiner: "sum", "mean" or "sqrtn".

    Returns:
        Pooled rows `[B, D]`, B = last segment + 1.

    Raises:
        ValueError: If the combiner is another one.
        tf.errors.InvalidArgumentError: If the segments decrease somewhere.

    Example:
        >>> import tensorflow as tf
        >>> rows = tf.constant([[4.0], [2.0]])
        >>> combine(rows, tf.constant([0, 1, 0]), tf.constant([0, 0, 2]), "mean").numpy().tolist()
        [[3.0], [0.0], [4.0]]

    References:
        TensorFlow, `tf.sparse.segment_sum`, https://www.tensorflow.org/api_docs/python/tf/sparse/segment_sum.
        `tf.math.segment_sum` over gathered rows adds in another order and differs in the last bits.
    """
    # --8<-- [start:combine]
    check_combiner(combiner)
    if combiner == "sum":
        return tf.sparse.segment_sum(rows, positions, segments)
    if combiner == "mean":
        return tf.sparse.segment_mean(rows, positions, segments)
    return tf.sparse.segment_sqrt_n(rows, positions, segments)
    # --8<-- [end:combine]


def combine_weighted(rows: tf.Tensor, weights: tf.Tensor, segments: tf.Tensor, combiner: str) -> tf.Tensor:
    r"""Add up the rows of each segment, each times its weight.

    Rows $t \in \mathbb{R}^{[K, D]}$, weights $w \in \mathbb{R}^{[K]}$, segments $s \in \mathbb{Z}^{[K]}$:

    $$
    o_b = \frac{1}{z_b} \sum_{k:\, s_k = b} w_k t_k, \qquad
    z_b = 1,\ \sum_{k:\, s_k = b} w_k,\ \sqrt{\sum_{k:\, s_k = b} w_k^2}
    $$

    for `sum`, `mean`, `sqrtn`; where $z_b = 0$ the result is 0. Half precision is added up in float32.

    Args:
        rows: tensor `[K, D]`, one row an id, repeated where ids repeat.
        weights: tensor `[K]`, cast to the dtype of the sum.
        segments: integer tensor `[K]`, not decreasing.
        combiner: "sum", "mean" or "sqrtn".

    Returns:
        Pooled rows `[B, D]`, B = last segment + 1, of the dtype of `rows`.

    Raises:
        ValueError: If the combiner is another one.
        tf.errors.InvalidArgumentError: If the segments decrease somewhere.

    Example:
        >>> import tensorflow as tf
        >>> rows, weights = tf.constant([[4.0], [2.0]]), tf.constant([3.0, 1.0])
        >>> combine_weighted(rows, weights, tf.constant([0, 0]), "mean").numpy().tolist()
        [[3.5]]

    References:
        TensorFlow, `python/ops/embedding_ops.py`, https://github.com/tensorflow/tensorflow: same kernels,
        same order.
    """
    # --8<-- [start:weighted]
    check_combiner(combiner)
    dtype = tf.float32 if rows.dtype in (tf.float16, tf.bfloat16) else rows.dtype
    w = tf.cast(weights, dtype)[:, tf.newaxis]  # [K, 1]
    total = tf.math.segment_sum(tf.cast(rows, dtype) * w, segments)  # [B, D]
    if combiner == "mean":
        total = tf.math.divide_no_nan(total, tf.math.segment_sum(w, segments))  # [B, D]
    elif combiner == "sqrtn":
        norm = tf.sqrt(tf.math.segment_sum(tf.pow(w, 2), segments))  # [B, 1]
        total = tf.math.divide_no_nan(total, norm)  # [B, D]
    return tf.cast(total, rows.dtype)
    # --8<-- [end:weighted]


def stack_rows(
    rows: tf.Tensor, segments: tf.Tensor, num_rows: int | tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Stand the rows of each segment beside each other instead of adding them, padded with zeros.

    Rows $t \in \mathbb{R}^{[K, D]}$, segments $s \in \mathbb{Z}^{[K]}$: with $j$ the number of earlier ids
    in the same segment, $o_{s_k, j} = t_k$, and 0 where nothing stands.

    Args:
        rows: tensor `[K, D]`.
        segments: integer tensor `[K]`, not decreasing.
        num_rows: number of rows B, of which the last ones may be empty.

    Returns:
        The pair (stack `[B, L, D]`, lengths `[B]` of dtype int32), L being the greatest length.

    Raises:
        tf.errors.InvalidArgumentError: If the segments decrease somewhere or exceed `num_rows`.

    Example:
        >>> import tensorflow as tf
        >>> stack, lengths = stack_rows(tf.constant([[4.0], [2.0], [1.0]]), tf.constant([0, 0, 2]), 4)
        >>> print(stack[:, :, 0].numpy().tolist(), lengths.numpy())
        [[4.0, 2.0], [0.0, 0.0], [1.0, 0.0], [0.0, 0.0]] [2 0 1 0]

    References:
        No counterpart in TensorFlow: `tf.nn.embedding_lookup_sparse` always pools. Attention needs this form.
    """
    # --8<-- [start:stack]
    segments = tf.cast(segments, tf.int32)
    num_rows = tf.cast(num_rows, tf.int32)  # []
    tf.debugging.Assert(
        tf.reduce_all(segments[1:] >= segments[:-1]) & tf.reduce_all(segments < num_rows),
        ["segments must not decrease and must be less than num_rows, received", segments],
    )
    lengths = tf.math.unsorted_segment_sum(tf.ones_like(segments), segments, num_rows)  # [B]
    starts = tf.cumsum(lengths, exclusive=True)  # [B]
    slots = tf.range(tf.size(segments)) - tf.gather(starts, segments)  # [K]
    longest = tf.maximum(tf.reduce_max(lengths), 0)  # []
    shape = tf.stack([num_rows, longest, tf.shape(rows)[1]])  # [3]
    stack = tf.scatter_nd(tf.stack([segments, slots], axis=1), rows, shape)  # [B, L, D]
    return stack, lengths
    # --8<-- [end:stack]
