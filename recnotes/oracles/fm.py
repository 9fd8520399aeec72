"""Plain loops of the factorization machine, written from Rendle's equation 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def fm_pairwise(e: Array) -> Array:
    r"""Adds the inner product of every pair of vectors, pair by pair.

    $$
    y_b = \sum_{i<j} \sum_{d} e_{bid} \, e_{bjd}
    $$

    with $e$ of shape $[B, F, D]$ and $y$ of shape $[B]$.

    Args:
        e: vectors ``[B, F, D]``, already multiplied by the fields' values.

    Returns:
        Pairwise term ``[B]``.

    Example:
        >>> fm_pairwise(np.array([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]])).tolist()
        [67.0]
    """
    # --8<-- [start:loops]
    B, F, D = e.shape
    y = np.zeros(B)  # [B]
    for b in range(B):
        for i in range(F):
            for j in range(i + 1, F):
                for d in range(D):
                    y[b] += e[b, i, d] * e[b, j, d]
    return y
    # --8<-- [end:loops]


def fm_pairwise_gradient(x: Array, v: Array) -> Array:
    r"""Differentiates one example's pairwise term by every vector, term by term.

    $$
    \frac{\partial y}{\partial v_{if}} = x_i \sum_{j} v_{jf} x_j - v_{if} x_i^2
    $$

    with the values $x$ of shape $[N]$, the vectors $v$ of shape $[N, D]$ and the result of shape $[N, D]$.

    Args:
        x: feature values of one example ``[N]``, most of them zero.
        v: one vector per feature ``[N, D]``.

    Returns:
        Gradient ``[N, D]``.

    Example:
        >>> fm_pairwise_gradient(np.array([1.0, 2.0]), np.array([[3.0], [5.0]])).tolist()
        [[10.0], [6.0]]

    References:
        Rendle, *Factorization Machines*, ICDM 2010, https://doi.org/10.1109/ICDM.2010.127, equation 4.
    """
    N, D = v.shape
    g = np.zeros((N, D))  # [N, D]
    for i in range(N):
        for f in range(D):
            total = 0.0
            for j in range(N):
                total += v[j, f] * x[j]
            g[i, f] = x[i] * total - v[i, f] * x[i] ** 2
    return g


def fm_logit(x: Array, w0: float, w: Array, v: Array) -> float:
    r"""Evaluates the factorization machine on one sparse vector, exactly as the equation is written.

    $$
    y = w_0 + \sum_{i} w_i x_i + \sum_{i<j} \langle v_i, v_j \rangle x_i x_j
    $$

    with $x$ and $w$ of shape $[N]$ and $v$ of shape $[N, D]$.

    Args:
        x: feature values ``[N]``: numeric values and one-hot fields side by side.
        w0: bias.
        w: first-order weights ``[N]``.
        v: vectors ``[N, D]``.

    Returns:
        The logit of the example.

    Example:
        >>> x, w, v = np.array([1.0, 0.0, 2.0]), np.array([1.0, 9.0, 1.0]), np.array([[3.0], [9.0], [5.0]])
        >>> fm_logit(x, 0.5, w, v)
        33.5
    """
    y = w0
    for i in range(len(x)):
        y += w[i] * x[i]
        for j in range(i + 1, len(x)):
            for d in range(v.shape[1]):
                y += v[i, d] * v[j, d] * x[i] * x[j]
    return float(y)


def one_hot_features(dense: Array, sparse: NDArray[np.int64], vocabulary_sizes: list[int]) -> Array:
    """Writes fields out as the long sparse vector of the paper: numeric values, then one-hot fields.

    Args:
        dense: numeric values ``[B, n]``.
        sparse: ids ``[B, F]``.
        vocabulary_sizes: number of values of each categorical field.

    Returns:
        Feature vectors ``[B, n + sum(vocabulary_sizes)]``.

    Example:
        >>> one_hot_features(np.array([[0.5]]), np.array([[1, 0]]), [2, 3]).tolist()
        [[0.5, 0.0, 1.0, 1.0, 0.0, 0.0]]
    """
    B, n = dense.shape
    x = np.zeros((B, n + sum(vocabulary_sizes)))
    x[:, :n] = dense
    for b in range(B):
        start = n
        for field, size in enumerate(vocabulary_sizes):
            x[b, start + sparse[b, field]] = 1.0
            start += size
    return x


def features_of_model(embedding: Any, inputs: Mapping[str, Any]) -> Array:
    """Writes the inputs of a CTR model out as long sparse vectors, by the sizes its embedding knows.

    Args:
        embedding: a `recnotes.embedding.FeatureEmbedding`.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``; ``"dense"`` is not read when ``n`` is 0.

    Returns:
        Feature vectors ``[B, n + sum(vocabulary_sizes)]``.

    Example:
        >>> from recnotes.embedding.feature import FeatureEmbedding
        >>> features_of_model(FeatureEmbedding([2, 3]), {"sparse": np.array([[1, 0]])}).tolist()
        [[0.0, 1.0, 1.0, 0.0, 0.0]]
    """
    sparse = np.asarray(inputs["sparse"])
    dense = np.asarray(inputs["dense"], np.float64) if embedding.num_dense else np.zeros((len(sparse), 0))
    return one_hot_features(dense, sparse, embedding.fields.vocabulary_sizes)


def table_of_model(embedding: Any) -> Array:
    """Reads one row for each entry of the long vector: numeric fields first, then the categorical table.

    Args:
        embedding: a built `recnotes.embedding.FeatureEmbedding` or one whose tables carry other axes.

    Returns:
        Rows ``[N, D]`` in float64, ``N`` the length of the vectors of `features_of_model`.

    Example:
        >>> from recnotes.embedding.feature import FeatureEmbedding
        >>> layer = FeatureEmbedding([2, 3], num_dense=1, width=4)
        >>> layer.build()
        >>> table_of_model(layer).shape
        (6, 4)
    """
    tables = [embedding.numeric.table] if embedding.num_dense else []
    return np.concatenate([np.asarray(table, np.float64) for table in [*tables, embedding.fields.table]])


def vectors_of_model(embedding: Any, inputs: Mapping[str, Any]) -> Array:
    """Reads the vector of every field, times the field's value, row by row.

    Args:
        embedding: a built `recnotes.embedding.FeatureEmbedding`.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``; ``"dense"`` is not read when ``n`` is 0.

    Returns:
        Vectors ``[B, n + F, D]`` in float64, the numeric fields first.

    Example:
        >>> from recnotes.embedding.feature import FeatureEmbedding
        >>> layer = FeatureEmbedding([2, 3], num_dense=1, width=4)
        >>> layer.build()
        >>> vectors_of_model(layer, {"dense": np.array([[0.5]]), "sparse": np.array([[1, 0]])}).shape
        (1, 3, 4)
    """
    v, n = table_of_model(embedding), embedding.num_dense
    e = []
    for x in features_of_model(embedding, inputs):
        rows = [x[i] * v[i] for i in range(n)]
        rows += [v[i] for i in range(n, len(x)) if x[i]]
        e.append(rows)
    return np.array(e).reshape(len(e), -1, v.shape[1])


def fm_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.FactorizationMachine` by the loops, with the model's weights.

    Args:
        model: a built FactorizationMachine.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("fm")
        >>> model = entry.build()
        >>> bool(np.abs(model(entry.inputs()) - fm_of_model(model, entry.inputs())).max() < 1e-6)
        True
    """
    w, v = table_of_model(model.first_order)[:, 0], table_of_model(model.embedding)
    w0 = float(np.asarray(model.bias))
    return np.array([fm_logit(x, w0, w, v) for x in features_of_model(model.embedding, inputs)])


def logistic_regression_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.LogisticRegression`: the machine without vectors.

    Args:
        model: a built LogisticRegression.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("logistic-regression")
        >>> logistic_regression_of_model(entry.build(), entry.inputs()).tolist()
        [0.0, 0.0, 0.0, 0.0]
    """
    w = table_of_model(model.first_order)[:, 0]
    w0 = float(np.asarray(model.bias))
    v = np.zeros((len(w), 0))
    return np.array([fm_logit(x, w0, w, v) for x in features_of_model(model.first_order, inputs)])
