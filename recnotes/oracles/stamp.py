"""STMP and STAMP in plain loops, in the paper's and in the authors' wiring, and the loss as printed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def weights_of(model: Any) -> dict[str, Any]:
    """Copies the weights of a `recnotes.models.STMP` or `STAMP` to float64 arrays.

    Args:
        model: a built model.

    Returns:
        ``"items"`` ``[N, D]``, ``"ws"``, ``"wt"`` ``[D, D]``, ``"bs"``, ``"bt"`` ``[D]`` and ``"attention"``:
        None for STMP, else ``"w0"`` ``[D]``, ``"w1"``, ``"w2"``, ``"w3"`` ``[D, D]`` and ``"bias"`` ``[D]``.

    Example:
        >>> from recnotes.models import STMP
        >>> model = STMP(7, 4, seed=0)
        >>> model.build()
        >>> weights_of(model)["ws"].shape
        (4, 4)
    """

    def array(variable: Any, shape: Any = None) -> Array:
        return np.zeros(shape) if variable is None else np.asarray(variable.numpy(), np.float64)

    D = model.items.width
    attention = None
    layer = getattr(model, "attention", None)
    if layer is not None:
        attention = {"w0": array(layer.w0)[:, 0], "bias": array(layer.bias, D)}
        attention |= {name: array(getattr(layer, name)) for name in ("w1", "w2", "w3")}
    return {
        "items": array(model.items.table),
        "ws": array(model.session.kernel),
        "bs": array(model.session.bias, D),
        "wt": array(model.current.kernel),
        "bt": array(model.current.bias, D),
        "attention": attention,
    }


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _affine(x: Array, w: Array, b: Array) -> Array:
    y = np.array(b, np.float64)
    for j in range(len(y)):
        for k in range(len(x)):
            y[j] += x[k] * w[k, j]
    return y


def attention_weights_loops(x: Array, p: Mapping[str, Array]) -> Array:
    r"""Weighs the items of one session.

    $$
    \alpha_i = W_0\, \sigma\big(W_1 x_i + W_2 x_t + W_3 m_s + b_a\big)
    $$

    with the items $x$ of shape $[t, D]$ and $\alpha$ of shape $[t]$.

    Args:
        x: the items' vectors ``[t, D]``, without padding.
        p: ``"w0"``, ``"w1"``, ``"w2"``, ``"w3"`` and ``"bias"``, see `weights_of`.

    Returns:
        ``[t]``.

    Example:
        >>> p = {"w0": np.ones(2), "bias": np.zeros(2)} | dict.fromkeys(("w1", "w2", "w3"), np.zeros((2, 2)))
        >>> attention_weights_loops(np.ones((3, 2)), p).tolist()
        [1.0, 1.0, 1.0]
    """
    mean = np.sum(x, axis=0) / len(x)
    alpha = np.zeros(len(x))
    for i in range(len(x)):
        a = _affine(x[i], p["w1"], p["bias"])
        a = _affine(x[-1], p["w2"], a)
        a = _affine(mean, p["w3"], a)
        for d in range(len(a)):
            alpha[i] += p["w0"][d] * _sigmoid(a[d])
    return alpha


# --8<-- [start:scores]
def stamp_scores_loops(history: Array, p: Mapping[str, Any], wiring: str = "paper") -> Array:
    r"""Scores all items for one session.

    $$
    \hat z_i = \sigma\Big(\sum_d h^s_d\, h^t_d\, x_{id}\Big)
    $$

    with $h^s$ and $h^t$ of shape $[D]$ and $\hat z$ of shape $[N]$; the authors' code has no sigmoid.

    Args:
        history: item ids ``[L]``, 0 is padding.
        p: what `weights_of` returns.
        wiring: "paper" or "authors" (default: "paper").

    Returns:
        ``[N]``.

    Example:
        >>> p = {"items": np.eye(2), "ws": np.zeros((2, 2)), "bs": np.zeros(2), "attention": None}
        >>> stamp_scores_loops(np.array([1, 0]), p | {"wt": np.eye(2), "bt": np.zeros(2)}).tolist()
        [0.5, 0.5]
    """
    N, D = p["items"].shape
    x = [p["items"][i - 1] for i in history if i != 0]
    if wiring == "authors":
        x = [row / max(math.sqrt(sum(row * row)), 1.0) for row in x]
    mean = sum(x) / len(x) if x else np.zeros(D)
    memory = mean
    if p["attention"] is not None:
        memory = np.zeros(D)
        if x:
            for alpha, row in zip(attention_weights_loops(np.array(x), p["attention"]), x, strict=True):
                memory += alpha * row
        if wiring == "authors":
            memory = memory + mean
    last = x[-1] if x else np.zeros(D)
    h_s, h_t = np.tanh(_affine(memory, p["ws"], p["bs"])), np.tanh(_affine(last, p["wt"], p["bt"]))
    z = np.zeros(N)
    for i in range(N):
        for d in range(D):
            z[i] += h_s[d] * h_t[d] * p["items"][i, d]
        if wiring == "paper":
            z[i] = _sigmoid(z[i])
    return z


# --8<-- [end:scores]


def stamp_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.STMP` or `STAMP` by the loops, with the model's weights.

    Args:
        model: a built model.
        inputs: ``{"history": [B, L]}``.

    Returns:
        The scores ``[B, N]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("stamp")
        >>> model = entry.build()
        >>> bool(np.abs(model(entry.inputs()) - stamp_of_model(model, entry.inputs())).max() < 1e-6)
        True
    """
    p, wiring = weights_of(model), model.config["wiring"]
    return np.array([stamp_scores_loops(row, p, wiring) for row in np.asarray(inputs["history"])])


def softmax_loops(z: Array) -> Array:
    """Turns scores into probabilities.

    Args:
        z: scores ``[N]``.

    Returns:
        ``[N]``.

    Example:
        >>> softmax_loops(np.zeros(4)).tolist()
        [0.25, 0.25, 0.25, 0.25]
    """
    e = [math.exp(value) for value in z]
    return np.array([value / sum(e) for value in e])


def binary_loss_loops(scores: Array, target: Array) -> float:
    r"""Sums the binary cross-entropies of a softmax over all items, averaged over rows with a target.

    $$
    \mathcal{L}_b = -\sum_{i} \big[y_i \log \hat y_i + (1 - y_i) \log(1 - \hat y_i)\big]
    $$

    with $y$ and $\hat y$ of shape $[N]$.

    Args:
        scores: ``[B, N]``.
        target: item ids ``[B]``, 0 is ignored.

    Returns:
        The loss.

    Example:
        >>> round(binary_loss_loops(np.zeros((1, 2)), np.array([2])), 4)  # 2 log 2
        1.3863
    """
    total, count = 0.0, 0
    for z, o in zip(scores, target, strict=True):
        if o != 0:
            count += 1
            for i, y in enumerate(softmax_loops(z), start=1):
                total -= math.log(y) if i == o else math.log(1 - y)
    return total / max(count, 1)


def cross_entropy_floor(num_items: int) -> float:
    r"""Returns the cross-entropy that a softmax of scores between 0 and 1 cannot fall below.

    $$
    -\ln\frac{e^1}{e^1 + (N-1)\,e^0} = \ln(N - 1 + e) - 1
    $$

    with the number of items $N$: the target's score at its largest, all others at their smallest.

    Args:
        num_items: number of items ``N``.

    Returns:
        The bound.

    Example:
        >>> round(cross_entropy_floor(43_097), 2), round(math.log(43_097), 2)  # a uniform guess
        (9.67, 10.67)
    """
    return math.log(num_items - 1 + math.e) - 1
