"""`tf.nn.embedding_lookup` rebuilt: one row an id, from one table or from a table in parts."""

from collections.abc import Sequence
from typing import TypeAlias

import tensorflow as tf

from recnotes.lookup.ids import as_table, check_ids, num_rows_of
from recnotes.lookup.segments import limit_norm

STRATEGIES = ("mod", "div")

Tables: TypeAlias = tf.Tensor | tf.Variable | Sequence[tf.Tensor | tf.Variable]


def partition_sizes(num_rows: int, num_partitions: int, strategy: str = "mod") -> list[int]:
    r"""Return how many rows each part of a table holds.

    $V$ rows in $P$ parts: the first $V \bmod P$ parts hold $\lfloor V / P \rfloor + 1$ rows, the others one
    less, whichever strategy deals them out.

    Args:
        num_rows: number V of rows, at least 0.
        num_partitions: number P of parts, at least 1.
        strategy: "mod" or "div" (default: "mod").

    Returns:
        P numbers whose sum is V.

    Raises:
        ValueError: If a number is too small or the strategy unknown.

    Example:
        >>> partition_sizes(13, 5)
        [3, 3, 3, 2, 2]

    References:
        TensorFlow, `tf.nn.embedding_lookup`, https://www.tensorflow.org/api_docs/python/tf/nn/embedding_lookup.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy must be one of {', '.join(STRATEGIES)}, received {strategy!r}")
    if num_rows < 0 or num_partitions < 1:
        raise ValueError(f"rows must be >= 0 and partitions >= 1, received {(num_rows, num_partitions)!r}")
    each, extras = divmod(num_rows, num_partitions)
    return [each + (p < extras) for p in range(num_partitions)]


def partition_ids(
    ids: tf.Tensor, num_rows: int, num_partitions: int, strategy: str = "mod"
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Say which part of the table holds each id, and in which of the part's rows.

    Id $v$ of a table of $V$ rows in $P$ parts, with $q = \lfloor V / P \rfloor$ and $r = V \bmod P$. Parts
    $p$ and rows $i$, both of shape $[K]$ like the ids:

    $$
    \text{mod: } p = v \bmod P, \; i = \lfloor v / P \rfloor \qquad
    \text{div: } p = \max\Big(\Big\lfloor \frac{v}{q + 1} \Big\rfloor, \Big\lfloor \frac{v - r}{q}
    \Big\rfloor\Big), \; i = v \bmod (q + 1) \text{ if } p < r, \text{ else } (v - r) \bmod q
    $$

    Args:
        ids: integer tensor `[K]`, every id in `[0, V)`.
        num_rows: number V of rows of all parts together.
        num_partitions: number P of parts.
        strategy: "mod" or "div" (default: "mod").

    Returns:
        The pair (parts `[K]` of dtype int32, rows `[K]`).

    Raises:
        ValueError: If a number is too small or the strategy unknown.

    Example:
        >>> parts, rows = partition_ids(tf.constant([0, 8, 9, 12]), 13, 5, "div")
        >>> print(parts.numpy(), rows.numpy())
        [0 2 3 4] [0 2 0 1]

    References:
        TensorFlow, `python/ops/embedding_ops.py`, https://github.com/tensorflow/tensorflow. There "div" with
        fewer rows than parts divides by zero; here the last parts are empty.
    """
    partition_sizes(num_rows, num_partitions, strategy)
    # --8<-- [start:partition]
    if strategy == "mod":
        return tf.cast(ids % num_partitions, tf.int32), ids // num_partitions
    each, extras = divmod(num_rows, num_partitions)
    each_or_one = max(each, 1)
    parts = tf.maximum(ids // (each + 1), (ids - extras) // each_or_one)  # [K]
    rows = tf.where(parts < extras, ids % (each + 1), (ids - extras) % each_or_one)  # [K]
    return tf.cast(parts, tf.int32), rows
    # --8<-- [end:partition]


def as_tables(params: Tables, strategy: str) -> tuple[list[tf.Tensor | tf.Variable], int | tf.Tensor]:
    """Return the tables `[V_p, D]` that ``params`` is or holds, and the number V of their rows together."""
    tables = [as_table(part) for part in (params if isinstance(params, list | tuple) else [params])]
    if not tables:
        raise ValueError("params must hold at least one table, received none")
    if len(tables) == 1:
        return tables, num_rows_of(tables[0])
    sizes, widths = [part.shape[0] for part in tables], [part.shape[1] for part in tables]
    if None in sizes or sizes != partition_sizes(sum(sizes), len(sizes), strategy):
        raise ValueError(f"params must be parts whose sizes differ by the remainder, received {sizes}")
    if len(set(widths)) > 1:
        raise ValueError(f"params must be parts of one width, received {widths}")
    return tables, sum(sizes)


def embedding_lookup_partitioned(
    params: Tables,
    ids: tf.Tensor,
    partition_strategy: str = "mod",
    name: str | None = None,
    max_norm: float | None = None,
) -> tf.Tensor:
    r"""Read one row an id from a table in parts, as `tf.compat.v1.nn.embedding_lookup` does.

    The ids are dealt out to the parts, each part is read with its own gather, and the rows are stitched
    together in the order of the ids: $o_k = T^{(p_k)}_{i_k}$ with $p$ and $i$ of `partition_ids`, tables
    $T^{(p)} \in \mathbb{R}^{[V_p, D]}$ and $o \in \mathbb{R}^{[K, D]}$ for ids of shape $[K]$.

    Args:
        params: tables `[V_p, D]`, sized as `partition_sizes` says, or one table.
        ids: integer tensor of any shape.
        partition_strategy: "mod" or "div" (default: "mod").
        name: str, the field the error message names (default: None).
        max_norm: positive float, the length to which longer rows are shortened (default: None).

    Returns:
        Rows of shape `ids.shape + [D]`.

    Raises:
        ValueError: If there is no table, the strategy is unknown, the ids are not integers, `max_norm` is not
            positive, or the parts are not sized as the strategy needs; under `jit_compile=True`.
        tf.errors.InvalidArgumentError: If an id is not in `[0, V)`.

    Example:
        >>> parts = [tf.constant([[0.0], [2.0]]), tf.constant([[1.0]])]
        >>> embedding_lookup_partitioned(parts, tf.constant([2, 0, 1])).numpy().tolist()
        [[2.0], [0.0], [1.0]]

    References:
        TensorFlow, `tf.compat.v1.nn.embedding_lookup`,
        https://www.tensorflow.org/api_docs/python/tf/compat/v1/nn/embedding_lookup: equal to the bit,
        gradients included. Its `validate_indices` does nothing and is left out. It does not compare the
        sizes of the parts: with wrong ones it reads another id's row, or fails at some id.
    """
    if partition_strategy not in STRATEGIES:
        raise ValueError(
            f"partition_strategy must be one of {', '.join(STRATEGIES)}, received {partition_strategy!r}"
        )
    tables, num_rows = as_tables(params, partition_strategy)
    ids = tf.convert_to_tensor(ids)
    if not ids.dtype.is_integer:
        raise ValueError(f"ids must be integers, received {ids.dtype.name}")
    flat = tf.reshape(ids, [-1])  # [K]
    flat = check_ids(flat, num_rows, name or "ids")  # [K]
    if len(tables) == 1:
        found = tf.gather(tables[0], flat)  # [K, D]
    else:
        # --8<-- [start:stitch]
        parts, rows = partition_ids(flat, num_rows, len(tables), partition_strategy)
        rows_of = tf.dynamic_partition(rows, parts, len(tables))
        places = tf.dynamic_partition(tf.range(tf.size(flat)), parts, len(tables))
        read = [tf.gather(part, index) for part, index in zip(tables, rows_of, strict=True)]
        found = tf.raw_ops.ParallelDynamicStitch(indices=places, data=read)  # [K, D]
        # --8<-- [end:stitch]
    found = limit_norm(found, max_norm)  # [K, D]
    return tf.reshape(found, tf.concat([tf.shape(ids), [tables[0].shape[1]]], axis=0))


def embedding_lookup(
    params: Tables,
    ids: tf.Tensor,
    max_norm: float | None = None,
    name: str | None = None,
) -> tf.Tensor:
    r"""Read one row an id, as `tf.nn.embedding_lookup` does.

    Table $T \in \mathbb{R}^{[V, D]}$, ids $v \in \mathbb{Z}^{[K]}$ (any shape): $o_k = T_{v_k}$, with
    $o \in \mathbb{R}^{[K, D]}$. The gradient names only the rows read; an id that occurs twice stands there
    twice. A table in parts is taken as "div".

    Args:
        params: table `[V, D]`, or the parts of one, in order.
        ids: integer tensor of any shape.
        max_norm: positive float, the length to which longer rows are shortened (default: None).
        name: str, the field the error message names (default: None).

    Returns:
        Rows of shape `ids.shape + [D]`.

    Raises:
        ValueError: If there is no table, the ids are not integers, `max_norm` is not positive, or the parts
            are not sized as "div" needs; under `jit_compile=True`.
        tf.errors.InvalidArgumentError: If an id is not in `[0, V)`.

    Example:
        >>> embedding_lookup(tf.constant([[1.0], [2.0]]), tf.constant([[1, 0]])).numpy().tolist()
        [[[2.0], [1.0]]]

    References:
        TensorFlow, `tf.nn.embedding_lookup`,
        https://www.tensorflow.org/api_docs/python/tf/nn/embedding_lookup: equal to the bit, gradients
        included. Tables of a rank above 2 and ragged ids are not taken here.
    """
    return embedding_lookup_partitioned(params, ids, "div", name, max_norm)
