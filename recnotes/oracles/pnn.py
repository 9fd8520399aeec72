"""Plain loops of the product layer and of PNN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.fm import vectors_of_model
from recnotes.oracles.parts import run

Array = NDArray[np.float64]


def inner_terms(e: Array, above: bool = False) -> list[float]:
    r"""Lists the inner products of one example, element by element.

    $$
    p_{ij} = \sum_d e_{id} e_{jd}
    $$

    with $e$ of shape $[F, D]$.

    Args:
        e: vectors ``[F, D]``.
        above: whether only pairs with $i < j$ count (default: False).

    Returns:
        One number a pair, row by row.

    Example:
        >>> e = np.array([[1.0, 2.0], [3.0, 4.0]])
        >>> inner_terms(e), inner_terms(e, above=True)
        ([5.0, 11.0, 11.0, 25.0], [11.0])
    """
    terms = []
    for i in range(len(e)):
        for j in range(i + 1 if above else 0, len(e)):
            terms.append(float(sum(e[i, d] * e[j, d] for d in range(e.shape[1]))))
    return terms


def outer_terms(e: Array) -> Array:
    r"""Lists the outer products of all pairs of one example.

    $$
    p_{(ik)(jl)} = e_{ik} e_{jl}
    $$

    with $e$ of shape $[F, D]$ and $p$ of shape $[F, D, F, D]$.

    Args:
        e: vectors ``[F, D]``.

    Returns:
        Products ``[F, D, F, D]``.

    Example:
        >>> outer_terms(np.array([[2.0], [3.0]])).ravel().tolist()
        [4.0, 6.0, 6.0, 9.0]
    """
    p = np.zeros((*e.shape, *e.shape))
    for i, k in np.ndindex(e.shape):
        for j, l in np.ndindex(e.shape):  # noqa: E741
            p[i, k, j, l] = e[i, k] * e[j, l]
    return p


def kernel_terms(e: Array, kernel: Array) -> list[float]:
    r"""Lists the kernel products of one example, pair by pair.

    $$
    p_{ij} = \sum_{k,l} e_{ik} K_{ij,kl} \, e_{jl}, \qquad i < j
    $$

    with $e$ of shape $[F, D]$ and $K_{ij}$ a matrix, a diagonal or a number times the unit matrix.

    Args:
        e: vectors ``[F, D]``.
        kernel: ``[D, P, D]``, ``[P, D]`` or ``[P]``.

    Returns:
        One number a pair, in the order (0, 1), (0, 2), …, (1, 2), ….

    Example:
        >>> kernel_terms(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 10.0]]))
        [83.0]
    """
    terms: list[float] = []
    for i in range(len(e)):
        for j in range(i + 1, len(e)):
            pair, total = len(terms), 0.0
            for k, l in np.ndindex(e.shape[1], e.shape[1]):  # noqa: E741
                if kernel.ndim == 3:
                    total += e[i, k] * kernel[k, pair, l] * e[j, l]
                elif k == l:
                    total += e[i, k] * (kernel[pair] if kernel.ndim == 1 else kernel[pair, k]) * e[j, k]
            terms.append(float(total))
    return terms


def product_layer(e: Array, product: str, p: Mapping[str, Array], above: bool = False) -> Array:
    r"""Evaluates the product layer on one example, unit by unit.

    $$
    l_u = \sum_i W_{z,iu} z_i + \sum_k W_{p,ku} p_k + b_u
    $$

    with $z$ of shape $[FD]$ and $l$ of shape $[U]$; the factorized form adds
    $\sum_{i,j} \theta_{ui} \theta_{uj} \langle e_i, e_j \rangle$ in the place of the second sum.

    Args:
        e: vectors ``[F, D]``.
        product: as in `recnotes.layers.ProductLayer`.
        p: ``"wz"`` ``[F * D, U]``, ``"b"`` ``[U]``, and as it applies ``"wp"`` ``[K, U]``, ``"theta"``
            ``[U, F]`` and ``"kernel"``.
        above: whether only pairs with $i < j$ count, for the inner product (default: False).

    Returns:
        The layer before its activation ``[U]``.

    Example:
        >>> p = {"wz": np.zeros((4, 1)), "b": np.zeros(1), "theta": np.ones((1, 2))}
        >>> product_layer(np.array([[1.0, 2.0], [3.0, 4.0]]), "factorized", p).tolist()  # 5 + 11 + 11 + 25
        [52.0]
    """
    terms: list[float] | Array = []
    if product == "inner":
        terms = inner_terms(e, above)
    elif product == "outer":
        terms = outer_terms(e).sum(axis=(0, 2)).reshape(-1)
    elif product == "outer_full":
        terms = outer_terms(e).reshape(-1)
    elif product == "kernel":
        terms = kernel_terms(e, p["kernel"])
    y = np.zeros(len(p["b"]))
    for u in range(len(y)):
        y[u] = p["b"][u]
        for weight, value in zip(p["wz"][:, u], e.reshape(-1), strict=True):
            y[u] += weight * value
        for k, value in enumerate(terms):
            y[u] += p["wp"][k, u] * value
        if product == "factorized":
            inner = np.reshape(inner_terms(e), (len(e), len(e)))
            for i, j in np.ndindex(inner.shape):
                y[u] += p["theta"][u, i] * p["theta"][u, j] * inner[i, j]
    return y


def product_layer_weights(layer: Any) -> dict[str, Array]:
    """Reads the weights of a `recnotes.layers.ProductLayer`, in float64.

    Args:
        layer: a built layer.

    Returns:
        What `product_layer` takes.

    Example:
        >>> from recnotes.layers.product_layer import ProductLayer
        >>> layer = ProductLayer(2)
        >>> layer.build((None, 3, 4))
        >>> {name: weight.shape for name, weight in product_layer_weights(layer).items()}
        {'wz': (12, 2), 'b': (2,), 'wp': (9, 2)}
    """
    p = {"wz": layer.signals.kernel, "b": layer.signals.bias}
    if layer.products is not None:
        p["wp"] = layer.products.kernel
    if layer.product in ("factorized", "kernel"):
        name = "theta" if layer.product == "factorized" else "kernel"
        p[name] = getattr(layer, name)
    return {name: np.asarray(weight, np.float64) for name, weight in p.items()}


def pnn_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.PNN` by the loops, with the model's weights.

    Args:
        model: a built PNN.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("pnn")
        >>> model = entry.build()
        >>> bool(np.abs(model(entry.inputs()) - pnn_of_model(model, entry.inputs())).max() < 1e-6)
        True
    """
    layer, p = model.product, product_layer_weights(model.product)
    known: dict[str, Any] = {"relu": lambda z: np.maximum(z, 0.0), "tanh": np.tanh, "linear": np.array}
    squash = known[model.dnn.activation]
    logits = []
    for e in vectors_of_model(model.embedding, inputs):
        a = squash(product_layer(e, layer.product, p, layer.pairs == "above"))
        logits.append(float(run(model.dnn, a)[0]))
    return np.array(logits)
