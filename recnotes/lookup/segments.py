"""The last steps of a sparse lookup, on plain tensors: clip, combine, stack."""

import tensorflow as tf

from recnotes.lookup.ids import check_ids, row_segments, row_weights, unique_ids  # noqa: F401, importable from here too

COMBINERS = ("sum", "mean", "sqrtn")


def check_combiner(combiner: str) -> None:
    """Raise unless the combiner is one of ``"sum"``, ``"mean"`` and ``"sqrtn"``."""
    if combiner not in COMBINERS:
        raise ValueError(f"combiner must be one of {', '.join(COMBINERS)}, received {combiner!r}")


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
