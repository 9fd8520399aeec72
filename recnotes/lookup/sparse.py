"""`tf.nn.embedding_lookup_sparse` rebuilt from its steps, and its unpooled form."""

import tensorflow as tf

from recnotes.lookup.dense import Tables, as_tables, embedding_lookup
from recnotes.lookup.ids import Ids, check_ids, row_segments, row_weights, unique_ids
from recnotes.lookup.segments import check_combiner, combine, combine_weighted, limit_norm, stack_rows


def lookup_segments(
    params: Tables,
    ids: tf.Tensor,
    segments: tf.Tensor,
    weights: tf.Tensor | None = None,
    combiner: str = "mean",
    max_norm: float | None = None,
    name: str | None = None,
) -> tf.Tensor:
    r"""Look up flat ids and pool them by segment: the part that both lookups share.

    Ids $v \in \mathbb{Z}^{[K]}$, segments $s \in \mathbb{Z}^{[K]}$, weights $w \in \mathbb{R}^{[K]}$, table
    $T \in \mathbb{R}^{[V, D]}$: row $b$ of the result is $\frac{1}{z_b} \sum_{k:\, s_k = b} w_k T_{v_k}$,
    with $z_b$ as in `combine` and `combine_weighted`.

    Args:
        params: tensor or variable `[V, D]`, or the parts of one, in order, which are taken as "div".
        ids: integer tensor `[K]`.
        segments: integer tensor `[K]`, not decreasing.
        weights: tensor `[K]`, or None for the kernels without weights (default: None).
        combiner: "sum", "mean" or "sqrtn" (default: "mean").
        max_norm: positive float, the length to which longer rows are shortened (default: None).
        name: str, the field the error message names (default: None).

    Returns:
        Pooled rows `[B, D]`, B = last segment + 1.

    Raises:
        ValueError: If an argument is not of the stated form.
        tf.errors.InvalidArgumentError: If an id is not in `[0, V)` or the segments decrease.

    Example:
        >>> import tensorflow as tf
        >>> table = tf.constant([[1.0], [2.0], [6.0]])
        >>> lookup_segments(table, tf.constant([0, 2, 1]), tf.constant([0, 0, 1])).numpy().tolist()
        [[3.5], [2.0]]

    References:
        TensorFlow, `embedding_lookup_sparse_impl` in `python/ops/embedding_ops.py`,
        https://github.com/tensorflow/tensorflow: equal to the bit, gradients included.
    """
    # --8<-- [start:lookup]
    tables, num_rows = as_tables(params, "div")
    distinct, positions = unique_ids(check_ids(ids, num_rows, name))
    if len(tables) == 1:
        rows = limit_norm(tf.gather(tables[0], distinct), max_norm)  # [Q, D]
    else:
        rows = embedding_lookup(tables, distinct, max_norm, name)
    if weights is None:
        return combine(rows, positions, segments, combiner)
    rows = tf.gather(rows, positions)  # [K, D]
    return combine_weighted(rows, weights, segments, combiner)
    # --8<-- [end:lookup]


def embedding_lookup_sparse(
    params: Tables,
    sp_ids: Ids,
    sp_weights: Ids | None,
    combiner: str | None = None,
    max_norm: float | None = None,
    name: str | None = None,
) -> tf.Tensor:
    r"""Pool the embeddings of each row of ids, as `tf.nn.embedding_lookup_sparse` does.

    Table $T \in \mathbb{R}^{[V, D]}$, ids $v_{b,j}$ and weights $w_{b,j}$ (1 where there are none) of row
    $b$:

    $$
    o_b = \frac{1}{z_b} \sum_j w_{b,j} T_{v_{b,j}}, \qquad z_b = 1,\ \sum_j w_{b,j},\ \sqrt{\sum_j w_{b,j}^2}
    $$

    for `sum`, `mean`, `sqrtn`, with $o \in \mathbb{R}^{[B, D]}$.

    Args:
        params: tensor or variable `[V, D]`, or the parts of one, in order, which are taken as "div".
        sp_ids: SparseTensor (row-major order) or RaggedTensor of rank 2, integer.
        sp_weights: like `sp_ids`, with a weight for each id, or None.
        combiner: "sum", "mean" or "sqrtn"; None means "mean" (default: None).
        max_norm: positive float, the length to which longer rows are shortened first (default: None).
        name: str, the field: error messages name it (default: None).

    Returns:
        Pooled rows `[B, D]`. B is the last row that has an id, plus 1: **empty rows at the end are
        missing**. Empty rows in the middle are 0. Use `safe_embedding_lookup_sparse` where rows may be empty.

    Raises:
        TypeError: If ids or weights are neither sparse nor ragged, or not both the same.
        ValueError: If the combiner is unknown, the table or the ids are not of rank 2, the parts are not
            sized as "div" needs, `max_norm` is not positive, or the number of weights is not that of the ids.
        tf.errors.InvalidArgumentError: If an id is not in `[0, V)`, rows are out of order, or the weights
            stand at other places than the ids.

    Example:
        >>> import tensorflow as tf
        >>> table = tf.constant([[1.0], [2.0], [6.0]])
        >>> ids = tf.ragged.constant([[0, 2], [], [1], []])
        >>> embedding_lookup_sparse(table, ids, None, combiner="sum").numpy().tolist()
        [[7.0], [0.0], [2.0]]

    References:
        TensorFlow, `tf.nn.embedding_lookup_sparse`,
        https://www.tensorflow.org/api_docs/python/tf/nn/embedding_lookup_sparse. There
        `allow_fast_lookup` trades the sparse gradient for a dense one, and ids of rank 3 pass unnoticed.
    """
    combiner = "mean" if combiner is None else combiner
    check_combiner(combiner)
    segments, ids = row_segments(sp_ids)
    weights = None if sp_weights is None else row_weights(sp_weights, sp_ids)
    return lookup_segments(params, ids, segments, weights, combiner, max_norm, name)


def embedding_lookup_stack(
    params: Tables,
    sp_ids: Ids,
    sp_weights: Ids | None = None,
    max_norm: float | None = None,
    name: str | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Look up each row of ids and do not pool: the rows stand beside each other, padded with zeros.

    Table $T \in \mathbb{R}^{[V, D]}$, ids $v_{b,j}$ and weights $w_{b,j}$: $o_{b,j} = w_{b,j} T_{v_{b,j}}$
    for $j < n_b$ and 0 for $n_b \le j < L$, with $o \in \mathbb{R}^{[B, L, D]}$ and $L = \max_b n_b$.

    Args:
        params: tensor or variable `[V, D]`, or the parts of one, in order, which are taken as "div".
        sp_ids: SparseTensor (row-major order) or RaggedTensor of rank 2, integer.
        sp_weights: like `sp_ids`, with a weight for each id (default: None).
        max_norm: positive float, the length to which longer rows are shortened first (default: None).
        name: str, the field: error messages name it (default: None).

    Returns:
        The pair (stack `[B, L, D]`, lengths `[B]` of dtype int32). B is the number of rows of `sp_ids`,
        empty ones included; gaps between a SparseTensor's columns are closed. `tf.sequence_mask(lengths)` is
        the mask.

    Raises:
        TypeError: If ids or weights are neither sparse nor ragged, or not both the same.
        ValueError: If the table or the ids are not of rank 2, the parts are not sized as "div" needs,
            `max_norm` is not positive, or the number of weights is not that of the ids.
        tf.errors.InvalidArgumentError: If an id is not in `[0, V)`, rows are out of order, or the weights
            stand at other places than the ids.

    Example:
        >>> import tensorflow as tf
        >>> table = tf.constant([[1.0], [2.0], [6.0]])
        >>> stack, lengths = embedding_lookup_stack(table, tf.ragged.constant([[0, 2], [], [1]]))
        >>> print(stack[:, :, 0].numpy().tolist(), lengths.numpy())
        [[1.0, 6.0], [0.0, 0.0], [2.0, 0.0]] [2 0 1]

    References:
        No counterpart in TensorFlow; the sum over L equals `embedding_lookup_sparse` with "sum" up to
        rounding.
    """
    segments, ids = row_segments(sp_ids)
    rows = embedding_lookup(params, ids, max_norm, name or "sp_ids")  # [K, D]
    if sp_weights is not None:
        weights = tf.cast(row_weights(sp_weights, sp_ids), rows.dtype)  # [K]
        rows = rows * weights[:, tf.newaxis]  # [K, D]
    num_rows = sp_ids.nrows() if isinstance(sp_ids, tf.RaggedTensor) else sp_ids.dense_shape[0]
    return stack_rows(rows, segments, num_rows)
