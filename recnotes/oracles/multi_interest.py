"""Plain loops of models with several vectors a user, of their readout, and of the aggregation."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def recent_loops(history: Sequence[int], max_length: int) -> list[int]:
    """Lists the real items of a history from the last backwards.

    Args:
        history: item ids, oldest first, 0 is padding.
        max_length: number of items read.

    Returns:
        Ids.

    Example:
        >>> recent_loops([7, 0, 8, 9, 0], 2)
        [9, 8]
    """
    return [int(i) for i in reversed(history) if i != 0][:max_length]


def attention_interests_loops(h: Array, p: Mapping[str, Any], wiring: str = "paper") -> tuple[Array, Array]:
    r"""Computes the interests of one history and the weights they come from.

    $$
    a_{kt} = \frac{\exp s_{kt}}{\sum_r \exp s_{kr}}, \qquad
    s_{kt} = \sum_u W_{2,uk} \tanh\Big(\sum_d W_{1,du} (h_{td} + p_{td})\Big), \qquad
    v_k = \sum_t a_{kt} (h_t + p_t)
    $$

    with the items $h$ and their positions $p$ of shape $[L, D]$, the most recent one first, $W_1$ of shape
    $[D, U]$, $W_2$ of shape $[U, M]$ and interests $v$ of shape $[M, D]$. The authors' code adds biases to
    both products and leaves $p_t$ out of the last sum.

    Args:
        h: real items ``[L, D]``, may be empty.
        p: ``"w1"``, ``"w2"``, ``"positions"`` (None for none), for the authors ``"b1"`` and ``"b2"``.
        wiring: "paper" or "authors" (default: "paper").

    Returns:
        Interests ``[M, D]`` and weights ``[M, L]``.

    Example:
        >>> p = {"w1": np.zeros((2, 3)), "w2": np.zeros((3, 1)), "positions": None}
        >>> attention_interests_loops(np.array([[1.0, 2.0], [3.0, 6.0]]), p)[0].tolist()
        [[2.0, 4.0]]
    """
    length, width = h.shape
    heads = p["w2"].shape[1]
    v, weights = np.zeros((heads, width)), np.zeros((heads, length))
    x = np.array([h[t] + (0.0 if p["positions"] is None else p["positions"][t]) for t in range(length)])
    for k in range(heads):
        scores = []
        for t in range(length):
            s = float(p["b2"][k]) if wiring == "authors" else 0.0
            for u in range(p["w1"].shape[1]):
                z = float(p["b1"][u]) if wiring == "authors" else 0.0
                for d in range(width):
                    z += p["w1"][d, u] * x[t, d]
                s += p["w2"][u, k] * math.tanh(z)
            scores.append(s)
        total = sum(math.exp(s) for s in scores)
        for t in range(length):
            weights[k, t] = math.exp(scores[t]) / total
            v[k] += weights[k, t] * (x[t] if wiring == "paper" else h[t])
    return v, weights


def label_aware_loops(v: Array, e: Array, power: float = math.inf) -> Array:
    r"""Mixes the interests of one user for one item.

    $$
    \hat v = \sum_k \frac{\exp(\langle v_k, e \rangle^p)}{\sum_j \exp(\langle v_j, e \rangle^p)} v_k
    $$

    with interests $v$ of shape $[M, D]$ and the item $e$ of shape $[D]$; at $p = \infty$ the interest with
    the largest product.

    Args:
        v: interests ``[M, D]``.
        e: item ``[D]``.
        power: ``p`` (default: math.inf).

    Returns:
        Vector ``[D]``.

    Example:
        >>> label_aware_loops(np.array([[1.0], [3.0]]), np.array([1.0]), 0).tolist()
        [2.0]
    """
    products = [sum(float(v[k, d]) * float(e[d]) for d in range(len(e))) for k in range(len(v))]
    if power == math.inf:
        return v[products.index(max(products))]
    total = sum(math.exp(s**power) for s in products)
    return np.array(sum(math.exp(products[k] ** power) / total * v[k] for k in range(len(v))))


def best_set(
    scores: Sequence[float], categories: Sequence[int], k: int, diversity: float = 0.0
) -> tuple[float, tuple[int, ...]]:
    r"""Finds the best set of a size by trying all of them.

    $$
    \max_{|S| = k} \; \sum_{i \in S} f_i + \lambda \sum_{i<j;\; i,j \in S} [\, c_i \ne c_j \,]
    $$

    Args:
        scores: $f$, one number an item.
        categories: $c$, one an item.
        k: size of the set.
        diversity: factor $\lambda$ (default: 0.0).

    Returns:
        The value, and the first set that has it.

    Example:
        >>> best_set([3.0, 2.5, 1.0], [7, 7, 8], 2, 2.0)
        (6.0, (0, 2))
    """
    best: tuple[float, tuple[int, ...]] = (-math.inf, ())
    for chosen in itertools.combinations(range(len(scores)), k):
        value = sum(scores[i] for i in chosen)
        for i, j in itertools.combinations(chosen, 2):
            value += diversity if categories[i] != categories[j] else 0.0
        if value > best[0]:
            best = (value, chosen)
    return best


def authors_aggregation(
    scores: Sequence[float], categories: Sequence[int], k: int, diversity: float = 0.0
) -> list[int]:
    r"""Chooses as the authors' code does: down the sorted list, less $\lambda$ for each of the same category.

    $$
    i_t = \arg\max_{i \notin S_{t-1}} \Big( f_i - \lambda \sum_{j \in S_{t-1}} [\, c_i = c_j \,] \Big)
    $$

    Args:
        scores: $f$, one number an item.
        categories: $c$, one an item.
        k: number of items.
        diversity: factor $\lambda$ (default: 0.0).

    Returns:
        Positions of the items in the order of their choice.

    Example:
        >>> authors_aggregation([3.0, 2.5, 1.0], [7, 7, 8], 2, 2.0)
        [0, 2]

    References:
        https://github.com/THUDM/ComiRec, commit a576eed, ``src/train.py``, ``evaluate_full``.
    """
    left = sorted(range(len(scores)), key=lambda i: -scores[i])
    chosen: list[int] = []
    while len(chosen) < k:
        worth = [scores[i] - diversity * sum(categories[j] == categories[i] for j in chosen) for i in left]
        chosen.append(left.pop(worth.index(max(worth))))
    return chosen


def sa_weights(model: Any) -> dict[str, Any]:
    """Reads the weights of a `recnotes.models.ComiRecSA` into the form the loops take, in float64.

    Args:
        model: a built model.

    Returns:
        Weights by name.

    Example:
        >>> from recnotes.models import ComiRecSA
        >>> model = ComiRecSA(num_items=7, embedding_dim=6, num_interests=2, seed=0)
        >>> model.build()
        >>> sa_weights(model)["w1"].shape
        (6, 24)
    """
    part = model.extractor
    p = {"w1": part.hidden.kernel, "w2": part.heads.kernel, "items": model.items.table}
    if part.wiring == "authors":
        p |= {"b1": part.hidden.bias, "b2": part.heads.bias}
    p |= {"positions": part.positions} if part.max_length else {}
    return {"positions": None, **{key: np.asarray(value, np.float64) for key, value in p.items()}}


def comirec_sa_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Computes what a `recnotes.models.ComiRecSA` must return.

    Args:
        model: a built model.
        inputs: ``{"history": [B, L]}``.

    Returns:
        Interests ``[B, M, D]``.

    Example:
        >>> from recnotes.models import ComiRecSA
        >>> model = ComiRecSA(num_items=7, embedding_dim=6, num_interests=2, seed=0)
        >>> model.build()
        >>> comirec_sa_of_model(model, {"history": np.array([[3, 1, 0]])}).shape
        (1, 2, 6)
    """
    p = sa_weights(model)
    out = []
    for history in np.asarray(inputs["history"]):
        ids = recent_loops(history.tolist(), model.max_length)
        h = p["items"][np.array(ids, np.int64) - 1]
        out.append(attention_interests_loops(h, p, model.extractor.wiring)[0])
    return np.array(out)
