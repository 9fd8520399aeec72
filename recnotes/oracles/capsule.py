"""Plain loops of dynamic routing, and of the two models that use it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.deepfm import hidden
from recnotes.oracles.multi_interest import recent_loops

Array = NDArray[np.float64]


def squash_loops(s: Array, epsilon: float = 0.0) -> Array:
    r"""Shortens a vector to a length below 1.

    $$
    \frac{\lVert s \rVert^2}{1 + \lVert s \rVert^2}\, \frac{s}{\sqrt{\lVert s \rVert^2 + \epsilon}}
    $$

    with $s$ of shape $[D]$; at $\epsilon = 0$ and $s = 0$ it is zero.

    Args:
        s: vector ``[D]``.
        epsilon: 0 as in the paper, 1e-9 in ComiRec's code (default: 0.0).

    Returns:
        Vector ``[D]``.

    Example:
        >>> squash_loops(np.array([0.0, 2.0])).tolist()
        [0.0, 0.8]
    """
    square = sum(float(x) ** 2 for x in s)
    if square == 0:
        return np.zeros_like(s)
    return np.array([square / (1 + square) * float(x) / math.sqrt(square + epsilon) for x in s])


def routing_loops(
    u: Array, logits: Array, num_iterations: int = 3, held: Array | None = None, epsilon: float = 0.0
) -> tuple[Array, Array]:
    r"""Routes the votes of one history.

    $$
    c_{tk} = \frac{\exp b_{tk}}{\sum_j \exp b_{tj}}, \qquad v_k = \text{squash}\Big(\sum_t c_{tk} u_{tk}\Big),
    \qquad b_{tk} \leftarrow b_{tk} + \langle v_k, u_{tk} \rangle
    $$

    with the votes $u$ of shape $[L, M, D]$ of real items, logits $b$ and weights $c$ of shape $[L, M]$ and
    interests $v$ of shape $[M, D]$. ``held`` takes the place of $u$ in all but the last sum: differences of
    this function in $u$ alone are the gradient where the weights count as constants.

    Args:
        u: votes ``[L, M, D]``, may be empty.
        logits: the logits at the start, ``[L, M]``.
        num_iterations: number of times ``v`` is computed (default: 3).
        held: votes that decide the weights, None for ``u`` (default: None).
        epsilon: see `squash_loops` (default: 0.0).

    Returns:
        Interests ``[M, D]`` and weights ``[L, M]``.

    Example:
        >>> routing_loops(np.array([[[1.0]], [[2.0]]]), np.zeros((2, 1)))[0].round(4).tolist()
        [[0.9]]
    """
    length, count, width = u.shape
    held = u if held is None else held
    b = logits.astype(np.float64)
    v, c = np.zeros((count, width)), np.zeros((length, count))
    for r in range(num_iterations):
        votes = u if r == num_iterations - 1 else held
        for t in range(length):
            total = sum(math.exp(b[t, j]) for j in range(count))
            for k in range(count):
                c[t, k] = math.exp(b[t, k]) / total
        for k in range(count):
            s = np.zeros(width)
            for t in range(length):
                s += c[t, k] * votes[t, k]
            v[k] = squash_loops(s, epsilon)
        if r < num_iterations - 1:
            for t in range(length):
                for k in range(count):
                    b[t, k] += sum(float(v[k, d]) * float(votes[t, k, d]) for d in range(width))
    return v, c


def votes_loops(h: Array, kernel: Array, num_interests: int, bilinear: str = "position") -> Array:
    r"""Maps the items of one history to their votes.

    $$
    u_{tkd'} = \sum_d h_{td} W_{tk,dd'}
    $$

    with items $h$ of shape $[L, D]$ and the result of shape $[L, M, D]$; the matrix does not depend on $t$,
    or neither on $t$ nor on $k$, for the other kinds.

    Args:
        h: items ``[L, D]``, the most recent one first.
        kernel: ``[n, D, M*D]``, ``[D, M*D]`` or ``[D, D]``.
        num_interests: number of interests ``M``.
        bilinear: "position", "interest" or "shared" (default: "position").

    Returns:
        Votes ``[L, M, D]``.

    Example:
        >>> votes_loops(np.array([[2.0]]), np.array([[3.0, 4.0]]), 2, "interest").tolist()
        [[[6.0], [8.0]]]
    """
    length, width = h.shape
    u = np.zeros((length, num_interests, width))
    for t in range(length):
        w = kernel[t] if bilinear == "position" else kernel
        for k in range(num_interests):
            first = 0 if bilinear == "shared" else k * width
            for e in range(width):
                for d in range(width):
                    u[t, k, e] += h[t, d] * w[d, first + e]
    return u


def capsules_of_history(
    model: Any, history: Array, num_interests: int, held: Array | None = None
) -> tuple[Array, Array]:
    """Routes one history with the weights of a model.

    Args:
        model: a built `recnotes.models.ComiRecDR` or `recnotes.models.MIND`.
        history: item ids ``[L]``.
        num_interests: number of interests that take part, the first ones.
        held: votes that decide the routing's weights, None for the model's own (default: None).

    Returns:
        Interests ``[M, D]`` and the votes they come from.

    Example:
        >>> from recnotes.models import ComiRecDR
        >>> model = ComiRecDR(num_items=7, embedding_dim=6, num_interests=2, seed=0)
        >>> model.build()
        >>> capsules_of_history(model, np.array([3, 1, 0]), 2)[0].shape
        (2, 6)
    """
    part = model.extractor
    ids = recent_loops(np.asarray(history).tolist(), model.max_length)
    h = np.asarray(model.items.table, np.float64)[np.array(ids, np.int64) - 1]
    kernel = np.asarray(part.kernel, np.float64)
    u = votes_loops(h, kernel, part.num_interests, getattr(part, "bilinear", "shared"))[:, :num_interests]
    b = np.zeros((len(ids), num_interests))
    if hasattr(part, "logits"):  # MIND's
        b = np.asarray(part.logits, np.float64)[: len(ids), :num_interests]
    return routing_loops(u, b, part.num_iterations, held)[0], u


def comirec_dr_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Computes what a `recnotes.models.ComiRecDR` must return.

    Args:
        model: a built model.
        inputs: ``{"history": [B, L]}``.

    Returns:
        Interests ``[B, M, D]``.

    Example:
        >>> from recnotes.models import ComiRecDR
        >>> model = ComiRecDR(num_items=7, embedding_dim=6, num_interests=2, seed=0)
        >>> model.build()
        >>> comirec_dr_of_model(model, {"history": np.array([[3, 1, 0]])}).shape
        (1, 2, 6)
    """
    count = model.extractor.num_interests
    return np.array([capsules_of_history(model, row, count)[0] for row in np.asarray(inputs["history"])])


def interest_count_loops(length: int, num_interests: int) -> int:
    r"""Counts the interests of a history.

    $$
    \max\big(1, \min(K, \lfloor \log_2 n \rfloor)\big)
    $$

    Args:
        length: number of items $n$.
        num_interests: the most interests, $K$.

    Returns:
        Number of interests.

    Example:
        >>> [interest_count_loops(n, 3) for n in (0, 1, 4, 7, 8, 100)]
        [1, 1, 2, 2, 3, 3]
    """
    count = 0
    while length >= 2:
        length //= 2
        count += 1
    return max(1, min(num_interests, count))


def mind_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Computes what a `recnotes.models.MIND` must return.

    Args:
        model: a built model.
        inputs: ``{"history": [B, L]}``.

    Returns:
        Interests ``[B, M, D]``; those beyond a user's number repeat the first.

    Example:
        >>> from recnotes.models import MIND
        >>> model = MIND(num_items=7, embedding_dim=6, num_interests=2, seed=0)
        >>> model.build()
        >>> mind_of_model(model, {"history": np.array([[3, 1, 0]])}).shape
        (1, 2, 6)
    """
    most, out = model.extractor.num_interests, []
    for history in np.asarray(inputs["history"]):
        length = len(recent_loops(history.tolist(), model.max_length))
        count = interest_count_loops(length, most) if model.adaptive else most
        v = list(capsules_of_history(model, history, count)[0])
        if model.network:
            kernels = [np.asarray(layer.kernel, np.float64) for layer in model.network]
            biases = [np.asarray(layer.bias, np.float64) for layer in model.network]
            v = [hidden(row, kernels[:-1], biases[:-1]) @ kernels[-1] + biases[-1] for row in v]
        out.append(v + [v[0]] * (most - count))
    return np.array(out)
