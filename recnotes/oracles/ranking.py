"""Ranking metrics by going through every order in which tied items can stand."""

from __future__ import annotations

import itertools
import math

import numpy as np


def rankings_loops(scores: np.ndarray, exclude: np.ndarray | None = None) -> list[list[int]]:
    """Lists every ranking of one row that the scores allow.

    Args:
        scores: floats ``[N]``.
        exclude: bools ``[N]``, None for none (default: None).

    Returns:
        lists of columns, best first; one list where there are no ties.

    Example:
        >>> rankings_loops(np.array([1.0, 2.0, 1.0]))
        [[1, 0, 2], [1, 2, 0]]
    """
    columns = [i for i in range(len(scores)) if exclude is None or not exclude[i]]
    groups = [
        [i for i in columns if scores[i] == value] for value in sorted({scores[i] for i in columns})[::-1]
    ]
    orders = itertools.product(*(itertools.permutations(group) for group in groups))
    return [[i for group in order for i in group] for order in orders]


def metrics_loops(
    scores: np.ndarray, relevant: np.ndarray, k: int, exclude: np.ndarray | None = None
) -> dict[str, float]:
    """Computes all metrics of one row, averaged over its rankings.

    Args:
        scores: floats ``[N]``.
        relevant: bools ``[N]``, at least one true.
        k: length of the list.
        exclude: bools ``[N]``, None for none (default: None).

    Returns:
        ``{"hit_rate", "recall", "ndcg", "mrr"}``; hit rate and MRR of the first relevant item in the list.

    Example:
        >>> metrics_loops(np.array([1.0, 1.0]), np.array([True, False]), 1)["hit_rate"]
        0.5
    """
    sums = dict.fromkeys(("hit_rate", "recall", "ndcg", "mrr"), 0.0)
    rankings = rankings_loops(scores, exclude)
    for ranking in rankings:
        ranks = [place for place, i in enumerate(ranking, start=1) if relevant[i] and place <= k]
        ideal = sum(1 / math.log2(place + 1) for place in range(1, min(k, int(relevant.sum())) + 1))
        sums["hit_rate"] += bool(ranks)
        sums["recall"] += len(ranks) / relevant.sum()
        sums["ndcg"] += sum(1 / math.log2(place + 1) for place in ranks) / ideal
        sums["mrr"] += 1 / ranks[0] if ranks else 0.0
    return {name: float(total / len(rankings)) for name, total in sums.items()}
