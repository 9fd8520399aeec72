"""Click data with planted interactions: what a model of order one, two or three can find is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

FIELD_NAMES = ("user", "item", "device", "hour", "slot")


@dataclass(frozen=True)
class InteractionData:
    """Examples and the truth they were drawn from.

    Attributes:
        inputs: ``{"dense": float32 [B, 2], "sparse": int32 [B, 5]}``.
        labels: clicks, float32 ``[B]``.
        logits: the true logit of each example ``[B]``.
        pair: what each user and item add to the logit together ``[V_user, V_item]``.
        signs: one vector of ±1 for each of the fields device, hour and slot; their product, times
            ``triple_scale``, is the third-order part of the logit.
        triple_scale: weight of the third-order part.
        vocabulary_sizes: number of values of each categorical field.
        field_names: names of the categorical fields.
    """

    inputs: dict[str, NDArray]
    labels: NDArray[np.float32]
    logits: NDArray[np.float64]
    pair: NDArray[np.float64]
    signs: tuple[NDArray[np.float64], ...]
    triple_scale: float
    vocabulary_sizes: tuple[int, ...]
    field_names: tuple[str, ...] = FIELD_NAMES

    def split(self, first: int) -> tuple[InteractionData, InteractionData]:
        """Cuts the examples in two; they are independent draws, so any cut is a random split.

        Args:
            first: number of examples of the first part, between 1 and all but one.

        Returns:
            The first ``first`` examples and the others, with the same truth.

        Raises:
            ValueError: one part would be empty.
        """
        if not 0 < first < len(self.labels):
            raise ValueError(f"first must be in [1, {len(self.labels) - 1}], received {first!r}")
        parts = []
        for rows in (slice(None, first), slice(first, None)):
            inputs = {name: values[rows] for name, values in self.inputs.items()}
            parts.append(replace(self, inputs=inputs, labels=self.labels[rows], logits=self.logits[rows]))
        return parts[0], parts[1]

    def parts(self) -> NDArray[np.float64]:
        """Takes the true logit apart, to see how much of each part a model's logit holds.

        Returns:
            First-order, user-item and device-hour-slot part of each example's logit ``[B, 3]``; a row's sum
            is its logit.

        Example:
            >>> data = planted_interactions(1000, seed=0)
            >>> parts = data.parts()
            >>> parts.shape, bool(np.allclose(parts.sum(axis=1), data.logits))
            ((1000, 3), True)
        """
        user, item, *others = self.inputs["sparse"].T
        pair = self.pair[user, item]  # [B]
        triple = np.full(len(self.labels), self.triple_scale)  # [B]
        for sign, ids in zip(self.signs, others, strict=True):
            triple *= sign[ids]
        return np.stack([self.logits - pair - triple, pair, triple], axis=1)


def double_center(matrix: NDArray) -> NDArray[np.float64]:
    r"""Takes row means and column means off a matrix, which leaves its pure interaction.

    $$
    C_{ij} = A_{ij} - \bar A_{i\cdot} - \bar A_{\cdot j} + \bar A_{\cdot\cdot}
    $$

    with $A$ and $C$ of shape $[V, W]$. What is taken off could be said by one weight a row and one a
    column, hence by a model without interactions.

    Args:
        matrix: ``[V, W]``.

    Returns:
        ``[V, W]``, every row and column with mean 0.

    Example:
        >>> double_center(np.array([[1.0, 2.0], [3.0, 6.0]])).tolist()
        [[0.5, -0.5], [-0.5, 0.5]]
    """
    a = np.asarray(matrix, np.float64)
    return a - a.mean(1, keepdims=True) - a.mean(0, keepdims=True) + a.mean()


def planted_interactions(
    num_examples: int = 40_000,
    vocabulary_sizes: Sequence[int] = (30, 40, 4, 6, 4),
    rank: int = 3,
    linear_scale: float = 0.5,
    pair_scale: float = 1.5,
    triple_scale: float = 1.0,
    seed: int = 0,
) -> InteractionData:
    r"""Draws clicks whose logit has a first-order, a second-order and a third-order part.

    $$
    \text{logit} = \lambda\,(a_u + c_i + x_1) + \pi \, A_{ui} + \tau \, s_d \, s'_h \, s''_p, \qquad
    P(\text{click}) = \frac{1}{1 + e^{-\text{logit}}}
    $$

    for user $u$, item $i$, device $d$, hour $h$, slot $p$ and the first numeric value $x_1$ (the second one
    is noise). $A$ of shape $[V_u, V_i]$ has rank at most ``rank``, double-centered rows and columns and
    variance 1; $a$ of shape $[V_u]$ and $c$ of shape $[V_i]$ are standard normal; $s, s', s''$ are vectors
    of as many +1 as −1. Every field is uniform and independent of the others. So the user-item part is
    invisible to any model that adds up fields, and the device-hour-slot part is invisible to any model
    that adds up pairs of fields.

    Args:
        num_examples: number of examples (default: 40_000).
        vocabulary_sizes: values of the fields user, item, device, hour and slot; the last three must be
            even (default: (30, 40, 4, 6, 4)).
        rank: rank of the user-item matrix before centering (default: 3).
        linear_scale: weight $\lambda$ of the first-order part (default: 0.5).
        pair_scale: weight $\pi$ of the user-item part (default: 1.5).
        triple_scale: weight $\tau$ of the device-hour-slot part (default: 1.0).
        seed: seed of everything that is drawn (default: 0).

    Returns:
        The examples with their truth.

    Raises:
        ValueError: a size does not fit.

    Example:
        >>> data = planted_interactions(1000, seed=0)
        >>> data.inputs["dense"].shape, data.inputs["sparse"].shape, data.labels.shape
        ((1000, 2), (1000, 5), (1000,))
        >>> bool(np.abs(data.pair.mean(axis=0)).max() < 1e-12)
        True
    """
    sizes = tuple(int(size) for size in vocabulary_sizes)
    if num_examples < 2:
        raise ValueError(f"num_examples must be at least 2, received {num_examples!r}")
    if len(sizes) != 5 or min(sizes) < 2 or any(size % 2 for size in sizes[2:]):
        raise ValueError(
            f"vocabulary_sizes must be 5 numbers from 2 on, the last 3 even, received {vocabulary_sizes!r}"
        )
    if rank < 1:
        raise ValueError(f"rank must be at least 1, received {rank!r}")
    rng = np.random.default_rng(seed)
    user_weight, item_weight = rng.normal(size=sizes[0]), rng.normal(size=sizes[1])
    pair = double_center(rng.normal(size=(sizes[0], rank)) @ rng.normal(size=(rank, sizes[1])))
    pair *= pair_scale / pair.std()
    signs = tuple(rng.permutation(np.tile([1.0, -1.0], size // 2)) for size in sizes[2:])

    sparse = np.stack([rng.integers(0, size, num_examples) for size in sizes], axis=1)
    dense = rng.normal(size=(num_examples, 2))
    user, item, device, hour, slot = sparse.T
    logits = linear_scale * (user_weight[user] + item_weight[item] + dense[:, 0]) + pair[user, item]
    logits += triple_scale * signs[0][device] * signs[1][hour] * signs[2][slot]
    clicks = rng.random(num_examples) < 1 / (1 + np.exp(-logits))
    return InteractionData(
        inputs={"dense": dense.astype(np.float32), "sparse": sparse.astype(np.int32)},
        labels=clicks.astype(np.float32),
        logits=logits,
        pair=pair,
        signs=signs,
        triple_scale=float(triple_scale),
        vocabulary_sizes=sizes,
    )
