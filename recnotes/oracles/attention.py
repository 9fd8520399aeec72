"""Scaled dot-product attention in plain loops."""

from __future__ import annotations

import math

import numpy as np


def attention_loops(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Attends for one sequence and one head.

    Args:
        q: queries ``[L_q, d]``.
        k: keys ``[L, d]``.
        v: values ``[L, d]``.
        mask: bools ``[L_q, L]``, true where a key may be read.

    Returns:
        The pair of averages ``[L_q, d]`` and weights ``[L_q, L]``; zeros for a query without any key.

    Example:
        >>> x = np.eye(2)
        >>> attention_loops(x, x, x, np.array([[True, False], [True, False]]))[1].tolist()
        [[1.0, 0.0], [1.0, 0.0]]
    """
    # --8<-- [start:attention]
    out = np.zeros((len(q), v.shape[1]))
    weights = np.zeros((len(q), len(k)))
    for i in range(len(q)):
        total = 0.0
        for j in range(len(k)):
            if mask[i, j]:
                score = sum(q[i, c] * k[j, c] for c in range(q.shape[1]))
                weights[i, j] = math.exp(score / math.sqrt(q.shape[1]))
                total += weights[i, j]
        for j in range(len(k)):
            if mask[i, j]:
                weights[i, j] /= total
                out[i] += weights[i, j] * v[j]
    return out, weights
    # --8<-- [end:attention]


def multi_head_attention_loops(
    x: np.ndarray, y: np.ndarray, mask: np.ndarray, weights: dict[str, np.ndarray], num_heads: int
) -> tuple[np.ndarray, np.ndarray]:
    """Projects one sequence and attends head by head.

    Args:
        x: input of the queries ``[L, D]``.
        y: input of the keys and values ``[L, D]``.
        mask: bools ``[L, L]``.
        weights: ``"query"``, ``"key"``, ``"value"``, each ``[D, D]``, and where there are biases
            ``"query_bias"`` and so on, each ``[D]``.
        num_heads: number of heads ``H``.

    Returns:
        The pair of the heads side by side ``[L, D]`` and the weights ``[H, L, L]``.

    Example:
        >>> w = {name: np.eye(2) for name in ("query", "key", "value")}
        >>> multi_head_attention_loops(np.eye(2), np.eye(2), np.eye(2) > 0, w, 2)[0].tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    q, k, v = (
        z @ weights[name] + weights.get(f"{name}_bias", 0.0)
        for name, z in (("query", x), ("key", y), ("value", y))
    )
    d = x.shape[1] // num_heads
    heads = []
    for h in range(num_heads):
        own = slice(h * d, (h + 1) * d)
        heads.append(attention_loops(q[:, own], k[:, own], v[:, own], mask))
    return np.concatenate([z for z, _ in heads], axis=1), np.stack([w for _, w in heads])
