"""Plain loops of AFM, and of what its authors' released code computes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.fm import vectors_of_model

Array = NDArray[np.float64]


def afm_scores(e: Array, w: Array, b: Array, h: Array) -> list[float]:
    r"""Scores the pairs of one example, unit by unit.

    $$
    s_{ij} = \sum_u h_u \max\Big(0, \sum_d W_{du} e_{id} e_{jd} + b_u\Big), \qquad i < j
    $$

    with $e$ of shape $[F, D]$, $W$ of shape $[D, U]$ and $b$ and $h$ of shape $[U]$.

    Args:
        e: vectors ``[F, D]``.
        w: kernel ``[D, U]``.
        b: bias ``[U]``.
        h: output weights ``[U]``.

    Returns:
        One score a pair, in the order (0, 1), (0, 2), …, (1, 2), ….

    Example:
        >>> e = np.array([[1.0], [2.0], [3.0]])
        >>> afm_scores(e, np.ones((1, 1)), np.array([-1.0]), np.array([10.0]))
        [10.0, 20.0, 50.0]
    """
    scores = []
    for i in range(len(e)):
        for j in range(i + 1, len(e)):
            score = 0.0
            for u in range(len(h)):
                z = b[u]
                for d in range(e.shape[1]):
                    z += w[d, u] * e[i, d] * e[j, d]
                score += h[u] * max(0.0, z)
            scores.append(float(score))
    return scores


def softmax_over_pairs(scores: list[float]) -> list[float]:
    r"""Turns the scores of one example's pairs into weights that sum to 1.

    $$
    a_{ij} = \frac{\exp s_{ij}}{\sum_{k<l} \exp s_{kl}}
    $$

    Args:
        scores: one score $s$ a pair.

    Returns:
        One weight $a$ a pair.

    Example:
        >>> softmax_over_pairs([1.0, 1.0])
        [0.5, 0.5]
    """
    top = max(scores, default=0.0)
    total = sum(math.exp(s - top) for s in scores)
    return [math.exp(s - top) / total for s in scores]


def softmax_over_one(scores: list[float]) -> list[float]:
    r"""Turns each score into a weight on its own, as the authors' released code does.

    $$
    a_{ij} = \frac{\exp s_{ij}}{\exp s_{ij}} = 1
    $$

    Args:
        scores: one score $s$ a pair.

    Returns:
        One weight $a$ a pair, all 1.

    Example:
        >>> softmax_over_one([3.0, -2.0])
        [1.0, 1.0]

    References:
        https://github.com/hexiangnan/attentional_factorization_machine, commit 09c6756, ``code/AFM.py``:
        ``tf.nn.softmax`` of a tensor ``[B, P, 1]``, over its last axis.
    """
    return [softmax_over_pairs([s])[0] for s in scores]


def afm_logit(first: float, e: Array, p: Mapping[str, Array], wiring: str = "paper") -> float:
    r"""Evaluates AFM on one example, pair by pair.

    $$
    y = \text{first} + \sum_d p_d \sum_{i<j} a_{ij} \, e_{id} \, e_{jd}
    $$

    with $e$ of shape $[F, D]$ and $p$ of shape $[D]$.

    Args:
        first: bias and first-order term of the example.
        e: vectors ``[F, D]``, already multiplied by the fields' values.
        p: ``"w"`` ``[D, U]``, ``"b"`` ``[U]``, ``"h"`` ``[U]`` and ``"p"`` ``[D]``.
        wiring: "paper", or "authors" for the weights of their code (default: "paper").

    Returns:
        The logit.

    Example:
        >>> p = {"w": np.zeros((1, 1)), "b": np.zeros(1), "h": np.zeros(1), "p": np.ones(1)}
        >>> e = np.array([[1.0], [2.0], [3.0]])
        >>> afm_logit(0.0, e, p, wiring="authors")  # 2 + 3 + 6
        11.0
    """
    weigh = softmax_over_one if wiring == "authors" else softmax_over_pairs
    weights = iter(weigh(afm_scores(e, p["w"], p["b"], p["h"])))
    y = first
    for i in range(len(e)):
        for j in range(i + 1, len(e)):
            a = next(weights)
            for d in range(e.shape[1]):
                y += p["p"][d] * a * e[i, d] * e[j, d]
    return float(y)


def afm_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.AFM` by the loops, with the model's weights.

    Args:
        model: a built AFM.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("afm")
        >>> model = entry.build()
        >>> bool(np.abs(model(entry.inputs()) - afm_of_model(model, entry.inputs())).max() < 1e-6)
        True
    """
    pairs = model.pairs
    p = {"w": pairs.w, "b": pairs.b, "h": pairs.h, "p": model.p}
    p = {name: np.asarray(weight, np.float64) for name, weight in p.items()}
    first = vectors_of_model(model.first_order, inputs).sum(axis=(1, 2)) + float(np.asarray(model.bias))
    e = vectors_of_model(model.embedding, inputs)
    return np.array([afm_logit(f, row, p, pairs.wiring) for f, row in zip(first, e, strict=True)])
