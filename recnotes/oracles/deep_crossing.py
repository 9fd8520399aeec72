"""Plain loops of Deep Crossing's residual unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.parts import run, vectors

Array = NDArray[np.float64]


def residual_unit(x: Array, w0: Array, b0: Array, w1: Array, b1: Array) -> Array:
    r"""Runs one unit on one example, number by number.

    $$
    y_i = \max\Big(0,\; \sum_u W_{1,iu} \max\big(0,\; \sum_j W_{0,uj} x_j + b_{0,u}\big) + b_{1,i} + x_i\Big)
    $$

    with $x$, $b_1$ and $y$ of shape $[I]$, $W_0$ of shape $[U, I]$, $b_0$ of shape $[U]$ and $W_1$ of shape
    $[I, U]$.

    Args:
        x: input ``[I]``.
        w0: inner matrix ``[U, I]``.
        b0: inner bias ``[U]``.
        w1: outer matrix ``[I, U]``.
        b1: outer bias ``[I]``.

    Returns:
        Output ``[I]``.

    Example:
        >>> one = np.ones((1, 1))
        >>> residual_unit(np.array([2.0]), 3 * one, np.array([1.0]), -one, np.array([6.0])).tolist()
        [1.0]
    """
    h = np.zeros(len(b0))
    for u in range(len(b0)):
        z = b0[u]
        for j in range(len(x)):
            z += w0[u, j] * x[j]
        h[u] = max(0.0, z)
    y = np.zeros(len(x))
    for i in range(len(x)):
        z = b1[i] + x[i]
        for u in range(len(h)):
            z += w1[i, u] * h[u]
        y[i] = max(0.0, z)
    return y


def deep_crossing_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.DeepCrossing` by the loops, with the model's weights.

    Args:
        model: a built DeepCrossing.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("deep-crossing")
        >>> deep_crossing_of_model(entry.build(), entry.inputs(2)).shape
        (2,)
    """
    logits = []
    for b, ids in enumerate(np.asarray(inputs["sparse"])):
        e = np.array(vectors(model.embedding, ids))
        if model.embedding_relu:
            e = np.maximum(0.0, e + np.asarray(model.bias, np.float64))
        dense = [np.asarray(inputs["dense"][b], np.float64)] if model.num_dense else []
        x = np.concatenate([*dense, *e])
        for unit in model.units:
            w0, b0, w1, b1 = (np.asarray(w, np.float64) for w in (unit.w0, unit.b0, unit.w1, unit.b1))
            x = residual_unit(x, w0.T, b0, w1.T, b1)
        logits.append(run(model.head, x)[0])
    return np.array(logits)
