"""What a reproduction card says: data, settings, the figure it is held against, and when that is reached."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments.words import Words

Metrics = dict[str, float]
Curve = list[dict[str, float]]  # an entry a validation: "epoch", "loss", the metrics, "seconds"

# How far two figures may be apart where nobody knows their spread.
TOLERANCES = {
    "auc": 0.002,
    "p@20": 0.005,
    "mrr@20": 0.005,
    "hr@10": 0.01,
    "ndcg@10": 0.01,
    "rmse": 0.005,  # on labels of ±1: below .0054, the smallest step between two models in AFM's Frappe table
}
CLOSE = 0.1  # a tolerance says nothing about figures it could swallow: "reproduced" needs this share too
FALLS = frozenset({"log_loss", "rmse", "mse"})  # the lower the better


@dataclass(frozen=True)
class Reference:
    """Somebody else's figure.

    Attributes:
        source: where it stands: paper or study, table or file, in each language.
        values: metric → figure.
        spread: metric → standard deviation over runs, where the source gives one (ours have n - 1).
        comparable: False where data or protocol differ; then there is no verdict.
        note: what differs, or what else a reader must know; empty where nothing is to be said.
        tolerance: metric → how far off the source itself calls equal.
    """

    source: Words
    values: Mapping[str, float]
    spread: Mapping[str, float] = field(default_factory=dict)
    comparable: bool = True
    note: Words = field(default_factory=dict)
    tolerance: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """What one seed brought.

    Attributes:
        curve: one entry a validation: number of the epoch, training loss, validation metrics, seconds since
            the one before.
        epoch: the epoch that validation chose.
        metrics: test metrics at that epoch.
        points: what else the page of the family draws, a row of figures a point.
    """

    curve: Curve
    epoch: int
    metrics: Metrics
    points: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Card:
    """One row of the results pages.

    Attributes:
        name: short name, of file and command line.
        model: name of the model, as a reader knows it, and what sets this variant of it apart.
        data: name of the data set in the catalog, or "planted".
        protocol: split, candidates and metric, in a sentence of each language.
        settings: everything a run depends on but the seed.
        metrics: test metrics in the order they are shown; the first decides the verdict.
        run: trains one seed, for as many epochs as given at most (None: as the settings say).
        seeds: how many seeds a full run has.
        references: the figures it is held against.
        tuning: what was tried on validation before the settings were fixed; empty where nothing can be tuned.
        reading: why the figures are what they are, and what was tried to find out; empty where clear.
    """

    name: str
    model: Words
    data: str
    protocol: Words
    settings: Mapping[str, Any]
    metrics: tuple[str, ...]
    run: Callable[[int, int | None], Trial]
    seeds: int = 5
    references: tuple[Reference, ...] = ()
    tuning: Words = field(default_factory=dict)
    reading: Words = field(default_factory=dict)


def verdict(metric: str, ours: float, spread: float | None, reference: Reference) -> str:
    r"""Compares two figures.

    They agree where $|a - b| \le 2\sqrt{s_a^2 + s_b^2}$ with their standard deviations $s$, or by the
    source's tolerance, else the metric's, where one of the two is not known. A metric's tolerance is one
    number for large figures and small ones: where figures within it are more than a tenth of the source's
    apart, that is all the verdict says.

    Args:
        metric: name of the metric.
        ours: mean over our seeds.
        spread: standard deviation over our seeds, None for a single one.
        reference: the other figure.

    Returns:
        "reproduced", "within tolerance" (but more than a tenth apart), "above" (better than that), "not
        reproduced" or "not comparable".

    Raises:
        ValueError: the spread is unknown and the metric has no tolerance, or our figure is no number.

    Example:
        >>> from experiments.words import words
        >>> verdict("auc", 0.9850, 0.0003, Reference(words("a study"), {"auc": 0.9834}, {"auc": 0.0003}))
        'above'
        >>> verdict("auc", 0.9838, None, Reference(words("a study"), {"auc": 0.9834}))
        'reproduced'
        >>> verdict("hr@10", 0.0115, None, Reference(words("a study"), {"hr@10": 0.0152}))
        'within tolerance'
    """
    if not math.isfinite(ours):
        raise ValueError(f"ours must be finite, received {ours}")
    if not reference.comparable or metric not in reference.values:
        return "not comparable"
    figure, theirs, needed = reference.values[metric], reference.spread.get(metric), math.inf
    if spread is not None and theirs is not None:
        allowed = 2 * math.hypot(spread, theirs)
    elif metric in reference.tolerance:
        allowed = reference.tolerance[metric]
    elif metric in TOLERANCES:
        allowed, needed = TOLERANCES[metric], CLOSE * abs(figure)
    else:
        raise ValueError(f"metric must have a tolerance where a spread is unknown, received {metric!r}")
    gain = (ours - figure) * (-1 if metric in FALLS else 1)
    if abs(gain) > allowed + 1e-12:
        return "above" if gain > 0 else "not reproduced"
    return "reproduced" if abs(gain) <= needed + 1e-12 else "within tolerance"


def relative_difference(metric: str, ours: float, reference: Reference) -> float | None:
    """Returns how far ours is from the other figure, as a share of that; None where there is none to hold to.

    Args:
        metric: name of the metric.
        ours: mean over our seeds.
        reference: the other figure.

    Returns:
        Positive where ours is the larger number, be that better or worse.

    Example:
        >>> from experiments.words import words
        >>> relative_difference("hr@10", 0.0115, Reference(words("a study"), {"hr@10": 0.0152})).__round__(2)
        -0.24
    """
    theirs = reference.values.get(metric)
    return (ours - theirs) / theirs if reference.comparable and theirs else None
