"""GRU4Rec's five losses in plain loops, and two as the authors' code sums them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


# --8<-- [start:losses]
def ranking_loss_loops(r: float, negatives: Sequence[float], loss: str, regularization: float = 1.0) -> float:
    """Computes one of the five losses of one positive.

    Args:
        r: score of the positive.
        negatives: scores of the negatives.
        loss: "bpr", "top1", "top1-max", "bpr-max" or "cross_entropy".
        regularization: weight of the scores in "bpr-max" (default: 1.0).

    Returns:
        The loss, 0 without negatives.

    Example:
        >>> [round(ranking_loss_loops(0.0, [0.0, 0.0], loss), 4) for loss in ("bpr", "top1", "cross_entropy")]
        [0.6931, 1.0, 1.0986]
    """
    K = len(negatives)
    if K == 0:
        return 0.0
    total = sum(math.exp(n) for n in negatives)
    s = [math.exp(n) / total for n in negatives]
    if loss == "bpr":
        return -sum(math.log(_sigmoid(r - n)) for n in negatives) / K
    if loss == "top1":
        return sum(_sigmoid(n - r) + _sigmoid(n * n) for n in negatives) / K
    if loss == "top1-max":
        return sum(w * (_sigmoid(n - r) + _sigmoid(n * n)) for w, n in zip(s, negatives, strict=True))
    if loss == "bpr-max":
        won = sum(w * _sigmoid(r - n) for w, n in zip(s, negatives, strict=True))
        size = sum(w * n * n for w, n in zip(s, negatives, strict=True))
        return -math.log(won) + regularization * size
    return -math.log(math.exp(r) / (math.exp(r) + total))


# --8<-- [end:losses]


def authors_loss_loops(scores: Array, loss: str) -> float:
    r"""Averages BPR or TOP1 over a batch as the authors' code did until 2020, own columns included.

    $$
    \text{BPR} = -\frac{1}{M^2}\sum_{i,j} \log\sigma(r_{ii} - r_{ij}), \qquad
    \text{TOP1} = \frac{1}{M}\sum_i \Big[\frac{1}{M}\sum_j
        \big(\sigma(r_{ij} - r_{ii}) + \sigma(r_{ij}^2)\big) - \frac{\sigma(r_{ii}^2)}{M}\Big]
    $$

    with the scores $r$ of shape $[M, M]$, the positives on the diagonal.

    Args:
        scores: ``[M, M]``.
        loss: "bpr" or "top1".

    Returns:
        The loss.

    Example:
        >>> authors_loss_loops(np.zeros((2, 2)), "top1")
        0.75

    References:
        https://github.com/hidasib/GRU4Rec, ``gru4rec.py``, up to commit 07f75a7; since 1088282 BPR is the sum
        over the columns, so that its weight grows with the batch.
    """
    M, total = len(scores), 0.0
    for i in range(M):
        for j in range(M):
            if loss == "bpr":
                total -= math.log(_sigmoid(scores[i, i] - scores[i, j])) / M
            else:
                total += (_sigmoid(scores[i, j] - scores[i, i]) + _sigmoid(scores[i, j] ** 2)) / M
        if loss == "top1":
            total -= _sigmoid(scores[i, i] ** 2) / M
    return total / M
