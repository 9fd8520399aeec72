"""Searches what a score fusion leaves open on some users and measures what that reaches on others.

Two objectives count, and both are to be high. A form is a function of one user's list ``[L, T]`` and of one
candidate, be it weights, sizes or an exponent; it returns the list's fused scores ``[L]``. Every form gets a
grid of as many candidates, and may have the columns of a list normalized first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from recnotes import fusion
from recnotes.metrics import ndcg

Form = Callable[[np.ndarray, np.ndarray], np.ndarray]
LENGTH = 200  # movies of a user's list
SHOWN = 10
WEIGHTS = fusion.weight_grid(3, 15)  # [136, 3]
EXPONENTS = np.linspace(0, 9, len(WEIGHTS))[:, None]
SIZES = np.geomspace(SHOWN, LENGTH, 16).round().astype(int)
# All pairs of 16 sizes that do not grow, 136 too; the last stage only orders.
KEEP = np.array([(first, second, second) for first in SIZES for second in SIZES if second <= first])


class Plan(NamedTuple):
    """A form.

    Attributes:
        fuse: the function.
        candidates: what is tried, ``[C, …]``.
        normalize: what is done to the columns of each list first, once.
    """

    fuse: Form
    candidates: np.ndarray
    normalize: Callable[[np.ndarray], np.ndarray] = np.asarray


def cascaded(scores: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Turns what a cascade leaves into scores: novelty cuts first, then P(like), and P(watch) orders.

    Args:
        scores: P(watch), P(like) and novelty of a list, ``[L, 3]``.
        keep: movies that each stage keeps.

    Returns:
        Scores ``[L]``: minus the place; movies that were cut come last, all equal.

    Example:
        >>> cascaded(np.array([[0.9, 0.5, 1.0], [0.1, 0.5, 9.0], [0.2, 0.5, 8.0]]), [2, 2, 2]).tolist()
        [-3.0, -1.0, 0.0]
    """
    left = fusion.cascade(scores[:, ::-1], [int(size) for size in keep])
    fused = np.full(len(scores), -float(len(scores)))
    fused[left] = -np.arange(len(left))
    return fused


PLANS: Mapping[str, Plan] = {
    "watch": Plan(fusion.weighted_sum, np.array([[1.0, 0.0, 0.0]])),
    "weighted-sum": Plan(fusion.weighted_sum, WEIGHTS),
    "z-score": Plan(fusion.weighted_sum, WEIGHTS, fusion.z_score),
    "min-max": Plan(fusion.weighted_sum, WEIGHTS, fusion.min_max),
    "power": Plan(fusion.log_power_product, WEIGHTS),
    "price": Plan(lambda s, a: fusion.price_weighted(s[:, 0], s[:, 1], s[:, 2], float(a[0])), EXPONENTS),
    "borda": Plan(fusion.borda_count, WEIGHTS),
    "rrf": Plan(fusion.reciprocal_rank_fusion, WEIGHTS),
    "chebyshev": Plan(fusion.chebyshev, WEIGHTS, fusion.min_max),
    "cascade": Plan(cascaded, KEEP),
}
REFERENCE = PLANS["z-score"]


class Users(NamedTuple):
    """Lists of users, and what each came to watch.

    Attributes:
        scores: ``[U, L, T]``.
        relevant: for each objective bools ``[U, L + M]``: the list, then what the list misses.
    """

    scores: np.ndarray
    relevant: tuple[np.ndarray, np.ndarray]


def lists(
    scores: np.ndarray, seen: np.ndarray, relevant: tuple[np.ndarray, np.ndarray], length: int = LENGTH
) -> Users:
    """Cuts each user's list: the movies not seen yet with the highest first score.

    Args:
        scores: ``[U, N, T]``.
        seen: bools ``[U, N]``, movies that are not to be shown.
        relevant: for each objective bools ``[U, N]``.
        length: movies of a list (default: LENGTH).

    Returns:
        The lists. Relevant movies outside a list stand behind it: no fusion finds them, and the best possible
        NDCG counts them.

    Raises:
        ValueError: a user has seen so much that the list would not fill, or it is shorter than what is shown.
    """
    fewest = int((~seen).sum(axis=1).min())
    if not SHOWN <= length <= fewest:
        raise ValueError(f"length must be from {SHOWN} to {fewest}, received {length}")
    cut = np.argsort(np.where(seen, np.inf, -scores[..., 0]), axis=1, kind="stable")[:, :length]
    inside = np.take_along_axis(scores, cut[..., None], axis=1)

    def placed(mask: np.ndarray) -> np.ndarray:
        hits = np.take_along_axis(mask, cut, axis=1)
        missed = mask.sum(axis=1) - hits.sum(axis=1)
        return np.concatenate([hits, np.arange(max(1, missed.max())) < missed[:, None]], axis=1)

    return Users(inside, (placed(relevant[0]), placed(relevant[1])))


def reached(fuse: Form, candidate: np.ndarray, users: Users) -> tuple[float, float]:
    """Returns the NDCG of both objectives."""
    fused = np.stack([fuse(scores, candidate) for scores in users.scores])  # [U, L]
    behind = fused.min() - 1
    both = []
    for relevant in users.relevant:
        missed = np.full((len(fused), relevant.shape[1] - fused.shape[1]), behind)
        both.append(ndcg(np.concatenate([fused, missed], axis=1), relevant, SHOWN))
    return both[0], both[1]


def sweep(plan: Plan, users: Users) -> np.ndarray:
    """Returns the NDCG of both objectives for every candidate, ``[C, 2]``."""
    users = users._replace(scores=np.stack([plan.normalize(scores) for scores in users.scores]))
    return np.array([reached(plan.fuse, candidate, users) for candidate in plan.candidates])


def hypervolume(points: np.ndarray) -> float:
    """Returns the area that points dominate, down to (0, 0).

    Args:
        points: two objectives that are not negative, ``[n, 2]``.

    Returns:
        The area.

    Example:
        >>> hypervolume(np.array([[3.0, 1.0], [1.0, 2.0], [1.0, 1.0]]))  # 3 · 1 and 1 · 1 above it
        4.0
    """
    front = np.unique(points[fusion.pareto_front(points)], axis=0)  # from the lowest first objective on
    widths = np.diff(front[:, 0], prepend=0.0)
    return float(widths @ front[:, 1])


class Found(NamedTuple):
    """What the search on validation users is worth on test users.

    Attributes:
        chosen: number of the candidate with the highest mean of both objectives on validation users.
        front: numbers of the candidates on the front there, the best by the first objective first.
        validation: both objectives of those candidates there, ``[F, 2]``.
        test: both objectives of those candidates on test users, ``[F, 2]``.
        reached: both objectives of the chosen one on test users, ``[2]``.
    """

    chosen: int
    front: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    reached: np.ndarray


def search(plan: Plan, validation: Users, test: Users) -> Found:
    """Chooses on validation users, and measures the choice on test users."""
    values = sweep(plan, validation)
    front = np.flatnonzero(fusion.pareto_front(values))
    front = front[np.argsort(-values[front, 0], kind="stable")]
    best = int(np.argmax(values[front].mean(axis=1)))  # the highest mean of all is on the front
    measured = sweep(plan._replace(candidates=plan.candidates[front]), test)
    return Found(int(front[best]), front, values[front], measured, measured[best])
