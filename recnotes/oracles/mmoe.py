"""MMoE by plain loops in float64."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from recnotes.oracles.parts import run, stacked

Array = npt.NDArray[np.float64]


def experts(x: Array, kernel: Array, bias: Array) -> Array:
    r"""Computes experts of one ReLU layer.

    $$
    f_i(x) = \text{ReLU}(x W_i + b_i)
    $$

    with $W_i$ of shape $[n, U]$ and $b_i$ of shape $[U]$.

    Args:
        x: ``[B, n]``.
        kernel: ``[E, n, U]``.
        bias: ``[E, U]``.

    Returns:
        ``[B, E, U]``.

    Example:
        >>> experts(np.ones((1, 2)), np.ones((1, 2, 1)), np.zeros((1, 1))).tolist()
        [[[2.0]]]
    """
    (B, n), (E, _, U) = x.shape, kernel.shape
    f = np.zeros((B, E, U))
    for b in range(B):
        for i in range(E):
            for u in range(U):
                total = bias[i, u]
                for j in range(n):
                    total += x[b, j] * kernel[i, j, u]
                f[b, i, u] = max(total, 0.0)
    return f


def gates(x: Array, kernel: Array, bias: Array | None = None) -> Array:
    r"""Computes softmax gates.

    $$
    g^k(x) = \text{softmax}(W_{gk}\, x)
    $$

    with $W_{gk}$ of shape $[E, n]$, stored transposed.

    Args:
        x: ``[B, n]``.
        kernel: ``[G, n, E]``.
        bias: ``[G, E]``, None for none (default: None).

    Returns:
        ``[B, G, E]``, rows sum to 1.

    Example:
        >>> gates(np.zeros((1, 2)), np.ones((1, 2, 4))).tolist()
        [[[0.25, 0.25, 0.25, 0.25]]]
    """
    (B, n), (G, _, E) = x.shape, kernel.shape
    g = np.zeros((B, G, E))
    for b in range(B):
        for k in range(G):
            logits = [sum(x[b, j] * kernel[k, j, i] for j in range(n)) for i in range(E)]
            if bias is not None:
                logits = [value + bias[k, i] for i, value in enumerate(logits)]
            powers = [np.exp(value - max(logits)) for value in logits]
            for i in range(E):
                g[b, k, i] = powers[i] / sum(powers)
    return g


def mix(g: Array, f: Array) -> Array:
    r"""Mixes experts by gates.

    $$
    f^k = \sum_{i=1}^{E} g^k_i\, f_i
    $$

    with $g^k$ of shape $[E]$ and $f_i$ of shape $[U]$.

    Args:
        g: gates ``[B, G, E]``.
        f: experts ``[B, E, U]``.

    Returns:
        ``[B, G, U]``.

    Example:
        >>> mix(np.array([[[0.25, 0.75]]]), np.array([[[4.0], [8.0]]])).tolist()
        [[[7.0]]]
    """
    # --8<-- [start:mix]
    (B, G, E), U = g.shape, f.shape[2]
    out = np.zeros((B, G, U))
    for b in range(B):
        for k in range(G):
            for i in range(E):
                for u in range(U):
                    out[b, k, u] += g[b, k, i] * f[b, i, u]
    # --8<-- [end:mix]
    return out


def mmoe(x: Array, expert_kernel: Array, expert_bias: Array, gate_kernel: Array) -> Array:
    """Computes the layer: experts, gates and their mixture.

    Args:
        x: ``[B, n]``.
        expert_kernel: ``[E, n, U]``.
        expert_bias: ``[E, U]``.
        gate_kernel: ``[G, n, E]``.

    Returns:
        ``[B, G, U]``.

    Example:
        >>> mmoe(np.ones((1, 2)), np.ones((3, 2, 4)), np.zeros((3, 4)), np.ones((2, 2, 3))).shape
        (1, 2, 4)
    """
    return mix(gates(x, gate_kernel), experts(x, expert_kernel, expert_bias))


def mmoe_gradient(
    x: Array, expert_kernel: Array, expert_bias: Array, gate_kernel: Array, upstream: Array
) -> tuple[Array, Array, Array, Array]:
    r"""Computes the gradients of a weighted sum of the layer's outputs by the chain rule, written out.

    $$
    \frac{\partial f^k}{\partial a^k_i} = g^k_i\,(f_i - f^k), \qquad
    \frac{\partial f^k}{\partial f_i} = g^k_i\, I
    $$

    with the gate logits $a^k$ of shape $[E]$, experts $f_i$ and mixture $f^k$ of shape $[U]$, the identity
    $I$ of shape $[U, U]$.

    Args:
        x: ``[B, n]``.
        expert_kernel: ``[E, n, U]``.
        expert_bias: ``[E, U]``.
        gate_kernel: ``[G, n, E]``.
        upstream: weights of the outputs in the sum, ``[B, G, U]``.

    Returns:
        Gradients with respect to x, expert_kernel, expert_bias and gate_kernel, shaped like them.

    Example:
        >>> arrays = np.ones((1, 2)), np.ones((3, 2, 4)), np.zeros((3, 4)), np.ones((2, 2, 3))
        >>> [gradient.shape for gradient in mmoe_gradient(*arrays, upstream=np.ones((1, 2, 4)))]
        [(1, 2), (3, 2, 4), (3, 4), (2, 2, 3)]
    """
    f, g = experts(x, expert_kernel, expert_bias), gates(x, gate_kernel)
    mixed = mix(g, f)
    (B, G, E), (n, U) = g.shape, expert_kernel.shape[1:]
    dx, dw = np.zeros_like(x), np.zeros_like(expert_kernel)
    db, dgate = np.zeros_like(expert_bias), np.zeros_like(gate_kernel)
    for b in range(B):
        for k in range(G):
            for i in range(E):
                da = 0.0  # of the gate's logit
                for u in range(U):
                    da += upstream[b, k, u] * g[b, k, i] * (f[b, i, u] - mixed[b, k, u])
                    if f[b, i, u] > 0:
                        df = upstream[b, k, u] * g[b, k, i]
                        db[i, u] += df
                        for j in range(n):
                            dw[i, j, u] += df * x[b, j]
                            dx[b, j] += df * expert_kernel[i, j, u]
                for j in range(n):
                    dgate[k, j, i] += da * x[b, j]
                    dx[b, j] += da * gate_kernel[k, j, i]
    return dx, dw, db, dgate


def mmoe_of_model(model: Any, inputs: Mapping[str, Any]) -> dict[str, Array]:
    """Evaluates a `recnotes.models.MMoE` or `OMoE` of ReLU experts by the loops, with the model's weights.

    Args:
        model: a built MMoE or OMoE.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

    Returns:
        Arrays ``[B]`` by task.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("mmoe")
        >>> list(mmoe_of_model(entry.build(), entry.inputs(2)))
        ['click', 'like']
    """
    part = model.mixture
    x = np.array(stacked(inputs, model.features.fields, "dense" in inputs))
    layers = [
        [np.asarray(w, np.float64) for w in pair]
        for pair in zip(part.expert_kernels, part.expert_biases, strict=True)
    ]
    f = experts(x, *layers[0])
    for kernel, bias in layers[1:]:  # each expert's next layer reads that expert's last
        one_by_one = [experts(f[:, i], kernel[i : i + 1], bias[i : i + 1]) for i in range(f.shape[1])]
        f = np.concatenate(one_by_one, axis=1)
    offset = None if part.gate_offset is None else np.asarray(part.gate_offset, np.float64)
    mixed = mix(gates(x, np.asarray(part.gate_kernel, np.float64), offset), f)
    outputs = {}
    for k, (task, tower) in enumerate(zip(model.tasks, model.towers, strict=True)):
        outputs[task] = np.array([run(tower, a)[0] for a in mixed[:, k % mixed.shape[1]]])
    return outputs
