"""Runs a card seed after seed and keeps what came out; what was interrupted goes on with the next seed.

Within a seed nothing is kept: a seed that was killed starts again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.card import Card, relative_difference, verdict
from experiments.store import read, write

RESULTS = Path(__file__).parent / "results"
SEED = (sys.executable, "-u", "-m", "experiments.seed")


def plain(value: Any) -> Any:
    """Returns a value as JSON gives it back: lists for tuples, numbers for NumPy's."""
    return json.loads(json.dumps(value, default=float))


def run(
    card: Card,
    seeds: int | None = None,
    epochs: int | None = None,
    folder: Path = RESULTS,
    command: Sequence[str] = SEED,
) -> Path:
    """Trains the seeds that are not on file yet, each in a process of its own.

    The file is written anew after each seed, in one step. Seeds on file stay as long as the card's settings
    are the same; where they changed, the old file is kept beside the new one, in ``tries``. A run with its
    own number of epochs is no result of the card: its file goes to ``tries`` too, which git ignores.

    Args:
        card: what to run.
        seeds: how many seeds, None for the card's number (default: None).
        epochs: most epochs, None for the card's (default: None).
        folder: where the file is.
        command: what trains a seed.

    Returns:
        Path of the file.

    Raises:
        ValueError: a number is below 1, or the file on disk is damaged; it is left alone.
        RuntimeError: a seed's process failed; the seeds before it are on file.
    """
    for name, number in (("seeds", seeds), ("epochs", epochs)):
        if number is not None and number < 1:
            raise ValueError(f"{name} must be at least 1, received {number}")
    tries = folder / "tries"
    own = epochs is not None and epochs != card.settings.get("epochs")
    path = (tries if own else folder) / f"{card.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    settings = plain({**card.settings, **({"epochs": epochs} if epochs else {})})
    for seed in range(card.seeds if seeds is None else seeds):
        if any(trial["seed"] == seed for trial in on_file(path, settings)):
            continue
        print(f"{card.name}, seed {seed}", flush=True)
        trial = train(command, card.name, seed, epochs)
        runs = on_file(path, settings)  # read again: another process may have added seeds meanwhile
        if path.exists() and not runs:
            tries.mkdir(exist_ok=True)
            os.replace(path, tries / f"{card.name}.before.json")
        runs = sorted([*(r for r in runs if r["seed"] != seed), trial], key=lambda r: r["seed"])
        write(path, {"card": card.name, "settings": settings, "summary": spread(runs), "runs": runs})
        print(", ".join(f"{k} {v:.4f}" for k, v in trial["metrics"].items()), flush=True)
    return path


def train(command: Sequence[str], name: str, seed: int, epochs: int | None) -> dict[str, Any]:
    """Trains one seed in a process that ends with this one."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "seed.json")
        arguments = [*command, name, str(seed), str(epochs or 0), str(target)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (_ROOT, *_PATH)))}
        child = subprocess.Popen(arguments, stdin=subprocess.PIPE, env=environment)
        try:
            code = child.wait()
        finally:
            child.kill()
            child.wait()
            assert child.stdin is not None
            child.stdin.close()
        if code:
            raise RuntimeError(f"{name}, seed {seed}: its process ended with status {code}")
        return json.loads(target.read_text("utf-8"))


_ROOT = str(Path(__file__).resolve().parents[1])
_PATH = (os.environ.get("PYTHONPATH", ""),)


def on_file(path: Path, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the runs on file that were made with these settings."""
    if not path.exists():
        return []
    content = read(path)
    return content["runs"] if content["settings"] == settings else []


def spread(runs: Sequence[dict[str, Any]]) -> dict[str, dict[str, float | None]]:
    """Returns mean and standard deviation over the seeds of every metric, the latter with n - 1."""
    found: dict[str, dict[str, float | None]] = {}
    for metric in runs[0]["metrics"]:
        values = [run["metrics"][metric] for run in runs]
        deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
        found[metric] = {"mean": float(np.mean(values)), "std": deviation}
    return found


def summary(card: Card, folder: Path = RESULTS) -> dict[str, Any] | None:
    """Sums up what is on file.

    Args:
        card: the card.
        folder: where the files are.

    Returns:
        Mean and standard deviation (with n - 1) of each metric, verdict, relative difference, minutes; None
        where nothing is on file.

    Raises:
        ValueError: the file is damaged.
    """
    path = folder / f"{card.name}.json"
    if not path.exists():
        return None
    content = read(path)
    runs = content["runs"]
    if not runs:
        return None
    found: dict[str, Any] = {"seeds": len(runs), "minutes": float(np.mean([r["minutes"] for r in runs]))}
    found["cpu_hours"] = sum(r["cpu_minutes"] for r in runs) / 60
    found["current"] = content["settings"] == plain(card.settings)
    spreads = spread(runs)
    for metric in card.metrics:
        found[metric] = (spreads[metric]["mean"], spreads[metric]["std"])
    if card.references:
        mean, deviation = found[card.metrics[0]]
        found["verdict"] = verdict(card.metrics[0], mean, deviation, card.references[0])
        found["relative"] = relative_difference(card.metrics[0], mean, card.references[0])
    return found
