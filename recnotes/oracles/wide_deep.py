"""Plain loops of the wide part of Wide & Deep: products of indicators, as the paper writes crosses."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.fm import features_of_model, table_of_model
from recnotes.oracles.parts import run, stacked

Array = NDArray[np.float64]


def wide_logit(
    x: Array, w: Array, features: Sequence[Sequence[int]], cross_weights: Mapping[tuple[int, ...], float]
) -> float:
    r"""Evaluates a linear model on a sparse vector and on products of its entries.

    $$
    y = \sum_i w_i x_i + \sum_{k} w_k \, \phi_k(x), \qquad \phi_k(x) = \prod_{i} x_i^{c_{ki}}, \quad
    c_{ki} \in \{0, 1\}
    $$

    with $x$ and $w$ of shape $[N]$; each $\phi_k$ multiplies one feature of each field of a cross.

    Args:
        x: feature values ``[N]``: numeric values and one-hot fields side by side.
        w: weights ``[N]``.
        features: the features whose products count, a tuple of positions each.
        cross_weights: the weight of each such product.

    Returns:
        The wide part of the example's logit.

    Example:
        >>> x, w = np.array([1.0, 0.0, 1.0]), np.array([1.0, 2.0, 3.0])
        >>> wide_logit(x, w, [(0, 2), (1, 2)], {(0, 2): 10.0, (1, 2): 100.0})
        14.0
    """
    y = 0.0
    for i in range(len(x)):
        y += w[i] * x[i]
    for positions in features:
        product = 1.0
        for i in positions:
            product *= x[i]
        y += cross_weights[tuple(positions)] * product
    return float(y)


def wide_deep_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.WideDeep` by the loops, with the model's weights.

    Args:
        model: a built WideDeep.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("wide-deep")
        >>> wide_deep_of_model(entry.build(), entry.inputs(2)).shape
        (2,)
    """
    sizes = model.embedding.vocabulary_sizes
    starts = model.wide.num_dense + np.cumsum([0, *sizes[:-1]])
    w = table_of_model(model.wide)[:, 0]
    weights: dict[tuple[int, ...], float] = {}
    for cross in model.crosses:
        for values in itertools.product(*(range(sizes[field]) for field in cross)):
            positions = tuple(int(starts[f] + value) for f, value in zip(cross, values, strict=True))
            weights[positions] = float(np.asarray(model.cross_weights.table)[len(weights), 0])
    rows = zip(
        features_of_model(model.wide, inputs),
        stacked(inputs, model.embedding, bool(model.wide.num_dense)),
        strict=True,
    )
    return np.array([wide_logit(x, w, list(weights), weights) + run(model.dnn, a)[0] for x, a in rows])
