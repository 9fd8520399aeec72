"""HR, recall, NDCG and MRR at K in NumPy, over all items or a sample, ties counted in expectation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

TIES = ("expected", "best", "worst")


# --8<-- [start:rank]
def rank_range(
    scores: ArrayLike, relevant: ArrayLike, exclude: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray]:
    r"""Counts, for each item, how many others score higher and how many score the same.

    $$
    g_{bi} = \#\{j \ne i : r_{bj} > r_{bi}\}, \qquad e_{bi} = \#\{j \ne i : r_{bj} = r_{bi}\}
    $$

    with scores $r$ and results of shape $[B, N]$. The rank of item $i$, counted from 1, lies in
    $g+1 \dots g+e+1$; in which place depends on how ties are broken. Excluded items take no place. Results
    are filled for relevant items only and are 0 elsewhere.

    Args:
        scores: floats ``[B, N]``, higher is better, no NaN.
        relevant: bools ``[B, N]``, or the column of the one relevant item of each row, integers ``[B]``.
        exclude: bools ``[B, N]``, items left out of the ranking, None for none (default: None).

    Returns:
        The pair ``g``, ``e`` of int64 arrays ``[B, N]``.

    Raises:
        ValueError: the shapes do not fit, a score is NaN, or a relevant item is excluded.

    Example:
        >>> g, e = rank_range([[3.0, 1.0, 1.0, 0.0]], [1])
        >>> int(g[0, 1]), int(e[0, 1])
        (1, 1)
    """
    r, b, i = _checked(scores, relevant)
    g = np.zeros(r.shape, np.int64)
    e = np.zeros(r.shape, np.int64)
    g[b, i], e[b, i] = _counts(r, b, i, exclude)
    return g, e


def _counts(
    r: np.ndarray, b: np.ndarray, i: np.ndarray, exclude: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns ``g`` and ``e`` of the relevant items only, which stand in rows ``b`` and columns ``i``."""
    left_out = None if exclude is None else np.asarray(exclude, bool)
    if left_out is not None:
        if left_out.shape != r.shape:
            raise ValueError(f"exclude must have shape {r.shape}, received {left_out.shape}")
        if wrong := int(left_out[b, i].sum()):
            raise ValueError(f"a relevant item must not be excluded, received {wrong}")
    own = r[b, i]
    g = np.zeros(len(b), np.int64)
    e = np.zeros(len(b), np.int64)
    step = max(1, 2**20 // max(1, r.shape[1]))  # A part of the comparison that stays in the cache.
    for start in range(0, len(b), step):
        part = slice(start, start + step)
        others = r[b[part]]  # [n, N]
        score = own[part, None]  # [n, 1]
        higher = others > score  # [n, N]
        equal = others == score  # [n, N]
        if left_out is not None:
            counted = ~left_out[b[part]]  # [n, N]
            higher &= counted
            equal &= counted
        g[part] = higher.sum(axis=1)
        e[part] = equal.sum(axis=1) - 1
    return g, e


# --8<-- [end:rank]


def hit_rate(
    scores: ArrayLike,
    target: ArrayLike,
    k: int,
    exclude: ArrayLike | None = None,
    ties: str = "expected",
) -> float:
    r"""Fraction of rows whose one relevant item is among the first ``k``.

    $$
    \text{HR@}k = \frac1B\sum_b \Pr[\text{rank}_b \le k]
    $$

    The probability is over a random order of items with equal scores (``ties="expected"``); "best" places the
    relevant item before its equals and "worst" behind them. A model that gives every item the same score gets
    $k/N$, 1 and 0.

    Args:
        scores: floats ``[B, N]``, higher is better.
        target: the column of the relevant item, integers ``[B]``.
        k: length of the list, positive.
        exclude: bools ``[B, N]``, items left out of the ranking, None for none (default: None).
        ties: "expected", "best" or "worst" (default: "expected").

    Returns:
        a float between 0 and 1.

    Raises:
        ValueError: the shapes do not fit, a score is NaN, ``k`` is not positive, or ``ties`` is unknown.

    Example:
        >>> hit_rate([[3.0, 1.0, 1.0, 0.0]], [1], k=2)
        0.5
    """
    return recall(scores, _one(target), k, exclude, ties)


def recall(
    scores: ArrayLike,
    relevant: ArrayLike,
    k: int,
    exclude: ArrayLike | None = None,
    ties: str = "expected",
) -> float:
    r"""Mean fraction of a row's relevant items that are among the first ``k``.

    $$
    \text{Recall@}k = \frac1B\sum_b \frac{\#\{i \in R_b : \text{rank}_{bi} \le k\}}{|R_b|}
    $$

    Rows without a relevant item are left out of the mean. With one relevant item a row it is `hit_rate`.

    Args:
        scores: floats ``[B, N]``, higher is better.
        relevant: bools ``[B, N]``, or the column of the one relevant item of each row, integers ``[B]``.
        k: length of the list, positive.
        exclude: bools ``[B, N]``, items left out of the ranking, None for none (default: None).
        ties: "expected", "best" or "worst", see `hit_rate` (default: "expected").

    Returns:
        a float between 0 and 1, NaN where no row has a relevant item.

    Raises:
        ValueError: the shapes do not fit, a score is NaN, ``k`` is not positive, or ``ties`` is unknown.

    Example:
        >>> recall([[3.0, 2.0, 1.0]], [[True, False, True]], k=2)
        0.5
    """
    gain = np.zeros(_length(scores) + 1)
    gain[1 : _positive(k) + 1] = 1
    return _mean(scores, relevant, gain, exclude, ties)


def ndcg(
    scores: ArrayLike,
    relevant: ArrayLike,
    k: int,
    exclude: ArrayLike | None = None,
    ties: str = "expected",
) -> float:
    r"""Discounted gain of the first ``k`` places, divided by that of the best possible list.

    $$
    \text{NDCG@}k = \frac1B\sum_b
    \frac{\sum_{i\in R_b}[\text{rank}_{bi}\le k]\,/\log_2(\text{rank}_{bi}+1)}
    {\sum_{p=1}^{\min(k,|R_b|)} 1/\log_2(p+1)}
    $$

    Rows without a relevant item are left out of the mean. With one relevant item the denominator is 1.

    Args:
        scores: floats ``[B, N]``, higher is better.
        relevant: bools ``[B, N]``, or the column of the one relevant item of each row, integers ``[B]``.
        k: length of the list, positive.
        exclude: bools ``[B, N]``, items left out of the ranking, None for none (default: None).
        ties: "expected", "best" or "worst", see `hit_rate` (default: "expected").

    Returns:
        a float between 0 and 1, NaN where no row has a relevant item.

    Raises:
        ValueError: the shapes do not fit, a score is NaN, ``k`` is not positive, or ``ties`` is unknown.

    Example:
        >>> round(ndcg([[3.0, 2.0, 1.0]], [1], k=2), 4)  # 1 / log2(3)
        0.6309

    References:
        Järvelin and Kekäläinen, *Cumulated gain-based evaluation of IR techniques*, TOIS 20(4), 2002,
        https://doi.org/10.1145/582415.582418.
    """
    places = _length(scores)
    gain = np.zeros(places + 1)
    gain[1:] = 1 / np.log2(np.arange(2, places + 2))
    gain[_positive(k) + 1 :] = 0
    return _mean(scores, relevant, gain, exclude, ties, ideal=np.cumsum(gain))


def mrr(
    scores: ArrayLike,
    target: ArrayLike,
    k: int,
    exclude: ArrayLike | None = None,
    ties: str = "expected",
) -> float:
    r"""Mean reciprocal rank of each row's one relevant item, 0 beyond place ``k``.

    $$
    \text{MRR@}k = \frac1B\sum_b \frac{[\text{rank}_b \le k]}{\text{rank}_b}
    $$

    Args:
        scores: floats ``[B, N]``, higher is better.
        target: the column of the relevant item, integers ``[B]``.
        k: length of the list, positive.
        exclude: bools ``[B, N]``, items left out of the ranking, None for none (default: None).
        ties: "expected", "best" or "worst", see `hit_rate` (default: "expected").

    Returns:
        a float between 0 and 1.

    Raises:
        ValueError: the shapes do not fit, a score is NaN, ``k`` is not positive, or ``ties`` is unknown.

    Example:
        >>> mrr([[3.0, 2.0, 1.0]], [1], k=10)
        0.5
    """
    places = _length(scores)
    gain = np.zeros(places + 1)
    gain[1:] = 1 / np.arange(1, places + 1)
    gain[_positive(k) + 1 :] = 0
    return _mean(scores, _one(target), gain, exclude, ties)


def sample_candidates(
    target: ArrayLike,
    num_items: int,
    num_negatives: int,
    exclude: ArrayLike | None = None,
    seed: int = 0,
) -> np.ndarray:
    r"""Draws the columns that a sampled metric ranks: the relevant item first, then uniform negatives.

    Negatives are drawn with replacement from the items that are neither the target nor excluded.

    Args:
        target: the column of the relevant item, integers ``[B]``.
        num_items: number of items ``N``.
        num_negatives: number of negatives for each row.
        exclude: bools ``[B, N]``, items that must not be drawn, None for none (default: None).
        seed: seed of the generator (default: 0).

    Returns:
        int64 array ``[B, 1+num_negatives]``; rank ``np.take_along_axis(scores, columns, 1)`` with target 0.

    Raises:
        ValueError: a row leaves no item to draw, a target is no column, ``exclude`` is not ``[B, N]``, or
            ``num_negatives`` is negative.

    Example:
        >>> sample_candidates([2], 4, 3, exclude=[[True, True, False, False]]).tolist()
        [[2, 3, 3, 3]]

    References:
        Krichene and Rendle, *On Sampled Metrics for Item Recommendation*, KDD 2020,
        https://doi.org/10.1145/3394486.3403226: such a metric does not keep the order of two models, not
        even in expectation.
    """
    columns = _one(target)
    if len(columns) and not (0 <= columns.min() and columns.max() < num_items):
        raise ValueError(
            f"target must be columns in [0, {num_items}), received {columns.min()} to {columns.max()}"
        )
    if num_negatives < 0:
        raise ValueError(f"num_negatives must not be negative, received {num_negatives!r}")
    if exclude is not None and np.shape(exclude) != (len(columns), num_items):
        raise ValueError(f"exclude must have shape {(len(columns), num_items)}, received {np.shape(exclude)}")
    rng = np.random.default_rng(seed)
    out = np.empty((len(columns), 1 + num_negatives), np.int64)
    out[:, 0] = columns
    for b, column in enumerate(columns):
        free = np.ones(num_items, bool) if exclude is None else ~np.asarray(exclude[b], bool)  # type: ignore[index]
        free[column] = False
        pool = np.flatnonzero(free)
        if not len(pool):
            raise ValueError(f"row {b} must leave an item to draw, received {num_items} items")
        out[b, 1:] = rng.choice(pool, num_negatives)
    return out


def _checked(scores: ArrayLike, relevant: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the scores, and the rows and columns of the relevant items, row after row."""
    r = np.asarray(scores)
    if r.ndim != 2:
        raise ValueError(f"scores must be [B, N], received shape {r.shape}")
    if np.isnan(r).any():
        raise ValueError(f"scores must not be NaN, received {int(np.isnan(r).sum())} of them")
    rel = np.asarray(relevant)
    if rel.dtype == bool:
        if rel.shape != r.shape:
            raise ValueError(f"relevant must have shape {r.shape}, received {rel.shape}")
        b, i = np.nonzero(rel)
        return r, b, i
    if rel.shape != r.shape[:1]:
        raise ValueError(f"target must have shape {r.shape[:1]}, received {rel.shape}")
    if not len(rel):
        return r, *(np.zeros(0, np.int64),) * 2
    if not np.issubdtype(rel.dtype, np.integer):
        raise ValueError(f"relevant must be bools or integer columns, received {rel.dtype}")
    if not (0 <= rel.min() and rel.max() < r.shape[1]):
        raise ValueError(f"target must be columns in [0, {r.shape[1]}), received {rel.min()} to {rel.max()}")
    return r, np.arange(len(rel)), rel


def _one(target: ArrayLike) -> np.ndarray:
    columns = np.asarray(target)
    if columns.dtype == bool or columns.ndim != 1:
        raise ValueError(f"target must be one column for each row, received shape {columns.shape}")
    if len(columns) and not np.issubdtype(columns.dtype, np.integer):
        raise ValueError(f"target must be integers, received {columns.dtype}")
    return columns


def _length(scores: ArrayLike) -> int:
    return np.asarray(scores).shape[-1]


def _positive(k: int) -> int:
    if not (isinstance(k, int | np.integer) and k >= 1):
        raise ValueError(f"k must be a positive integer, received {k!r}")
    return k


# --8<-- [start:ties]
def _gains(g: np.ndarray, e: np.ndarray, gain: np.ndarray, ties: str) -> np.ndarray:
    """Returns for each relevant item the gain of its place, ``gain[rank]``, in expectation over ties."""
    if ties == "best":
        value = gain[g + 1]
    elif ties == "worst":
        value = gain[g + e + 1]
    elif ties == "expected":
        total = np.cumsum(gain)
        value = (total[g + e + 1] - total[g]) / (e + 1)
    else:
        raise ValueError(f"ties must be one of {TIES}, received {ties!r}")
    return value


# --8<-- [end:ties]


def _mean(
    scores: ArrayLike,
    relevant: ArrayLike,
    gain: np.ndarray,
    exclude: ArrayLike | None,
    ties: str,
    ideal: np.ndarray | None = None,
) -> float:
    """Adds the gains up within each row, divides by the best possible sum and averages over the rows."""
    r, b, i = _checked(scores, relevant)
    value = _gains(*_counts(r, b, i, exclude), gain, ties)
    count = np.bincount(b, minlength=len(r))
    some = count > 0
    if not some.any():
        return float("nan")
    best = count if ideal is None else ideal[count]
    return float((np.bincount(b, value, len(r))[some] / best[some]).mean())
