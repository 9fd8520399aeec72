"""Plain loops of DIN's activation unit, as printed and as the authors' code computes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.deepfm import hidden
from recnotes.oracles.parts import activations_of, profiles, run, weights_of

Array = NDArray[np.float64]


def unit(
    q: Array,
    k: Array,
    kernels: Sequence[Array],
    biases: Sequence[Array],
    activations: Sequence[Callable[[Array], Array]] | None = None,
) -> float:
    r"""Computes the weight of one item of the history for one candidate.

    $$
    a = \text{MLP}\big([\,q;\; k;\; q - k;\; q \odot k\,]\big)
    $$

    with $q$ and $k$ of shape $[D]$ and a network with one linear output.

    Args:
        q: candidate ``[D]``.
        k: item of the history ``[D]``.
        kernels: one ``[I, U]`` a layer, the last with one column.
        biases: one ``[U]`` a layer.
        activations: of the hidden layers, None for ReLU (default: None).

    Returns:
        The weight.

    Example:
        >>> kernel = np.array([[1.0], [10.0], [100.0], [1000.0]])
        >>> unit(np.array([2.0]), np.array([3.0]), [kernel], [np.ones(1)])  # 2 + 30 − 100 + 6000 + 1
        5933.0
    """
    x = [*q, *k]
    for d in range(len(q)):
        x.append(q[d] - k[d])
    for d in range(len(q)):
        x.append(q[d] * k[d])
    h = hidden(np.array(x, np.float64), kernels[:-1], biases[:-1], activations)
    a = float(biases[-1][0])
    for u in range(len(h)):
        a += float(kernels[-1][u, 0]) * float(h[u])
    return a


def interest(
    q: Array,
    k: Sequence[Array],
    kernels: Sequence[Array],
    biases: Sequence[Array],
    normalize: str | None = None,
    activations: Sequence[Callable[[Array], Array]] | None = None,
) -> Array:
    r"""Adds up the real items of one history, each times its weight.

    $$
    v = \sum_t a_t k_t \qquad \text{or} \qquad
    v = \sum_t \frac{\exp(a_t / \sqrt D)}{\sum_s \exp(a_s / \sqrt D)}\, k_t
    $$

    with $k_t$ and $v$ of shape $[D]$.

    Args:
        q: candidate ``[D]``.
        k: the items of the history, ``[D]`` each, without padding.
        kernels: of the activation unit.
        biases: of the activation unit.
        normalize: None for the paper's sum, "softmax" for the authors' code (default: None).
        activations: of the activation unit's hidden layers, None for ReLU (default: None).

    Returns:
        The interest ``[D]``.

    Example:
        >>> weights = [np.zeros((4, 1))], [np.full(1, 0.5)]
        >>> interest(np.ones(1), [np.array([2.0]), np.array([4.0])], *weights).tolist()
        [3.0]

    References:
        https://github.com/zhougr1993/DeepInterestNetwork, ``din/model.py``, ``attention``: scores over the
        root of the width, then a softmax.
    """
    a = [unit(q, item, kernels, biases, activations) for item in k]
    if normalize == "softmax" and a:
        top = max(a)
        e = [np.exp((value - top) / np.sqrt(len(q))) for value in a]
        a = [float(value / sum(e)) for value in e]
    v = np.zeros(len(q))
    for weight, item in zip(a, k, strict=True):
        for d in range(len(q)):
            v[d] += weight * item[d]
    return v


def din_logit(item: int, history: Sequence[int], profile: Array, model: Any) -> float:
    r"""Evaluates one row of DIN with the weights of a model.

    $$
    \text{logit} = \text{MLP}\big([\, v;\; q;\; x \,]\big)
    $$

    with $v$ and $q$ of shape $[D]$ and the profile $x$ of shape $[n + FD]$.

    Args:
        item: the candidate, counted from 1.
        history: the history, padding 0 anywhere.
        profile: numeric values and vectors of the fields, side by side.
        model: a built `recnotes.models.DIN`.

    Returns:
        The logit.

    Example:
        >>> from recnotes.models.din import DIN
        >>> model = DIN(3, embedding_dim=2, hidden_units=[4], seed=0)
        >>> model.build()
        >>> isinstance(din_logit(1, [2, 3, 0], np.zeros(0), model), float)
        True
    """
    table = np.asarray(model.embedding.items.table, np.float64)
    q = table[item - 1]
    k = [table[i - 1] for i in history if i != 0]
    if model.use_attention:
        part = model.attention
        v = interest(q, k, *weights_of(part.unit), part.normalize, activations_of(part.unit))
    else:
        v = sum(k, np.zeros(len(q)))
    parts = [v, q, v * q, profile] if model.cross else [v, q, profile]
    return float(run(model.dnn, np.concatenate(parts))[0])


def din_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.DIN` by the loops, with the model's weights.

    Args:
        model: a built DIN.
        inputs: ``{"item": [B], "history": [B, L], "dense": [B, n], "sparse": [B, F]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("din")
        >>> din_of_model(entry.build(), entry.inputs(2)).shape
        (2,)
    """
    histories = np.asarray(inputs["history"]).tolist()
    rows = zip(np.asarray(inputs["item"]).tolist(), histories, profiles(model.embedding, inputs), strict=True)
    return np.array([din_logit(item, history, x, model) for item, history, x in rows])
