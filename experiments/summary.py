"""What the runs of a card amount to: mean and spread over seeds, verdict, cost. Needs no TensorFlow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from experiments import store
from experiments.card import Card, Reference, relative_difference, verdict

Runs = Sequence[dict[str, Any]]


def figures(runs: Runs, metrics: Iterable[str]) -> dict[str, tuple[float, float | None]]:
    """Computes mean and standard deviation over the seeds.

    Args:
        runs: the runs, at least one.
        metrics: names of test metrics.

    Returns:
        Metric → its mean and its standard deviation (with n - 1), None for a single seed.

    Example:
        >>> figures([{"metrics": {"auc": 0.5}}, {"metrics": {"auc": 0.75}}], ["auc"])
        {'auc': (0.625, 0.1767766952966369)}
    """
    values = {metric: [float(run["metrics"][metric]) for run in runs] for metric in metrics}
    return {metric: (fmean(v), stdev(v) if len(v) > 1 else None) for metric, v in values.items()}


def summed_up(runs: Runs, metrics: Sequence[str], reference: Reference | None) -> dict[str, Any]:
    """Sums up the runs of a card.

    Args:
        runs: the runs, at least one.
        metrics: names of the card's test metrics; the first decides the verdict.
        reference: what the card is held against, None for nothing.

    Returns:
        ``figures``, ``minutes`` of a seed, ``cpu_hours`` of all, ``verdict`` and ``relative``, the difference
        from the reference as a share of that; the last two None where there is no reference.

    Raises:
        KeyError: a run lacks a metric or its cost.
        ValueError: there can be no verdict, see `verdict`.
    """
    found: dict[str, Any] = {
        "figures": figures(runs, metrics),
        "minutes": fmean(float(run["minutes"]) for run in runs),
        "cpu_hours": sum(float(run["cpu_minutes"]) for run in runs) / 60,
        "verdict": None,
        "relative": None,
    }
    if reference is not None:
        mean, spread = found["figures"][metrics[0]]
        found["verdict"] = verdict(metrics[0], mean, spread, reference)
        found["relative"] = relative_difference(metrics[0], mean, reference)
    return found


def on_file(card: Card, folder: Path = store.RESULTS) -> dict[str, Any] | None:
    """Sums up what is on file.

    Args:
        card: the card.
        folder: where the files are (default: store.RESULTS).

    Returns:
        What `summed_up` returns, ``seeds`` (their number), and ``current``: whether the card's settings are
        those of the runs. None where nothing is on file.

    Raises:
        ValueError: the file is damaged, or a run lacks something.
    """
    path = folder / f"{card.name}.json"
    content = store.read(path) if path.exists() else {"runs": []}
    runs = content["runs"]
    if not runs:
        return None
    try:
        found = summed_up(runs, card.metrics, card.references[0] if card.references else None)
    except KeyError as error:
        raise ValueError(f"{path}: a run lacks {error}") from error
    return {**found, "seeds": len(runs), "current": content["settings"] == store.plain(card.settings)}


def line(card: Card, found: dict[str, Any]) -> str:
    """Returns what is on file as a line of text.

    Args:
        card: the card.
        found: what `on_file` returns of it.

    Returns:
        Name, figures with what they are held against, number of seeds, minutes and verdict.
    """
    texts = []
    for metric, (mean, spread) in found["figures"].items():
        theirs = card.references[0].values.get(metric) if card.references else None
        text = f"{metric} {mean:.4f}" + (f" ± {spread:.4f}" if spread is not None else "")
        texts.append(text + (f" (held against {theirs})" if theirs is not None else ""))
    notes = [f"{found['seeds']} seeds", f"{found['minutes']:.1f} min each"]
    if found["verdict"]:
        apart = found["relative"]
        notes.append(found["verdict"] + (f" ({apart:+.1%})" if apart is not None else ""))
    if not found["current"]:
        notes.append("made with other settings than the card has now")
    return f"{card.name:24} {', '.join(texts)}; {'; '.join(notes)}"
