"""`tf.nn.safe_embedding_lookup_sparse` rebuilt: prune, fill empty rows, look up, zero, restore the shape."""

import tensorflow as tf

from recnotes.lookup.dense import Tables, as_tables
from recnotes.lookup.ids import Ids, row_segments, row_weights
from recnotes.lookup.prune import Entries, prune_ids, prune_weights
from recnotes.lookup.segments import check_combiner
from recnotes.lookup.sparse import lookup_segments


def fill_empty_rows(
    segments: tf.Tensor,
    ids: tf.Tensor,
    weights: tf.Tensor | None,
    num_rows: int | tf.Tensor,
    default_id: int = 0,
) -> tuple[Entries, tf.Tensor]:
    r"""Give each empty row one entry: the default id, with weight 1.

    With $n_b$ entries in row $b$, the entry $(b, \text{default}, 1)$ is added for each $b$ with $n_b = 0$
    and the entries, each tensor `[K]`, are sorted by row, keeping the order within a row.

    Args:
        segments: integer tensor `[K]`.
        ids: integer tensor `[K]`.
        weights: tensor `[K]` or None.
        num_rows: number of rows B.
        default_id: the id to put in (default: 0).

    Returns:
        The pair ((segments, ids, weights) of at least B entries, is_empty `[B]` of dtype bool).

    Example:
        >>> import tensorflow as tf
        >>> segments, ids = tf.constant([0, 0, 2]), tf.constant([5, 3, 1])
        >>> entries, empty = fill_empty_rows(segments, ids, None, 4, default_id=9)
        >>> print(entries[0].numpy(), entries[1].numpy(), empty.numpy())
        [0 0 1 2 3] [5 3 9 1 9] [False  True False  True]

    References:
        TensorFlow, `tf.sparse.fill_empty_rows`,
        https://www.tensorflow.org/api_docs/python/tf/sparse/fill_empty_rows.
    """
    # --8<-- [start:fill]
    num_rows = tf.cast(num_rows, segments.dtype)
    ones = tf.ones_like(segments)
    is_empty = tf.math.unsorted_segment_sum(ones, segments, num_rows) == 0  # [B]
    added = tf.boolean_mask(tf.range(num_rows, dtype=segments.dtype), is_empty)
    segments = tf.concat([segments, added], 0)
    order = tf.argsort(segments, stable=True)
    default_ids = tf.fill(tf.shape(added), tf.cast(default_id, ids.dtype))
    ids = tf.gather(tf.concat([ids, default_ids], 0), order)
    if weights is not None:
        weights = tf.concat([weights, tf.ones(tf.shape(added), weights.dtype)], 0)
        weights = tf.gather(weights, order)
    return (tf.gather(segments, order), ids, weights), is_empty
    # --8<-- [end:fill]


def zero_rows(rows: tf.Tensor, is_empty: tf.Tensor) -> tf.Tensor:
    r"""Set the marked rows to 0.

    $o_b = 0$ where $e_b$, else $t_b$, for rows $t \in \mathbb{R}^{[B, D]}$ and marks $e$ `[B]`.

    Args:
        rows: tensor `[B, D]`.
        is_empty: bool tensor `[B]`.

    Returns:
        Rows `[B, D]`. Selected, not multiplied: a NaN in a marked row is gone.

    Example:
        >>> import tensorflow as tf
        >>> zero_rows(tf.constant([[1.0], [float("nan")]]), tf.constant([False, True])).numpy().tolist()
        [[1.0], [0.0]]

    References:
        TensorFlow, `safe_embedding_lookup_sparse` in `python/ops/embedding_ops.py`,
        https://github.com/tensorflow/tensorflow.
    """
    return tf.where(is_empty[:, tf.newaxis], tf.zeros_like(rows), rows)


def linear_segments(sp_ids: Ids) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    r"""Number the rows of a sparse tensor of any rank: all axes but the last, in row-major order.

    An entry at index $(i_0, \dots, i_{r-1})$ of a tensor `[d_0, …, d_{r-1}]` stands in row
    $(\dots(i_0 d_1 + i_1) d_2 + \dots) d_{r-2} + i_{r-2}$.

    Args:
        sp_ids: SparseTensor of rank 2 or more, or RaggedTensor of rank 2.

    Returns:
        The triple (segments `[K]`, ids `[K]`, leading shape `[r-1]`).

    Raises:
        TypeError: If `sp_ids` is neither sparse nor ragged.
        ValueError: If the rank is unknown, less than 2, or not 2 for ragged ids.

    Example:
        >>> import tensorflow as tf
        >>> ids = tf.SparseTensor([[0, 1, 0], [1, 0, 4]], [7, 8], [2, 3, 5])
        >>> segments, _, leading = linear_segments(ids)
        >>> print(segments.numpy(), leading.numpy())
        [1 3] [2 3]

    References:
        TensorFlow, `tf.sparse.reshape`, https://www.tensorflow.org/api_docs/python/tf/sparse/reshape.
    """
    if not isinstance(sp_ids, tf.SparseTensor) or sp_ids.shape.rank == 2:
        segments, ids = row_segments(sp_ids)
        ragged = isinstance(sp_ids, tf.RaggedTensor)
        num_rows = sp_ids.nrows() if ragged else sp_ids.dense_shape[0]
        return segments, ids, tf.cast(num_rows, tf.int64)[tf.newaxis]
    rank = sp_ids.shape.rank
    if rank is None or rank < 2:
        raise ValueError(f"sparse_ids must be of a known rank of at least 2, received shape {sp_ids.shape}")
    leading = sp_ids.dense_shape[:-1]
    segments = sp_ids.indices[:, 0]  # [K]
    for axis in range(1, rank - 1):
        segments = segments * leading[axis] + sp_ids.indices[:, axis]  # [K]
    return segments, sp_ids.values, leading


def safe_embedding_lookup_sparse(
    embedding_weights: Tables,
    sparse_ids: Ids,
    sparse_weights: Ids | None = None,
    combiner: str = "mean",
    default_id: int | None = None,
    max_norm: float | None = None,
    name: str | None = None,
) -> tf.Tensor:
    r"""Pool the embeddings of each row of ids; drop what is invalid, and give empty rows a value.

    The formula of `embedding_lookup_sparse`, over the entries with $v_{b,j} \ge 0$ and, unless the combiner
    is "sum", $w_{b,j} > 0$. A row without such entries is $T_{\text{default}}$, or 0 where `default_id` is
    None. The result has the shape of the ids with the last axis replaced by D; at rank 2 it is
    $o \in \mathbb{R}^{[B, D]}$.

    Args:
        embedding_weights: tensor or variable `[V, D]`, or the parts of one, in order, taken as "div".
        sparse_ids: SparseTensor of rank 2 or more (rows pooled along the last axis), or RaggedTensor of rank
            2.
        sparse_weights: like `sparse_ids`, of the table's dtype, with a weight for each id (default: None).
        combiner: "sum", "mean" or "sqrtn" (default: "mean").
        default_id: the id whose embedding an empty row gets; None gives it zeros (default: None).
        max_norm: positive float, the length to which longer rows are shortened first (default: None).
        name: str, the field: error messages name it (default: None).

    Returns:
        Pooled rows `[B, D]`, at rank 3 `[B, L, D]`, and so on: every row of the ids, empty or not.

    Raises:
        TypeError: If ids or weights are neither sparse nor ragged, or not both the same.
        ValueError: If an argument is not of the stated form, or the weights' dtype is not the table's.
        tf.errors.InvalidArgumentError: If an id is V or more.

    Example:
        >>> import tensorflow as tf
        >>> table = tf.constant([[1.0], [2.0], [6.0]])
        >>> ids = tf.ragged.constant([[0, -1, 2], [-1], [1], []])
        >>> safe_embedding_lookup_sparse(table, ids).numpy().tolist()
        [[3.5], [0.0], [2.0], [0.0]]
        >>> safe_embedding_lookup_sparse(table, ids, default_id=2).numpy().tolist()
        [[3.5], [6.0], [2.0], [6.0]]

    References:
        TensorFlow, `tf.nn.safe_embedding_lookup_sparse`,
        https://www.tensorflow.org/api_docs/python/tf/nn/safe_embedding_lookup_sparse. There a
        `default_id` outside the table is noticed only once a row is empty.
    """
    # --8<-- [start:safe]
    check_combiner(combiner)
    tables, num_ids = as_tables(embedding_weights, "div")
    table = tables[0]
    if sparse_weights is not None and sparse_weights.dtype != table.dtype:
        raise ValueError(f"sparse_weights must be {table.dtype.name}, received {sparse_weights.dtype.name}")
    known = num_ids if isinstance(num_ids, int) else None
    if default_id is not None and not 0 <= default_id < (known or default_id + 1):
        raise ValueError(f"default_id must be in [0, {known or 'V'}) or None, received {default_id!r}")
    segments, ids, leading = linear_segments(sparse_ids)
    weights = None if sparse_weights is None else row_weights(sparse_weights, sparse_ids)
    entries = prune_ids(segments, ids, weights)
    entries = prune_weights(*entries, combiner=combiner)
    num_rows = tf.reduce_prod(leading)  # []
    (segments, ids, weights), is_empty = fill_empty_rows(*entries, num_rows, default_id or 0)
    rows = lookup_segments(tables, ids, segments, weights, combiner, max_norm, name)
    if default_id is None:
        rows = zero_rows(rows, is_empty)
    width = tf.constant([table.shape[1]], leading.dtype)  # [1]
    pooled = tf.reshape(rows, tf.concat([leading, width], 0))
    return tf.ensure_shape(pooled, sparse_ids.shape[:-1].concatenate(table.shape[1:]))
    # --8<-- [end:safe]
