"""Plain loops of DeepFM, and of two wirings people copy under its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.fm import features_of_model, fm_logit, fm_pairwise

Array = NDArray[np.float64]


def hidden(
    a: Array,
    kernels: Sequence[Array],
    biases: Sequence[Array],
    activations: Sequence[Callable[[Array], Array]] | None = None,
) -> Array:
    r"""Runs hidden layers on one example, unit by unit.

    $$
    a^{(l+1)}_u = \max\Big(0, \sum_{k} W^{(l)}_{ku} a^{(l)}_k + b^{(l)}_u\Big)
    $$

    with $a^{(l)}$ of shape $[I]$, $W^{(l)}$ of shape $[I, U]$ and $b^{(l)}$ of shape $[U]$.

    Args:
        a: input ``[I]``.
        kernels: one ``[I, U]`` a layer.
        biases: one ``[U]`` a layer.
        activations: one function a layer, None for ReLU (default: None).

    Returns:
        Last layer ``[U]``.

    Example:
        >>> hidden(np.array([1.0, 2.0]), [np.array([[1.0, -1.0], [1.0, -1.0]])], [np.zeros(2)]).tolist()
        [3.0, 0.0]
    """
    for layer, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
        z = np.zeros(kernel.shape[1])
        for u in range(kernel.shape[1]):
            for k in range(kernel.shape[0]):
                z[u] += kernel[k, u] * a[k]
            z[u] += bias[u]
        a = np.maximum(z, 0.0) if activations is None else activations[layer](z)
    return a


def deepfm_logit(x: Array, fields: Sequence[Sequence[int]], p: Mapping[str, Any]) -> float:
    r"""Evaluates DeepFM on one sparse vector, from equations 1 to 4 of the paper.

    $$
    y = \langle w, x \rangle + \sum_{i<j} \langle v_i, v_j \rangle x_i x_j
        + W^{(H)} a^{(H)} + b^{(H)}, \qquad a^{(0)} = [e_1, \dots, e_m], \quad
    e_k = \sum_{i \in \text{field } k} x_i v_i
    $$

    with $x$ and $w$ of shape $[N]$, $v$ of shape $[N, D]$, $e_k$ of shape $[D]$ and $a^{(0)}$ of shape
    $[mD]$.

    Args:
        x: feature values ``[N]``: numeric values and one-hot fields side by side.
        fields: positions of ``x`` that belong to each of the ``m`` fields.
        p: ``"w"`` ``[N]``, ``"v"`` ``[N, D]``, lists ``"kernels"`` and ``"biases"`` of the hidden layers,
            ``"out"`` ``[U]`` and ``"out_bias"`` of the output layer.

    Returns:
        The logit of the example.

    Example:
        >>> p = {"w": np.zeros(3), "v": np.array([[1.0], [2.0], [3.0]]), "kernels": [], "biases": []}
        >>> p |= {"out": np.array([10.0, 100.0]), "out_bias": 0.5}
        >>> deepfm_logit(np.array([1.0, 0.0, 1.0]), [[0], [1, 2]], p)  # 1 · 3 + 10 · 1 + 100 · 3 + 0.5
        313.5
    """
    e = [sum(x[i] * p["v"][i] for i in field) for field in fields]
    a = hidden(np.concatenate(e), p["kernels"], p["biases"])
    y_dnn = p["out_bias"]
    for u in range(len(a)):
        y_dnn += p["out"][u] * a[u]
    return fm_logit(x, 0.0, p["w"], p["v"]) + float(y_dnn)


def projection_logit(x: Array, fields: Sequence[Sequence[int]], p: Mapping[str, Any]) -> float:
    r"""Evaluates the wiring of ChenglongChen/tensorflow-DeepFM: one learned weight on each part.

    $$
    y = c_0 + \sum_{k=1}^{m} c^{(1)}_k \sum_{i \in \text{field } k} w_i x_i
          + \sum_{d=1}^{D} c^{(2)}_d \sum_{k<l} e_{kd} e_{ld}
          + \sum_{u=1}^{U} c^{(3)}_u a^{(H)}_u
    $$

    with $c^{(1)}$ of shape $[m]$, $c^{(2)}$ of shape $[D]$ and $c^{(3)}$ of shape $[U]$. DeepFM is the
    case $c^{(1)} = 1$, $c^{(2)} = 1$.

    Args:
        x: feature values ``[N]``.
        fields: positions of ``x`` that belong to each of the ``m`` fields.
        p: as in `deepfm_logit`, and ``"c1"`` ``[m]``, ``"c2"`` ``[D]``; ``"out"`` is $c^{(3)}$ and
            ``"out_bias"`` is $c_0$.

    Returns:
        The logit of the example.

    Example:
        >>> p = {"w": np.zeros(3), "v": np.array([[1.0], [2.0], [3.0]]), "kernels": [], "biases": []}
        >>> p |= {"out": np.array([10.0, 100.0]), "out_bias": 0.5, "c1": np.ones(2), "c2": np.array([-1.0])}
        >>> projection_logit(np.array([1.0, 0.0, 1.0]), [[0], [1, 2]], p)  # −1 · 3 + 10 · 1 + 100 · 3 + 0.5
        307.5

    References:
        https://github.com/ChenglongChen/tensorflow-DeepFM, commit a43dd5f, ``_init_graph``.
    """
    e = np.array([sum(x[i] * p["v"][i] for i in field) for field in fields])  # [m, D]
    y = float(p["out_bias"])
    for k, field in enumerate(fields):
        y += p["c1"][k] * sum(p["w"][i] * x[i] for i in field)
    for d in range(e.shape[1]):
        y += p["c2"][d] * fm_pairwise(e[np.newaxis, :, d : d + 1])[0]
    for u, value in enumerate(hidden(e.reshape(-1), p["kernels"], p["biases"])):
        y += p["out"][u] * value
    return float(y)


def deepctr_logit(x: Array, fields: Sequence[Sequence[int]], p: Mapping[str, Any], num_dense: int) -> float:
    r"""Evaluates the wiring of DeepCTR: numeric fields have no vectors, the network reads their values.

    $$
    y = c_0 + \langle w, x \rangle + \sum_{n < k < l} \langle e_k, e_l \rangle
          + \sum_u c^{(3)}_u a^{(H)}_u, \qquad a^{(0)} = [e_{n+1}, \dots, e_m, x_1, \dots, x_n]
    $$

    with the first $n$ fields numeric, $e_k$ of shape $[D]$ and $a^{(0)}$ of shape $[FD + n]$.

    Args:
        x: feature values ``[N]``, the ``n`` numeric ones first.
        fields: positions of ``x`` that belong to each of the ``m`` fields, the numeric ones first.
        p: as in `deepfm_logit`; the first kernel has ``F * D + n`` rows.
        num_dense: number ``n`` of numeric fields.

    Returns:
        The logit of the example.

    Example:
        >>> p = {"w": np.zeros(3), "v": np.array([[1.0], [2.0], [3.0]]), "kernels": [], "biases": []}
        >>> p |= {"out": np.array([10.0, 100.0]), "out_bias": 0.5}
        >>> deepctr_logit(np.array([2.0, 0.0, 1.0]), [[0], [1, 2]], p, 1)  # no pair, 10 · 3 + 100 · 2 + 0.5
        230.5

    References:
        https://github.com/shenweichen/DeepCTR, commit 1b5fe40, ``deepctr/models/deepfm.py``.
    """
    e = np.array([sum(x[i] * p["v"][i] for i in field) for field in fields[num_dense:]])  # [F, D]
    a = hidden(np.concatenate([e.reshape(-1), x[:num_dense]]), p["kernels"], p["biases"])
    y = float(p["out_bias"])
    for i in range(len(x)):
        y += p["w"][i] * x[i]
    for u in range(len(a)):
        y += p["out"][u] * a[u]
    return float(y + fm_pairwise(e[np.newaxis])[0])


def weights_of(model: Any) -> tuple[list[list[int]], dict[str, Any]]:
    """Reads the weights of a `recnotes.models.DeepFM` into the form the loops take, in float64.

    Args:
        model: a built DeepFM.

    Returns:
        The positions of each field in the long feature vector, and the weights by name.

    Example:
        >>> from recnotes.models.deepfm import DeepFM
        >>> model = DeepFM([2, 3], num_dense=1, embedding_dim=4, hidden_units=[8])
        >>> model.build()
        >>> fields, p = weights_of(model)
        >>> fields, p["v"].shape
        ([[0], [1, 2], [3, 4, 5]], (6, 4))
    """
    sizes = model.embedding.fields.vocabulary_sizes
    n = model.embedding.num_dense

    def rows(part: Any) -> Array:
        tables = [part.numeric.table] if n else []
        return np.concatenate([np.asarray(table, np.float64) for table in [*tables, part.fields.table]])

    edges = np.cumsum([n, *sizes]).tolist()
    fields = [[i] for i in range(n)]
    fields += [list(range(start, stop)) for start, stop in zip(edges, edges[1:], strict=False)]
    return fields, {
        "w": rows(model.first_order)[:, 0],
        "v": rows(model.embedding),
        "kernels": [np.asarray(layer.kernel, np.float64) for layer in model.dnn.hidden_layers],
        "biases": [np.asarray(layer.bias, np.float64) for layer in model.dnn.hidden_layers],
        "out": np.asarray(model.dnn.output_layer.kernel, np.float64)[:, 0],
        "out_bias": float(np.asarray(model.dnn.output_layer.bias)[0]),
    }


def deepfm_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.DeepFM` by the loops, with the model's weights.

    Args:
        model: a built DeepFM.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("deepfm")
        >>> model = entry.build()
        >>> bool(np.abs(model(entry.inputs()) - deepfm_of_model(model, entry.inputs())).max() < 1e-6)
        True
    """
    fields, p = weights_of(model)
    x = features_of_model(model.embedding, inputs)
    return np.array([deepfm_logit(row, fields, p) for row in x])
