"""Plain loops of the cross layers of DCN and DCN-V2, and of a wiring people copy as DCN."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.parts import run, stacked

Array = NDArray[np.float64]


def cross(x0: Array, xl: Array, w: Array, b: Array) -> Array:
    r"""Runs one layer of DCN on one example, through the outer product as the paper writes it.

    $$
    x_{l+1,i} = \sum_j x_{0i} \, x_{lj} \, w_j + b_i + x_{li}
    $$

    with every array of shape $[D]$.

    Args:
        x0: first input ``[D]``.
        xl: this layer's input ``[D]``.
        w: weights ``[D]``.
        b: biases ``[D]``.

    Returns:
        The layer's output ``[D]``.

    Example:
        >>> cross(np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([1.0, 10.0]), np.zeros(2)).tolist()
        [46.0, 90.0]
    """
    y = np.zeros(len(x0))
    for i in range(len(x0)):
        y[i] = b[i] + xl[i]
        for j in range(len(x0)):
            y[i] += x0[i] * xl[j] * w[j]
    return y


def cross_gradients(x: Array, w: Array, g: Array) -> tuple[Array, Array, Array]:
    r"""Differentiates one layer of DCN whose two inputs are the same vector.

    $$
    \bar x_i = g_i (1 + s) + w_i \sum_j g_j x_j, \qquad \bar w_i = x_i \sum_j g_j x_j, \qquad
    \bar b_i = g_i, \qquad s = \sum_j x_j w_j
    $$

    with every array of shape $[D]$ and $s$ a number.

    Args:
        x: input ``[D]``.
        w: weights ``[D]``.
        g: gradient of the output ``[D]``.

    Returns:
        Gradients of the input, the weights and the biases, ``[D]`` each.

    Example:
        >>> x, w, g = np.array([1.0, 2.0]), np.array([3.0, 0.0]), np.array([1.0, 1.0])
        >>> [a.tolist() for a in cross_gradients(x, w, g)]
        [[13.0, 4.0], [3.0, 6.0], [1.0, 1.0]]
    """
    s = inner = 0.0
    for j in range(len(x)):
        s += x[j] * w[j]
        inner += g[j] * x[j]
    gradient = np.zeros((3, len(x)))
    for i in range(len(x)):
        gradient[:, i] = g[i] * (1 + s) + w[i] * inner, x[i] * inner, g[i]
    return gradient[0], gradient[1], gradient[2]


def cross_matrix(x0: Array, xl: Array, w: Array, b: Array) -> Array:
    r"""Runs one layer of DCN-V2 on one example.

    $$
    x_{l+1,i} = x_{0i} \Big(\sum_j W_{ij} x_{lj} + b_i\Big) + x_{li}
    $$

    with $W$ of shape $[D, D]$ and the other arrays of shape $[D]$. A low-rank layer is $W = U V^T$.

    Args:
        x0: first input ``[D]``.
        xl: this layer's input ``[D]``.
        w: matrix ``[D, D]``, as the paper writes it: the output's index first.
        b: biases ``[D]``.

    Returns:
        The layer's output ``[D]``.

    Example:
        >>> w = np.array([[1.0, 0.0], [0.0, 10.0]])
        >>> cross_matrix(np.array([1.0, 2.0]), np.array([3.0, 4.0]), w, np.ones(2)).tolist()
        [7.0, 86.0]
    """
    y = np.zeros(len(x0))
    for i in range(len(x0)):
        z = b[i]
        for j in range(len(x0)):
            z += w[i, j] * xl[j]
        y[i] = x0[i] * z + xl[i]
    return y


def cross_mixture(
    x0: Array,
    xl: Array,
    experts: Sequence[tuple[Array, Array, Array]],
    gates: Sequence[float],
    b: Array,
    g: Callable[[Array], Array] = np.tanh,
) -> Array:
    r"""Runs one mixture layer of DCN-V2 on one example, expert by expert.

    $$
    x_{l+1} = \sum_i G_i \; x_0 \odot \big(U^i \, g(C^i \, g(V^{iT} x_l)) + b\big) + x_l
    $$

    with $U^i$ and $V^i$ of shape $[D, K]$, $C^i$ of shape $[K, K]$, $G_i$ a number and $x_0$, $x_l$, $b$ of
    shape $[D]$.

    Args:
        x0: first input ``[D]``.
        xl: this layer's input ``[D]``.
        experts: ``(U, C, V)`` of each expert.
        gates: the gates' values for this example, one an expert.
        b: biases ``[D]``, the same for all experts.
        g: nonlinearity (default: np.tanh).

    Returns:
        The layer's output ``[D]``.

    Example:
        >>> one = np.ones((1, 1))
        >>> cross_mixture(np.array([2.0]), np.array([3.0]), [(one, 5 * one, one)] * 2, [0.5, 1.0], np.ones(1),
        ...               g=lambda z: z).tolist()  # (0.5 + 1.0) · 2 · (15 + 1) + 3
        [51.0]
    """
    y = xl.copy()
    for (u, c, v), gate in zip(experts, gates, strict=True):
        z = g(c @ g(v.T @ xl))
        for i in range(len(x0)):
            inner = b[i]
            for k in range(len(z)):
                inner += u[i, k] * z[k]
            y[i] += gate * x0[i] * inner
    return y


def deepctr_logit(linear: float, x: Array, h: Array, w: Array) -> float:
    r"""Evaluates the head of DeepCTR's DCN: a linear logit besides, and no bias.

    $$
    y = \text{linear} + \sum_i w_i \, [x_L; h]_i
    $$

    with $x_L$ of shape $[D]$, $h$ of shape $[U]$ and $w$ of shape $[D + U]$.

    Args:
        linear: first-order part of the logit.
        x: last cross layer ``[D]``.
        h: last hidden layer ``[U]``.
        w: weights ``[D + U]``.

    Returns:
        The logit of the example.

    Example:
        >>> deepctr_logit(0.5, np.array([1.0]), np.array([2.0]), np.array([10.0, 100.0]))
        210.5

    References:
        DeepCTR, https://github.com/shenweichen/DeepCTR, commit 1b5fe40.
    """
    y = linear
    for weight, value in zip(w, [*x, *h], strict=True):
        y += weight * value
    return float(y)


def dcn_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.DCN` by the loops, with the model's weights.

    Args:
        model: a built DCN.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("dcn")
        >>> dcn_of_model(entry.build(), entry.inputs(2)).shape
        (2,)
    """
    logits = []
    for x0 in stacked(inputs, model.embedding, bool(model.num_dense)):
        d, e = x0[: model.num_dense], x0[model.num_dense :].reshape(-1, model.embedding.width)
        x0 = np.concatenate([d, *(field[:width] for field, width in zip(e, model.widths, strict=True))])
        x = x0
        for w, b in zip(model.cross.kernels, model.cross.biases, strict=True):
            x = cross(x0, x, np.asarray(w, np.float64)[:, 0], np.asarray(b, np.float64))
        h = run(model.dnn, x0) if model.dnn.hidden_units else np.zeros(0)
        logits.append(run(model.head, np.concatenate([x, h]))[0])
    return np.array(logits)


def dcnv2_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.DCNv2` by the loops, with the model's weights.

    Args:
        model: a built DCNv2.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("dcnv2")
        >>> dcnv2_of_model(entry.build(), entry.inputs(2)).shape
        (2,)
    """
    logits = []
    for x0 in stacked(inputs, model.embedding, bool(model.num_dense)):
        x = x0
        for step in model.cross.steps:
            p = {name: np.asarray(w, np.float64) for name, w in step.items()}
            if "h" in p:  # kernels are stored input first, the paper writes the output first
                experts = [(u.T, c.T, v) for u, c, v in zip(p["u"], p["c"], p["v"], strict=True)]
                powers = np.exp(x @ p["h"] - max(x @ p["h"]))
                x = cross_mixture(x0, x, experts, (powers / sum(powers)).tolist(), p["b"])
            else:
                x = cross_matrix(x0, x, (p["w"] if "w" in p else p["v"] @ p["u"]).T, p["b"])
        if model.structure == "stacked":
            x = run(model.dnn, x)
        elif model.dnn.hidden_units:
            x = np.concatenate([x, run(model.dnn, x0)])
        logits.append(run(model.head, x)[0])
    return np.array(logits)
