"""Users who choose items by taste and by popularity, with the truth, for retrieval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Choices:
    """Pairs of a user and the item chosen, and the truth they were drawn from.

    Args:
        inputs: ``"user"`` and ``"item"`` int32 ``[B]``, counted from 0, ``"user_fields"`` int32 ``[B, 1]``,
            the user's group, and ``"item_fields"`` int32 ``[B, 1]``, the item's category.
        probability: float64 ``[U, N]``, how likely each user chooses each item: nothing ranks better.
        group: int32 ``[U]``, the group of each user.
        category: int32 ``[N]``, the category of each item.
    """

    inputs: dict[str, np.ndarray]
    probability: np.ndarray
    group: np.ndarray
    category: np.ndarray


def planted_choices(
    num_examples: int = 20_000,
    num_users: int = 100,
    num_items: int = 200,
    num_groups: int = 5,
    width: int = 4,
    popularity: float = 1.0,
    taste: float = 2.0,
    seed: int = 0,
) -> Choices:
    r"""Draws choices from a softmax of popularity plus taste.

    $$
    P(i \mid u) \propto r_i^{-\rho}\, e^{\lambda \langle p_u, q_i \rangle}
    $$

    with the rank $r_i$ of item $i$ in a random order, the popularity's exponent $\rho$ (Zipf's law), the
    weight $\lambda$ of taste, and vectors $p$ of shape $[U, K]$ and $q$ of shape $[N, K]$ of length 1. A
    user's vector lies around that of a random group, an item's around that of a random category, of which
    there are as many with the same vectors. Users are uniform.

    Args:
        num_examples: number of pairs (default: 20_000).
        num_users: number of users (default: 100).
        num_items: number of items ``N`` (default: 200).
        num_groups: number of groups, and of categories (default: 5).
        width: width ``K`` of the vectors (default: 4).
        popularity: exponent $\rho$ (default: 1.0).
        taste: weight $\lambda$ (default: 2.0).
        seed: decides everything that is drawn (default: 0).

    Returns:
        The pairs and the truth.

    Raises:
        ValueError: a size is not positive, or an exponent or a weight is negative.

    Example:
        >>> data = planted_choices(10, num_users=3, num_items=4, seed=0)
        >>> data.inputs["item"].shape, data.probability.shape, bool(np.allclose(data.probability.sum(1), 1))
        ((10,), (3, 4), True)
    """
    for name, size in (
        ("num_examples", num_examples),
        ("num_users", num_users),
        ("num_items", num_items),
        ("num_groups", num_groups),
        ("width", width),
    ):
        if size < 1:
            raise ValueError(f"{name} must be positive, received {size!r}")
    if popularity < 0 or taste < 0:
        raise ValueError(f"popularity and taste must not be negative, received {popularity!r}, {taste!r}")
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(num_groups, width))
    group, category = (rng.integers(0, num_groups, n).astype(np.int32) for n in (num_users, num_items))
    p, q = (centers[kind] + 0.5 * rng.normal(size=(len(kind), width)) for kind in (group, category))
    p, q = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (p, q))
    logits = taste * p @ q.T - popularity * np.log(rng.permutation(num_items) + 1)  # [U, N]
    probability = np.exp(logits)
    probability /= probability.sum(axis=1, keepdims=True)
    user = rng.integers(0, num_users, num_examples).astype(np.int32)
    cumulative = np.cumsum(probability, axis=1)[user]  # [B, N]
    below = rng.random(num_examples)[:, None] * cumulative[:, -1:] >= cumulative  # [B, N]
    item = below.sum(axis=1).astype(np.int32)
    inputs = {
        "user": user,
        "item": item,
        "user_fields": group[user][:, None],
        "item_fields": category[item][:, None],
    }
    return Choices(inputs, probability, group, category)
