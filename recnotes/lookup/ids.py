"""The first steps of a sparse lookup, on plain tensors: which row, which id, each id once, checked."""

from typing import TypeAlias

import tensorflow as tf

from recnotes._xla import refuse_xla

Ids: TypeAlias = tf.SparseTensor | tf.RaggedTensor


def as_table(params: tf.Tensor | tf.Variable) -> tf.Tensor | tf.Variable:
    """Return the table `[V, D]` that ``params`` is."""
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
