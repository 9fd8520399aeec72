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

from experiments import store, summary
from experiments.card import Card
from experiments.store import RESULTS

ROOT = Path(__file__).resolve().parents[1]
SEED = (sys.executable, "-u", "-m", "experiments.seed")


def run(
    card: Card,
    seeds: int | None = None,
    epochs: int | None = None,
    folder: Path = RESULTS,
    command: Sequence[str] = SEED,
) -> Path:
    """Trains the seeds that are not on file yet, each in a process of its own.

    The file is written anew after each seed, in one step. Seeds on file stay as long as the card's settings
    are the same; where they changed, the old file is kept in ``tries``. A run with its own number of epochs
    is no result of the card: its file goes to ``tries`` too, which git ignores.

    Args:
        card: what to run.
        seeds: how many seeds, None for the card's number (default: None).
        epochs: most epochs, None for the card's (default: None).
        folder: where the file is (default: RESULTS).
        command: what trains a seed (default: SEED).

    Returns:
        Path of the file.

    Raises:
        ValueError: a number is below 1, or the file on disk is damaged; it is left alone.
        RuntimeError: a seed's process failed; the seeds before it are on file.
    """
    for name, number in (("seeds", seeds), ("epochs", epochs)):
        if number is not None and number < 1:
            raise ValueError(f"{name} must be at least 1, received {number}")
    own = epochs is not None and epochs != card.settings.get("epochs")
    path = (folder / "tries" if own else folder) / f"{card.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    settings = store.plain({**card.settings, **({"epochs": epochs} if epochs else {})})
    wanted = range(card.seeds if seeds is None else seeds)
    done = {trial["seed"] for trial in on_file(path, settings)}
    if done.issuperset(wanted):
        print(f"{card.name}: all {len(wanted)} seeds are on file", flush=True)
    for seed in wanted:
        if any(trial["seed"] == seed for trial in on_file(path, settings)):
            continue
        print(f"{card.name}, seed {seed}", flush=True)
        trial = train(command, card.name, seed, epochs)
        keep(path, folder / "tries", card.name, settings, trial)
        print(", ".join(f"{k} {v:.4f}" for k, v in trial["metrics"].items()), flush=True)
    return path


def on_file(path: Path, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the runs on file that were made with these settings."""
    if not path.exists():
        return []
    content = store.read(path)
    return content["runs"] if content["settings"] == settings else []


def train(command: Sequence[str], name: str, seed: int, epochs: int | None) -> dict[str, Any]:
    """Trains one seed in a process that ends with this one.

    Args:
        command: what trains a seed.
        name: name of the card.
        seed: the seed.
        epochs: most epochs, None for the card's.

    Returns:
        The run, as it stands on file.

    Raises:
        RuntimeError: the process failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "seed.json")
        arguments = [*command, name, str(seed), str(epochs or 0), str(target)]
        places = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, "PYTHONPATH": places}
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


def keep(path: Path, tries: Path, name: str, settings: dict[str, Any], trial: dict[str, Any]) -> None:
    """Puts a run on file beside those that were made with the same settings.

    Args:
        path: path of the file.
        tries: where a file of other settings is kept.
        name: name of the card.
        settings: the settings of the run.
        trial: the run.

    Raises:
        ValueError: the file was damaged while the seed was trained; the run stands in ``tries`` then.
    """

    def content(runs: list[dict[str, Any]]) -> dict[str, Any]:
        figures = summary.figures(runs, runs[0]["metrics"])
        spread = {metric: {"mean": mean, "std": std} for metric, (mean, std) in figures.items()}
        return {"card": name, "settings": settings, "summary": spread, "runs": runs}

    with store.alone(path.parent):
        try:
            runs = on_file(path, settings)  # read again: another process may have added seeds meanwhile
        except ValueError as error:
            rescued = tries / f"{name}.seed-{trial['seed']}.json"
            tries.mkdir(exist_ok=True)
            store.write(rescued, content([trial]))
            raise ValueError(f"{error}; the seed just trained is kept in {rescued}") from error
        if path.exists() and not runs:
            store.set_aside(path, tries)
        others = (run for run in runs if run["seed"] != trial["seed"])
        store.write(path, content(sorted([*others, trial], key=lambda run: run["seed"])))
