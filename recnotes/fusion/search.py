"""Weight search: try weights on one part of the rows, and report what the choice is worth on another."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recnotes.fusion._columns import Array, finite, matrix, number, per_column, positive_integers
from recnotes.fusion.weighted import weighted_sum


@dataclasses.dataclass(frozen=True)
class WeightSearch:
    """What a search found, and what the find is worth.

    Args:
        weights: the best candidate on the searched rows, ``[T]``.
        searched: its value there: the largest of many, hence too high.
        held_out: its value on rows that the search did not see.
        baseline_searched: value of the baseline on the searched rows.
        baseline_held_out: value of the baseline on the others.
        interval: 95 % interval of the gain over the baseline on the held-out rows, from resampled groups.
    """

    weights: Array
    searched: float
    held_out: float
    baseline_searched: float
    baseline_held_out: float
    interval: tuple[float, float]


def weight_grid(num_columns: int, steps: int) -> Array:
    r"""Lists all weights that are multiples of a step and sum to 1.

    $$
    \{w : w_k \in \{0, \tfrac1n, \dots, 1\},\; \textstyle\sum_k w_k = 1\}
    $$

    with $w$ of shape $[T]$ and $n$ steps; there are $\binom{n + T - 1}{T - 1}$ of them.

    Args:
        num_columns: number ``T`` of columns.
        steps: number of steps from 0 to 1.

    Returns:
        Candidates ``[C, T]``.

    Raises:
        ValueError: a number is not a positive integer.

    Example:
        >>> weight_grid(2, 2).tolist()
        [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]
    """
    positive_integers(num_columns=num_columns, steps=steps)
    bars = itertools.combinations(range(steps + num_columns - 1), num_columns - 1)
    edges = [(-1, *places, steps + num_columns - 1) for places in bars]
    return (np.diff(np.array(edges), axis=1) - 1) / steps


def random_weights(num_columns: int, count: int, seed: int = 0) -> Array:
    r"""Draws weights uniformly among those that are not negative and sum to 1.

    $$
    w_k = \frac{x_k}{\sum_j x_j}, \qquad x_k \sim \text{Exponential}(1)
    $$

    with $w$ of shape $[T]$. A grid of more than three or four columns has too many points; draws do not.

    Args:
        num_columns: number ``T`` of columns.
        count: number ``C`` of candidates.
        seed: decides what is drawn (default: 0).

    Returns:
        Candidates ``[C, T]``.

    Raises:
        ValueError: a number is not a positive integer.

    Example:
        >>> random_weights(3, 5).sum(axis=1).round(12).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    positive_integers(num_columns=num_columns, count=count)
    x = np.random.default_rng(seed).exponential(size=(count, num_columns))
    return x / x.sum(axis=1, keepdims=True)


# --8<-- [start:search]
def search_weights(
    scores: ArrayLike,
    objective: Callable[[Array, NDArray[np.int64]], float],
    candidates: ArrayLike,
    groups: ArrayLike | None = None,
    baseline: ArrayLike | None = None,
    fuse: Callable[[Array, Array], Array] = weighted_sum,
    held_out_share: float = 0.5,
    num_resamples: int = 200,
    seed: int = 0,
) -> WeightSearch:
    r"""Picks the candidate with the highest objective on one part and measures it on the other.

    $$
    w^\star = \arg\max_{w \in C} J_{\text{searched}}(w), \qquad
    \text{gain} = J_{\text{held out}}(w^\star) - J_{\text{held out}}(w^0)
    $$

    with weights $w$ of shape $[T]$, the baseline $w^0$ and an objective $J$ of the fused scores. Groups, say
    users, are split and resampled whole: rows of one user on both sides would tell the search about the
    other part. The interval takes $w^\star$ as given.

    Args:
        scores: one column an objective, ``[B, T]``.
        objective: called on fused scores ``[n]`` and their rows ``[n]``, returns a number to be made large.
            A row that was drawn twice comes twice.
        candidates: weights to try, ``[C, T]``, see `weight_grid` and `random_weights`.
        groups: the group of each row, ``[B]``, None for rows by themselves (default: None).
        baseline: weights to compare with, ``[T]``, None for equal ones (default: None).
        fuse: function of scores and weights (default: weighted_sum).
        held_out_share: share of the groups that the search does not see (default: 0.5).
        num_resamples: resamples behind the interval (default: 200).
        seed: decides split and resamples (default: 0).

    Returns:
        A `WeightSearch`.

    Raises:
        ValueError: a shape does not fit, a value is NaN or infinite, the objective's too, or a part would be
            empty.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> s = rng.normal(size=(400, 2))
        >>> found = search_weights(s, lambda f, rows: np.corrcoef(f, s[rows, 0])[0, 1], weight_grid(2, 4))
        >>> found.weights.tolist(), found.interval[0] > 0
        ([1.0, 0.0], True)

    References:
        Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, https://doi.org/10.1201/9780429246593,
        for the percentile interval.
    """
    s, tried = matrix(scores), matrix(candidates, "candidates")
    if not len(tried) or tried.shape[1] != s.shape[1]:
        raise ValueError(f"candidates must have shape [C, {s.shape[1]}], received {tried.shape}")
    g = np.arange(len(s)) if groups is None else np.asarray(groups)
    if g.shape != s.shape[:1]:
        raise ValueError(f"groups must have shape [{len(s)}], received {g.shape}")
    try:
        names, group = np.unique(g, return_inverse=True)
    except TypeError:
        raise ValueError(f"groups must be of one type, received {groups!r}") from None
    if g.dtype.kind == "f":
        finite("groups", g)
    num_held_out = round(number("held_out_share", held_out_share) * len(names))
    if not 0 < num_held_out < len(names):
        raise ValueError(
            f"held_out_share must leave both parts a group of {len(names)}, received {held_out_share!r}"
        )
    positive_integers(num_resamples=num_resamples)
    rng = np.random.default_rng(seed)
    members = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    order = rng.permutation(len(names))
    outside, inside = order[:num_held_out], order[num_held_out:]

    def value(weights: Array, chosen: NDArray[np.int64]) -> float:
        rows = np.concatenate([members[i] for i in chosen])
        return number("objective", objective(fuse(s[rows], weights), rows))

    equal = np.full(s.shape[1], 1 / s.shape[1])
    start = equal if baseline is None else per_column("baseline", baseline, s)
    values = [value(w, inside) for w in tried]
    best = tried[int(np.argmax(values))]
    gains = []
    for _ in range(num_resamples):
        again = rng.choice(outside, size=num_held_out)
        gains.append(value(best, again) - value(start, again))
    low, high = np.quantile(gains, [0.025, 0.975])
    return WeightSearch(
        weights=best,
        searched=max(values),
        held_out=value(best, outside),
        baseline_searched=value(start, inside),
        baseline_held_out=value(start, outside),
        interval=(float(low), float(high)),
    )


# --8<-- [end:search]
