"""Sparse lookups as plain loops in float64."""

import numpy as np


def embedding_lookup_sparse(
    table: np.ndarray,
    segments: np.ndarray,
    ids: np.ndarray,
    weights: np.ndarray | None = None,
    combiner: str = "mean",
    max_norm: float | None = None,
    num_rows: int | None = None,
) -> np.ndarray:
    r"""Pool the rows of the table that each segment names, one number at a time.

    $o_b = \frac{1}{z_b} \sum_{k:\, s_k = b} w_k T_{v_k}$ with $z_b$ = 1, $\sum w_k$ or $\sqrt{\sum w_k^2}$;
    0 where $z_b$ = 0. Table $T$ `[V, D]`; segments $s$, ids $v$ and weights $w$ `[K]`.

    Args:
        table: array `[V, D]`.
        segments: integer array `[K]`.
        ids: integer array `[K]`.
        weights: array `[K]`; None means 1 everywhere (default: None).
        combiner: "sum", "mean" or "sqrtn" (default: "mean").
        max_norm: length to which longer rows are shortened first (default: None).
        num_rows: number of rows B; None means the greatest segment + 1 (default: None).

    Returns:
        Float64 array `[B, D]`.

    Example:
        >>> import numpy as np
        >>> embedding_lookup_sparse(np.array([[1.0], [2.0], [6.0]]), np.array([0, 0]), np.array([0, 2]))
        array([[3.5]])
    """
    # --8<-- [start:pool]
    if num_rows is None:
        num_rows = max(segments, default=-1) + 1
    dim = table.shape[1]
    out = np.zeros((num_rows, dim))
    for b in range(num_rows):
        divisor = 0.0
        for k in range(len(ids)):
            if segments[k] != b:
                continue
            w = 1.0 if weights is None else float(weights[k])
            norm = 0.0
            for d in range(dim):
                norm += float(table[ids[k], d]) ** 2
            norm = norm**0.5
            scale = max_norm / norm if max_norm is not None and norm > max_norm else 1.0
            for d in range(dim):
                out[b, d] += w * scale * float(table[ids[k], d])
            divisor += w if combiner == "mean" else w * w
        if combiner == "sqrtn":
            divisor = divisor**0.5
        if combiner != "sum":
            for d in range(dim):
                out[b, d] = out[b, d] / divisor if divisor != 0 else 0.0
    return out
    # --8<-- [end:pool]


def safe_embedding_lookup_sparse(
    table: np.ndarray,
    segments: np.ndarray,
    ids: np.ndarray,
    num_rows: int,
    weights: np.ndarray | None = None,
    combiner: str = "mean",
    default_id: int | None = None,
    max_norm: float | None = None,
) -> np.ndarray:
    r"""Pool what is valid of each segment; an empty one gets the default row, or zeros.

    Entry $(s_k, v_k, w_k)$ is valid if $v_k \ge 0$ and, unless the combiner is "sum", $w_k > 0$.

    Args:
        table: array `[V, D]`.
        segments: integer array `[K]`.
        ids: integer array `[K]`.
        num_rows: number of rows B.
        weights: array `[K]`; None means 1 everywhere (default: None).
        combiner: "sum", "mean" or "sqrtn" (default: "mean").
        default_id: id of the row an empty segment gets; None gives zeros (default: None).
        max_norm: length to which longer rows are shortened first (default: None).

    Returns:
        Float64 array `[B, D]`.

    Example:
        >>> import numpy as np
        >>> table = np.array([[1.0], [2.0], [6.0]])
        >>> safe_embedding_lookup_sparse(table, np.array([0, 0]), np.array([2, -1]), 2, default_id=1)
        array([[6.],
               [2.]])
    """
    out = np.zeros((num_rows, table.shape[1]))
    for b in range(num_rows):
        valid = []
        for k in range(len(ids)):
            good_weight = weights is None or combiner == "sum" or weights[k] > 0
            if segments[k] == b and ids[k] >= 0 and good_weight:
                valid.append((ids[k], 1.0 if weights is None else weights[k]))
        if not valid and default_id is not None:
            valid.append((default_id, 1.0))
        if valid:
            row_ids = np.array([i for i, _ in valid])
            row_weights = np.array([w for _, w in valid])
            one_row = np.zeros(len(valid), int)
            out[b] = embedding_lookup_sparse(table, one_row, row_ids, row_weights, combiner, max_norm)[0]
    return out


def embedding_lookup_stack(
    table: np.ndarray,
    segments: np.ndarray,
    ids: np.ndarray,
    num_rows: int,
    weights: np.ndarray | None = None,
    max_norm: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    r"""Stand the rows of each segment beside each other, padded with zeros.

    $o_{b,j} = w_k T_{v_k}$, where $k$ is the $j$-th entry of segment $b$.

    Args:
        table: array `[V, D]`.
        segments: integer array `[K]`.
        ids: integer array `[K]`.
        num_rows: number of rows B.
        weights: array `[K]`; None means 1 everywhere (default: None).
        max_norm: length to which longer rows are shortened first (default: None).

    Returns:
        The pair (float64 array `[B, L, D]`, lengths `[B]`).

    Example:
        >>> import numpy as np
        >>> stack, lengths = embedding_lookup_stack(np.array([[1.0], [2.0]]), np.array([1]), np.array([0]), 2)
        >>> stack.tolist(), lengths.tolist()
        ([[[0.0]], [[1.0]]], [0, 1])
    """
    rows: list[list[np.ndarray]] = [[] for _ in range(num_rows)]
    for k in range(len(ids)):
        one = embedding_lookup_sparse(table, np.zeros(1, int), ids[k : k + 1], None, "sum", max_norm)[0]
        rows[segments[k]].append(one * (1.0 if weights is None else float(weights[k])))
    lengths = np.array([len(row) for row in rows], int)
    out = np.zeros((num_rows, lengths.max(initial=0), table.shape[1]))
    for b in range(num_rows):
        for j in range(lengths[b]):
            out[b, j] = rows[b][j]
    return out, lengths


def partition(num_rows: int, num_partitions: int, strategy: str = "mod") -> list[list[int]]:
    r"""Deal the ids 0 to $V - 1$ out to $P$ parts, one at a time ("mod") or in runs ("div").

    Args:
        num_rows: number V of ids.
        num_partitions: number P of parts.
        strategy: "mod" or "div" (default: "mod").

    Returns:
        The ids of each part, in the order of its rows.

    Example:
        >>> partition(5, 2), partition(5, 2, "div")
        ([[0, 2, 4], [1, 3]], [[0, 1, 2], [3, 4]])
    """
    parts: list[list[int]] = [[] for _ in range(num_partitions)]
    if strategy == "mod":
        for i in range(num_rows):
            parts[i % num_partitions].append(i)
        return parts
    i = 0
    for p in range(num_partitions):
        for _ in range(num_rows // num_partitions + (1 if p < num_rows % num_partitions else 0)):
            parts[p].append(i)
            i += 1
    return parts


def embedding_lookup(table: np.ndarray, ids: np.ndarray, max_norm: float | None = None) -> np.ndarray:
    r"""Copy the row of each id, one number at a time; a longer row is shortened to `max_norm`.

    Args:
        table: array `[V, D]`.
        ids: integer array `[K]`.
        max_norm: length to which longer rows are shortened (default: None).

    Returns:
        Float64 array `[K, D]`.

    Example:
        >>> embedding_lookup(np.array([[3.0, 4.0]]), np.array([0]), max_norm=2.5).tolist()
        [[1.5, 2.0]]
    """
    out = np.zeros((len(ids), table.shape[1]))
    for k in range(len(ids)):
        norm = 0.0
        for d in range(table.shape[1]):
            norm += float(table[ids[k], d]) ** 2
        norm = norm**0.5
        scale = max_norm / norm if max_norm is not None and norm > max_norm else 1.0
        for d in range(table.shape[1]):
            out[k, d] = scale * float(table[ids[k], d])
    return out
