"""GMF, NCF's MLP and NeuMF in plain loops, and how the authors' code joins two trained models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.deepfm import hidden

Array = NDArray[np.float64]


def product(p: Array, q: Array) -> Array:
    r"""Multiplies two vectors factor by factor.

    $$
    \phi_d = p_d q_d
    $$

    with all of shape $[D]$.

    Args:
        p: vector of the user ``[D]``.
        q: vector of the item ``[D]``.

    Returns:
        ``[D]``.

    Example:
        >>> product(np.array([1.0, 2.0]), np.array([3.0, 4.0])).tolist()
        [3.0, 8.0]
    """
    return np.array([p[d] * q[d] for d in range(len(p))])


def output(phi: Sequence[float] | Array, h: Array, bias: float) -> float:
    r"""Evaluates the output layer: $\sum_k h_k \phi_k + c$, with $h$ and $\phi$ of shape $[K]$.

    Args:
        phi: last layer ``[K]``.
        h: weights ``[K]``.
        bias: $c$.

    Returns:
        The logit.

    Example:
        >>> output([3.0, 8.0], np.array([1.0, 0.5]), 0.25)
        7.25
    """
    y = bias
    for weight, value in zip(h, phi, strict=True):
        y += weight * value
    return float(y)


def mlp_layer(p: Array, q: Array, kernels: Sequence[Array], biases: Sequence[Array]) -> Array:
    r"""Runs the tower on the two vectors side by side, $a^{(0)} = [p, q]$ of shape $[2D]$.

    Args:
        p: vector of the user ``[D]``.
        q: vector of the item ``[D]``.
        kernels: one ``[I, U]`` a hidden layer.
        biases: one ``[U]`` a hidden layer.

    Returns:
        Last hidden layer ``[U]``.

    Example:
        >>> mlp_layer(np.ones(1), np.array([2.0]), [np.array([[1.0], [10.0]])], [np.zeros(1)]).tolist()
        [21.0]
    """
    return hidden(np.concatenate([p, q]), kernels, biases)


def authors_output_layer(gmf: tuple[Array, float], mlp: tuple[Array, float]) -> tuple[Array, float]:
    r"""Joins two output layers as ``load_pretrain_model`` of the authors' code does: all of it halved.

    $$
    h = \tfrac12 \big[h^{GMF}, h^{MLP}\big], \qquad c = \tfrac12 \big(c^{GMF} + c^{MLP}\big)
    $$

    with $h^{GMF}$ of shape $[D]$ and $h^{MLP}$ of shape $[U]$.

    Args:
        gmf: weights ``[D]`` and bias of the GMF's output layer.
        mlp: weights ``[U]`` and bias of the MLP's output layer.

    Returns:
        Weights ``[D+U]`` and bias.

    Example:
        >>> h, bias = authors_output_layer((np.array([2.0]), 1.0), (np.array([4.0, 6.0]), 3.0))
        >>> h.tolist(), bias
        ([1.0, 2.0, 3.0], 2.0)

    References:
        https://github.com/hexiangnan/neural_collaborative_filtering, commit 04cc6b7, ``NeuMF.py``.
    """
    return 0.5 * np.concatenate([gmf[0], mlp[0]]), 0.5 * (gmf[1] + mlp[1])


def _tables(embedding: Any) -> tuple[Array, Array]:
    table, users = np.asarray(embedding.table, np.float64), embedding.vocabulary_sizes[0]
    return table[:users], table[users:]


def _tower(mlp: Any) -> tuple[list[Array], list[Array]]:
    arrays = [np.asarray(w, np.float64) for layer in mlp.hidden_layers for w in layer.get_weights()]
    return arrays[::2], arrays[1::2]


def output_layer_of_model(model: Any) -> tuple[Array, float]:
    """Reads the output layer of a GMF, NCFMLP or NeuMF.

    Args:
        model: a built model.

    Returns:
        Weights ``[K]`` and bias, 0 where it has none.

    Example:
        >>> from recnotes.models.gmf import GMF
        >>> model = GMF(2, 3, embedding_dim=4)
        >>> model.build()
        >>> h, bias = output_layer_of_model(model)
        >>> h.shape, bias
        ((4,), 0.0)
    """
    bias = float(np.asarray(model.h.bias)[0]) if model.use_bias else 0.0
    return np.asarray(model.h.kernel, np.float64)[:, 0], bias


def gmf_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.GMF` by the loops, with the model's weights.

    Args:
        model: a built GMF.
        inputs: ``{"user": [B], "item": [B]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("gmf")
        >>> model = entry.build()
        >>> bool(np.abs(model(entry.inputs()) - gmf_of_model(model, entry.inputs())).max() < 1e-6)
        True
    """
    p, q = _tables(model.embedding)
    pairs = zip(inputs["user"], inputs["item"], strict=True)
    return np.array([output(product(p[u], q[i]), *output_layer_of_model(model)) for u, i in pairs])


def ncf_mlp_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.NCFMLP` with ReLU by the loops, with the model's weights.

    Args:
        model: a built NCFMLP.
        inputs: ``{"user": [B], "item": [B]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("ncf-mlp")
        >>> model = entry.build()
        >>> bool(np.abs(model(entry.inputs()) - ncf_mlp_of_model(model, entry.inputs())).max() < 1e-6)
        True
    """
    p, q = _tables(model.embedding)
    tower, layer = _tower(model.mlp), output_layer_of_model(model)
    pairs = zip(inputs["user"], inputs["item"], strict=True)
    return np.array([output(mlp_layer(p[u], q[i], *tower), *layer) for u, i in pairs])


def neumf_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.NeuMF` with ReLU by the loops, with the model's weights.

    Args:
        model: a built NeuMF.
        inputs: ``{"user": [B], "item": [B]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("neumf")
        >>> model = entry.build()
        >>> bool(np.abs(model(entry.inputs()) - neumf_of_model(model, entry.inputs())).max() < 1e-6)
        True
    """
    (p, q), (p2, q2) = _tables(model.gmf_embedding), _tables(model.mlp_embedding)
    tower, layer = _tower(model.mlp), output_layer_of_model(model)
    logits = []
    for u, i in zip(inputs["user"], inputs["item"], strict=True):
        phi = [*product(p[u], q[i]), *mlp_layer(p2[u], q2[i], *tower)]
        logits.append(output(phi, *layer))
    return np.array(logits)
