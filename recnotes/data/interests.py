"""Clicks of users whose interests are known, with the history those interests left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class InterestClicks:
    """Rows of the generator together with the truth that made them.

    Args:
        inputs: ``"item"`` int32 ``[B]`` and ``"history"`` int32 ``[B, L]``, ids ``1 ... N``, right-padded
            with 0.
        clicks: float32 ``[B]``, 0 or 1.
        probability: float64 ``[B]``, the true probability of the click: nothing ranks better than it.
        category: int64 ``[N]``, the hidden category of item ``i+1``.
        interests: bool ``[B, C]``, the categories each row's user cares for.
    """

    inputs: dict[str, np.ndarray]
    clicks: np.ndarray
    probability: np.ndarray
    category: np.ndarray
    interests: np.ndarray


def interest_clicks(
    num_examples: int = 4000,
    num_items: int = 30,
    num_categories: int = 10,
    num_interests: int = 2,
    max_length: int = 8,
    noise: float = 0.05,
    seed: int = 0,
) -> InterestClicks:
    r"""Draws users with a few interests, histories from them, and clicks on what matches one of them.

    $$
    P(\text{click}_b) = \epsilon + (1 - 2\epsilon)\,[\, c(\text{item}_b) \in I_b \,]
    $$

    with the category $c$ of an item, the user's interests $I_b$, a random set of categories, and the noise
    $\epsilon$. Items of a history have a category drawn from $I_b$; each interest occurs at least once, so
    that the history tells all of them. Half of the candidates match an interest. A category alone says
    nothing about a click: what counts is whether the candidate is like *some* item of the history.

    Args:
        num_examples: number of rows (default: 4000).
        num_items: number of items ``N`` (default: 30).
        num_categories: number of hidden categories ``C`` (default: 10).
        num_interests: interests of a user (default: 2).
        max_length: longest history ``L``; the shortest has one item per interest (default: 8).
        noise: share of clicks turned around, below one half (default: 0.05).
        seed: decides everything that is drawn (default: 0).

    Returns:
        The rows and the truth.

    Raises:
        ValueError: a size does not fit the others, or the noise is out of range.

    Example:
        >>> data = interest_clicks(5, seed=1)
        >>> data.inputs["history"].shape, data.interests.sum(axis=1).tolist()
        ((5, 8), [2, 2, 2, 2, 2])
    """
    if not 1 <= num_categories <= num_items:
        raise ValueError(f"num_categories must be between 1 and {num_items}, received {num_categories!r}")
    if not 1 <= num_interests < num_categories:
        raise ValueError(f"num_interests must be in [1, {num_categories}), received {num_interests!r}")
    if max_length < num_interests:
        raise ValueError(f"max_length must be at least {num_interests}, received {max_length!r}")
    if not 0 <= noise < 0.5:
        raise ValueError(f"noise must be in [0, 0.5), received {noise!r}")
    rng = np.random.default_rng(seed)
    category = rng.permutation(np.arange(num_items) % num_categories)
    by_category = [np.flatnonzero(category == c) + 1 for c in range(num_categories)]
    sizes = np.array([len(items) for items in by_category])
    members = np.zeros((num_categories, sizes.max()), np.int64)
    for c, items in enumerate(by_category):
        members[c, : len(items)] = items

    def item_of(c: np.ndarray) -> np.ndarray:
        return members[c, (rng.random(c.shape) * sizes[c]).astype(np.int64)].astype(np.int32)

    rows = np.arange(num_examples)[:, None]
    order = np.argsort(rng.random((num_examples, num_categories)), axis=1)
    interests = np.zeros((num_examples, num_categories), bool)
    interests[rows, order[:, :num_interests]] = True
    # The interests in turn, then at random.
    which = rng.integers(0, num_interests, (num_examples, max_length))
    which[:, :num_interests] = np.arange(num_interests)
    length = rng.integers(num_interests, max_length + 1, num_examples)
    history = np.where(np.arange(max_length) < length[:, None], item_of(order[rows, which]), 0)
    match = rng.random(num_examples) < 0.5
    place = np.where(
        match,
        rng.integers(0, num_interests, num_examples),
        rng.integers(num_interests, num_categories, num_examples),
    )
    item = item_of(order[np.arange(num_examples), place])
    probability = noise + (1 - 2 * noise) * match
    clicks = (rng.random(num_examples) < probability).astype(np.float32)
    inputs = {"item": item, "history": history.astype(np.int32)}
    return InterestClicks(inputs, clicks, probability, category, interests)
