"""Metrics of the order within a user: GAUC and the ratio of right pairs to wrong ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from recnotes.metrics.ctr import auc


# --8<-- [start:gauc]
def gauc(labels: ArrayLike, scores: ArrayLike, groups: ArrayLike) -> float:
    r"""Returns the mean of the users' AUCs, weighted by their impressions.

    $$
    \text{GAUC} = \frac{\sum_u n_u\, \text{AUC}_u}{\sum_u n_u}
    $$

    with $n_u$ the rows of user $u$, over the users that have both classes. Adding a number to all scores of a
    user changes nothing: what only tells users apart, which `auc` rewards, counts for nothing here.

    Args:
        labels: 0 or 1, ``[B]``.
        scores: scores ``[B]``.
        groups: the user of each row, integers or strings, ``[B]``.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: the shapes differ, a value is NaN, a label is not 0 or 1, or no user has both classes.

    Example:
        >>> gauc([1, 0, 1, 0, 0], [0.2, 0.1, 0.8, 0.9, 0.7], ["a", "a", "b", "b", "b"])  # (2 · 1 + 3 · ½) / 5
        0.7

    References:
        Zhou et al., *Deep Interest Network for Click-Through Rate Prediction*, KDD 2018,
        https://arxiv.org/abs/1706.06978.
    """
    y, s, parts = _grouped(labels, scores, groups)
    if not np.isin(y, (0.0, 1.0)).all():
        raise ValueError(f"labels must be 0 or 1, received {float(y[~np.isin(y, (0.0, 1.0))][0])!r}")
    total, weight = 0.0, 0
    for rows in parts:
        if 0 < y[rows].sum() < len(rows):
            total += len(rows) * auc(y[rows], s[rows])
            weight += len(rows)
    if not weight:
        raise ValueError(f"labels must hold both classes in a group, received none among {len(parts)} groups")
    return total / weight


# --8<-- [end:gauc]


def positive_negative_ratio(labels: ArrayLike, scores: ArrayLike, groups: ArrayLike) -> float:
    r"""Returns how many pairs of a user stand in the order of their labels for each that stands in the other.

    $$
    \text{PNR} = \frac{\sum_u \#\{(i, j) : y_i > y_j,\; s_i > s_j\}}
                      {\sum_u \#\{(i, j) : y_i > y_j,\; s_i < s_j\}}
    $$

    with pairs $i, j$ among the rows of user $u$. Pairs of equal scores are in neither count. Labels may be
    grades. For labels of 0 and 1 without ties and one user it is AUC / (1 − AUC).

    Args:
        labels: grades ``[B]``, finite.
        scores: scores ``[B]``.
        groups: the user of each row, ``[B]``.

    Returns:
        A ratio of 0 or more, infinite where no pair is wrong.

    Raises:
        ValueError: the shapes differ, a value is NaN, or no user has two rows of different labels and scores.

    Example:
        >>> positive_negative_ratio([2, 1, 0], [0.9, 0.1, 0.5], [7, 7, 7])  # of three pairs one is wrong
        2.0

    References:
        Used in search ranking, where labels are grades; for two classes it follows from the pairwise form of
        the AUC, Hanley and McNeil, Radiology 143, 1982, https://doi.org/10.1148/radiology.143.1.7063747.
    """
    y, s, parts = _grouped(labels, scores, groups)
    right = wrong = 0
    for rows in parts:
        for i in rows:  # One row of the comparison at a time bounds the memory.
            lower = y[rows] < y[i]
            right += int((lower & (s[rows] < s[i])).sum())
            wrong += int((lower & (s[rows] > s[i])).sum())
    if not right + wrong:
        raise ValueError(f"a group must hold an ordered pair, received none among {len(parts)} groups")
    return right / wrong if wrong else float("inf")


def _grouped(
    labels: ArrayLike, scores: ArrayLike, groups: ArrayLike
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Return labels, scores and the rows of each group."""
    y, s, g = np.asarray(labels, np.float64), np.asarray(scores, np.float64), np.asarray(groups)
    if y.ndim != 1 or not y.shape == s.shape == g.shape:
        raise ValueError(
            f"labels, scores and groups must have one shape [B], received {y.shape}, {s.shape} and {g.shape}"
        )
    for name, array in (("labels", y), ("scores", s)):
        if np.isnan(array).any():
            raise ValueError(f"{name} must hold no NaN, received one at row {int(np.isnan(array).argmax())}")
    if not len(g):
        return y, s, []
    order = np.argsort(g, kind="stable")
    return y, s, np.split(order, np.flatnonzero(g[order][1:] != g[order][:-1]) + 1)
