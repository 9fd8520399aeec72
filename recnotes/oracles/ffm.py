"""Plain loops of the field-aware factorization machine, and one step of the authors' training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.fm import one_hot_features, table_of_model

Array = NDArray[np.float64]


def ffm_logit(x: Array, field_of: Sequence[int], v: Array) -> float:
    r"""Evaluates the machine on one sparse vector, pair by pair.

    $$
    \phi = \sum_{i<j} \langle v_{i, f(j)}, v_{j, f(i)} \rangle \, x_i x_j, \qquad f(i) \ne f(j)
    $$

    with $x$ of shape $[N]$ and $v$ of shape $[N, F, D]$. Each field has one nonzero value, so pairs of
    one field are zero anyway.

    Args:
        x: feature values ``[N]``: numeric values and one-hot fields side by side.
        field_of: the field of each feature, length ``N``.
        v: vectors ``[N, F, D]``.

    Returns:
        The logit of the example.

    Example:
        >>> v = np.array([[[1.0], [2.0]], [[3.0], [4.0]]])
        >>> ffm_logit(np.array([10.0, 1.0]), [0, 1], v)  # 2 · 3 · 10
        60.0
    """
    phi = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            if field_of[i] != field_of[j]:
                for d in range(v.shape[2]):
                    phi += v[i, field_of[j], d] * v[j, field_of[i], d] * x[i] * x[j]
    return float(phi)


def ffm_gradient(x: Array, field_of: Sequence[int], v: Array) -> Array:
    r"""Differentiates the logit by every vector, pair by pair.

    $$
    \frac{\partial \phi}{\partial v_{i, f(j)}} \mathrel{+}= v_{j, f(i)} \, x_i x_j
    $$

    with $x$ of shape $[N]$, $v$ and the result of shape $[N, F, D]$.

    Args:
        x: feature values ``[N]``.
        field_of: the field of each feature.
        v: vectors ``[N, F, D]``.

    Returns:
        Gradient ``[N, F, D]``.

    Example:
        >>> v = np.array([[[1.0], [2.0]], [[3.0], [4.0]]])
        >>> ffm_gradient(np.array([10.0, 1.0]), [0, 1], v).ravel().tolist()
        [0.0, 30.0, 20.0, 0.0]
    """
    g = np.zeros(v.shape)
    for i in range(len(x)):
        for j in range(len(x)):
            if field_of[i] != field_of[j]:
                for d in range(v.shape[2]):
                    g[i, field_of[j], d] += v[j, field_of[i], d] * x[i] * x[j]
    return g


def libffm_step(
    x: Array,
    field_of: Sequence[int],
    y: int,
    v: Array,
    squares: Array,
    rate: float = 0.2,
    decay: float = 2e-5,
    normalize: bool = True,
) -> tuple[Array, Array]:
    r"""Takes one AdaGrad step on one example as libffm does, pair by pair.

    $$
    g = \lambda v + \kappa \frac{\partial \phi}{\partial v}, \qquad \kappa = \frac{-y}{1 + e^{y \phi}},
    \qquad G \leftarrow G + g^2, \qquad v \leftarrow v - \frac{\eta}{\sqrt{G}} \, g
    $$

    with $v$ and $G$ of shape $[N, F, D]$ and everything else a number. Only the vectors of a pair of nonzero
    values move, so only they decay, once for each pair. $G$ starts at 1.

    Args:
        x: feature values ``[N]``.
        field_of: the field of each feature.
        y: the label, 1 or -1.
        v: vectors ``[N, F, D]``.
        squares: sums of squares ``[N, F, D]``.
        rate: learning rate $\eta$ (default: 0.2).
        decay: weight $\lambda$ of the penalty (default: 2e-5).
        normalize: whether products are divided by the sum of the squares of ``x`` (default: True).

    Returns:
        The new vectors and sums of squares.

    Example:
        >>> v = np.array([[[0.0], [2.0]], [[0.0], [0.0]]])
        >>> new, G = libffm_step(np.ones(2), [0, 1], 1, v, np.ones(v.shape), decay=0.0, normalize=False)
        >>> float(new[1, 0, 0].round(4)), G.ravel().tolist()  # κ = −½, so g = −1 and the step is 0.2 / √2
        (0.1414, [1.0, 1.0, 2.0, 1.0])

    References:
        https://github.com/ycjuan/libffm, commit af3ae37, ``wTx`` in ``ffm.cpp``.
    """
    r = 1.0 / float(np.sum(x**2)) if normalize else 1.0
    kappa = -y / (1.0 + math.exp(y * r * ffm_logit(x, field_of, v)))
    v, squares = v.copy(), squares.copy()
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            if field_of[i] == field_of[j] or x[i] == 0 or x[j] == 0:
                continue
            for d in range(v.shape[2]):
                one, two = (i, field_of[j], d), (j, field_of[i], d)
                g1 = decay * v[one] + kappa * v[two] * x[i] * x[j] * r
                g2 = decay * v[two] + kappa * v[one] * x[i] * x[j] * r
                for place, g in ((one, g1), (two, g2)):
                    squares[place] += g**2
                    v[place] -= rate / math.sqrt(squares[place]) * g
    return v, squares


def ffm_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.FFM` by the loops, with the model's weights.

    Args:
        model: a built FFM.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("ffm")
        >>> ffm_of_model(entry.build(), entry.inputs(2)).shape
        (2,)
    """
    part = model.embedding
    sparse = np.asarray(inputs["sparse"])
    dense = np.asarray(inputs["dense"], np.float64) if part.num_dense else np.zeros((len(sparse), 0))
    field_of = list(range(part.num_dense))
    for field, size in enumerate(part.vocabulary_sizes):
        field_of += [part.num_dense + field] * size
    v = np.asarray(part.table, np.float64)
    logits = []
    for x in one_hot_features(dense, sparse, part.vocabulary_sizes):
        scale = 1 / math.sqrt(sum(x**2)) if part.normalize else 1.0
        logits.append(ffm_logit(scale * x, field_of, v))
        if model.use_linear:
            w = table_of_model(model.first_order)[:, 0]
            logits[-1] += float(np.asarray(model.bias)) + float(sum(w * x))
    return np.array(logits)
