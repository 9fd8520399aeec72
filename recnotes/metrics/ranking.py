"""HR, recall, NDCG and MRR at K in NumPy, over all items or a sample, ties counted in expectation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from recnotes.metrics._border import check_ties, checked, one_column, positive
from recnotes.metrics.candidates import sample_candidates  # noqa: F401, importable from here too
from recnotes.metrics.ranks import counts, rank_range  # noqa: F401, importable from here too


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
    return recall(scores, one_column(target), k, exclude, ties)


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
    gain[1 : positive(k) + 1] = 1
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
    gain[positive(k) + 1 :] = 0
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
    gain[positive(k) + 1 :] = 0
    return _mean(scores, one_column(target), gain, exclude, ties)


def _length(scores: ArrayLike) -> int:
    return np.asarray(scores).shape[-1]


# --8<-- [start:ties]
def _gains(g: np.ndarray, e: np.ndarray, gain: np.ndarray, ties: str) -> np.ndarray:
    """Returns for each relevant item the gain of its place, ``gain[rank]``, in expectation over ties."""
    if check_ties(ties) == "best":
        value = gain[g + 1]
    elif ties == "worst":
        value = gain[g + e + 1]
    else:
        total = np.cumsum(gain)
        value = (total[g + e + 1] - total[g]) / (e + 1)
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
    r, b, i = checked(scores, relevant)
    value = _gains(*counts(r, b, i, exclude), gain, ties)
    count = np.bincount(b, minlength=len(r))
    some = count > 0
    if not some.any():
        return float("nan")
    best = count if ideal is None else ideal[count]
    return float((np.bincount(b, value, len(r))[some] / best[some]).mean())
