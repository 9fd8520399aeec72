"""TwoTower and the estimate of an item's frequency in plain loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.deepfm import hidden

Array = NDArray[np.float64]


def tower_vector(e: Array, kernels: Sequence[Array], biases: Sequence[Array], normalize: bool) -> Array:
    r"""Runs one tower with ReLU on one example.

    $$
    v = \frac{a}{\sqrt{\sum_k a_k^2}}, \qquad a = \text{MLP}\big([e_1, \dots, e_F]\big)
    $$

    with $e$ of shape $[F, D]$, and $a$ and $v$ of shape $[U]$.

    Args:
        e: vectors of the fields ``[F, D]``.
        kernels: one ``[I, U]`` a layer.
        biases: one ``[U]`` a layer.
        normalize: whether the output is scaled to length 1.

    Returns:
        ``[U]``.

    Example:
        >>> tower_vector(np.array([[3.0], [4.0]]), [], [], True).tolist()
        [0.6, 0.8]
    """
    a = hidden(e.reshape(-1), kernels, biases)
    if not normalize:
        return a
    length = 0.0
    for value in a:
        length += value * value
    return a / np.sqrt(max(length, 1e-12))


def streaming_gaps(
    batches: Sequence[Sequence[int]], num_items: int, rate: float, initial_gap: float
) -> Array:
    r"""Runs algorithm 2 without hashing: $B_y \leftarrow (1 - \alpha) B_y + \alpha (t - A_y)$.

    Args:
        batches: the items of each step; an item that repeats in a batch counts once.
        num_items: number of items ``N``.
        rate: learning rate $\alpha$.
        initial_gap: what every gap starts with.

    Returns:
        Gaps ``[N]``; the probabilities are their reciprocals.

    Example:
        >>> streaming_gaps([[0], [0, 1, 1]], 3, 0.5, 4.0).tolist()
        [1.75, 3.0, 4.0]

    References:
        Yi et al., RecSys 2019, https://doi.org/10.1145/3298689.3346996, algorithm 2.
    """
    last, gap = [0] * num_items, [initial_gap] * num_items
    for t, batch in enumerate(batches, 1):
        for y in set(batch):
            gap[y] = (1 - rate) * gap[y] + rate * (t - last[y])
            last[y] = t
    return np.array(gap)


def hashed_probabilities(
    batches: Sequence[Sequence[int]],
    items: Sequence[int],
    hashes: Sequence[tuple[int, int]],
    num_buckets: int,
    rate: float,
    initial_gap: float,
) -> Array:
    r"""Runs algorithm 3: the gaps of places that items may share, of which the largest counts.

    Args:
        batches: the items of each step.
        items: the items whose probabilities are wanted.
        hashes: $a$ and $c$ of each $h(y) = ((a y + c) \bmod (2^{31} - 1)) \bmod H$.
        num_buckets: number of places ``H``.
        rate: learning rate $\alpha$.
        initial_gap: what every gap starts with.

    Returns:
        One probability an item.

    Example:
        >>> hashed_probabilities([[5], [5]], [5], [(1, 0), (1, 1)], 3, 0.5, 4.0).tolist()
        [0.5714285714285714]

    References:
        Yi et al., RecSys 2019, https://doi.org/10.1145/3298689.3346996, algorithm 3.
    """
    largest = np.zeros(len(items))
    for a, c in hashes:

        def place(y: int, a: int = a, c: int = c) -> int:
            return (a * y + c) % (2**31 - 1) % num_buckets

        gaps = streaming_gaps(
            [[place(y) for y in batch] for batch in batches], num_buckets, rate, initial_gap
        )
        for i, y in enumerate(items):
            largest[i] = max(largest[i], gaps[place(y)])
    return 1 / largest


def vectors_of_tower(tower: Any, ids: Any) -> Array:
    """Evaluates a `recnotes.layers.Tower` with ReLU by the loops, with its weights.

    Args:
        tower: a built tower.
        ids: integers ``[B, F]``.

    Returns:
        Vectors ``[B, U]``.

    Example:
        >>> from recnotes.layers.tower import Tower
        >>> tower = Tower([3, 4], 2, [5])
        >>> tower.build()
        >>> vectors_of_tower(tower, np.array([[0, 3]])).shape
        (1, 5)
    """
    table = np.asarray(tower.embedding.table, np.float64)
    arrays = [np.asarray(w, np.float64) for layer in tower.hidden_layers for w in layer.get_weights()]
    vectors = []
    for row in np.asarray(ids):
        e = np.array([table[offset + i] for offset, i in zip(tower.embedding.offsets, row, strict=True)])
        vectors.append(tower_vector(e, arrays[::2], arrays[1::2], tower.normalize))
    return np.array(vectors)


def vectors_of_model(model: Any, inputs: Mapping[str, Any]) -> tuple[Array, Array]:
    """Evaluates both towers of a `recnotes.models.TwoTower` by the loops.

    Args:
        model: a built TwoTower.
        inputs: ``{"user": [B], "item": [B]}`` and the fields.

    Returns:
        Users' vectors and items' vectors, each ``[B, U]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("two-tower")
        >>> u, v = vectors_of_model(entry.build(), entry.inputs())
        >>> u.shape == v.shape
        True
    """
    sides = []
    for name, tower in (("user", model.user_tower), ("item", model.item_tower)):
        ids = np.asarray(inputs[name])[:, np.newaxis]
        if f"{name}_fields" in inputs:
            ids = np.concatenate([ids, inputs[f"{name}_fields"]], axis=1)
        sides.append(vectors_of_tower(tower, ids))
    return sides[0], sides[1]


def two_tower_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.TwoTower` by the loops, with the model's weights.

    Args:
        model: a built TwoTower.
        inputs: ``{"user": [B], "item": [B]}`` and the fields.

    Returns:
        The scores ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("two-tower")
        >>> model = entry.build()
        >>> bool(np.abs(model(entry.inputs()) - two_tower_of_model(model, entry.inputs())).max() < 1e-4)
        True
    """
    scores = []
    for u, v in zip(*vectors_of_model(model, inputs), strict=True):
        scores.append(sum(u[k] * v[k] for k in range(len(u))) / model.temperature)
    return np.array(scores)
