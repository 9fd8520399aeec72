"""ComiRec's aggregation: one list from many candidates, accurate or diverse as one number says."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def aggregation_value(
    scores: ArrayLike, categories: ArrayLike, chosen: ArrayLike, diversity: float = 0.0
) -> float:
    r"""Values a set of items of one user: what they score, and how many pairs differ in category.

    $$
    Q(S) = \sum_{i \in S} f_i + \lambda \sum_{i<j;\; i,j \in S} [\, c_i \ne c_j \,]
    $$

    with the scores $f$ and the categories $c$ of shape $[N]$, $f_i = \max_k \langle v_k, e_i \rangle$ where a
    user has several vectors.

    Args:
        scores: ``[N]``.
        categories: integers ``[N]``.
        chosen: positions of the items in the set, all different.
        diversity: factor $\lambda$ (default: 0.0).

    Returns:
        The value.

    Example:
        >>> aggregation_value([3.0, 2.0, 1.0], [7, 7, 8], [0, 2], diversity=0.5)
        4.5

    References:
        Cen et al., *Controllable Multi-Interest Framework for Recommendation*, KDD 2020,
        https://arxiv.org/abs/2005.09347, whose sum over $i, j \in S$ is taken here over pairs, each once.
    """
    index = np.asarray(chosen, np.int64)
    c = np.asarray(categories)[index]
    different = np.sum(c[:, None] != c[None, :]) / 2
    return float(np.asarray(scores, np.float64)[index].sum() + diversity * different)


def controllable_aggregation(
    scores: ArrayLike, categories: ArrayLike, k: int, diversity: float = 0.0
) -> NDArray[np.int64]:
    r"""Chooses items one after the other, each time the one that adds most to `aggregation_value`.

    $$
    i_t = \arg\max_{i \notin S_{t-1}} \Big( f_i + \lambda \sum_{j \in S_{t-1}} [\, c_i \ne c_j \,] \Big),
    \qquad S_t = S_{t-1} \cup \{i_t\}
    $$

    with the scores $f$ of shape $[B, N]$ and the categories $c$ of shape $[N]$. With $\lambda = 0$ it sorts
    by score. Of equals the first in order is taken. Each set is the best one of its size: up to a constant
    the $r$-th item taken of a category adds $f_i - \lambda (r-1)$, which falls with $r$ as items of one
    category come sorted, so that the $k$ largest of these numbers are there to be taken.

    Args:
        scores: ``[B, N]``, of an item its best over the user's interests; ``-inf`` for what must not appear.
        categories: integers ``[N]``, the items' categories.
        k: number of items to choose, at most ``N``.
        diversity: factor $\lambda$, at least 0 (default: 0.0).

    Returns:
        Columns of the items ``[B, k]`` in the order of their choice; item ids are one more.

    Raises:
        ValueError: shapes do not fit, ``k`` or ``diversity`` is out of range, or a score is NaN.

    Example:
        >>> controllable_aggregation([[3.0, 2.5, 1.0]], [7, 7, 8], 2, diversity=2.0).tolist()
        [[0, 2]]

    References:
        Cen et al., *Controllable Multi-Interest Framework for Recommendation*, KDD 2020,
        https://arxiv.org/abs/2005.09347. The authors' code (THUDM/ComiRec, ``src/train.py``) subtracts
        $\lambda$ for each chosen item of the same category, the same up to a constant in each step, and
        chooses among the best ``k`` items of each interest only.
    """
    f, c = np.asarray(scores, np.float64), np.asarray(categories)
    if f.ndim != 2 or c.shape != f.shape[1:]:
        raise ValueError(f"scores and categories must be [B, N] and [N], received {f.shape} and {c.shape}")
    if not 1 <= k <= f.shape[1]:
        raise ValueError(f"k must be in [1, {f.shape[1]}], received {k!r}")
    if not 0 <= diversity < np.inf:
        raise ValueError(f"diversity must be at least 0 and finite, received {diversity!r}")
    if np.isnan(f).any():
        raise ValueError("scores must be numbers, received NaN")
    _, c = np.unique(c, return_inverse=True)
    free = np.ones(f.shape, bool)
    same = np.zeros((len(f), c.max() + 1))  # chosen items of each category
    rows = np.arange(len(f))
    chosen = np.zeros((len(f), k), np.int64)
    for step in range(k):
        # Of the items chosen so far, those of another category.
        gain = f + diversity * (step - same[:, c])
        # What is chosen comes after what must not appear.
        gain = np.where(free, np.maximum(gain, np.finfo(np.float64).min), -np.inf)
        chosen[:, step] = np.argmax(gain, axis=1)
        free[rows, chosen[:, step]] = False
        same[rows, c[chosen[:, step]]] += 1
    return chosen
