"""Runs a card seed after seed and keeps what came out; what was interrupted goes on where it stopped."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import recnotes
from experiments.card import Card, verdict

RESULTS = Path(__file__).parent / "results"
_PACKAGES = ("tensorflow", "keras", "numpy")


def plain(value: Any) -> Any:
    """Returns a value as JSON gives it back: lists for tuples, numbers for NumPy's."""
    return json.loads(json.dumps(value, default=float))


def run(card: Card, seeds: int | None = None, epochs: int | None = None, folder: Path = RESULTS) -> Path:
    """Trains the seeds that are not on file yet.

    The file is written anew after each seed, in one step. Seeds that are on file stay as long as the card's
    settings are the same; where they changed, the old file is replaced.

    Args:
        card: what to run.
        seeds: how many seeds, None for the card's number (default: None).
        epochs: most epochs, None for the card's (default: None).
        folder: where the file is.

    Returns:
        Path of the file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{card.name}.json"
    settings = plain({**card.settings, **({"epochs": epochs} if epochs else {})})
    runs: list[dict[str, Any]] = []
    if path.exists():
        old = json.loads(path.read_text("utf-8"))
        runs = old["runs"] if old["settings"] == settings else []
    done = {trial["seed"] for trial in runs}
    for seed in range(card.seeds if seeds is None else seeds):
        if seed in done:
            continue
        print(f"{card.name}, seed {seed}", flush=True)
        start, busy = time.perf_counter(), time.process_time()
        trial = card.run(seed, epochs)
        runs.append(
            plain(
                {
                    "seed": seed,
                    "epoch": trial.epoch,
                    "metrics": rounded(trial.metrics),
                    "curve": [rounded(entry) for entry in trial.curve],
                    "minutes": round((time.perf_counter() - start) / 60, 2),
                    "cpu_minutes": round((time.process_time() - busy) / 60, 2),
                    "peak_mb": peak_mb(),
                    **origin(),
                }
            )
        )
        write(path, {"card": card.name, "settings": settings, "runs": runs})
        print(", ".join(f"{k} {v:.4f}" for k, v in trial.metrics.items()), flush=True)
    return path


def rounded(values: dict[str, float]) -> dict[str, float]:
    """Returns figures with six digits behind the point: more is noise of the processor."""
    return {name: round(float(value), 6) for name, value in values.items()}


def origin() -> dict[str, Any]:
    """Says which code ran on what."""
    commit = ""
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        command = ["git", "rev-parse", "--short=12", "HEAD"]
        commit = subprocess.run(
            command, cwd=RESULTS.parent, capture_output=True, text=True, check=True
        ).stdout.strip()
    return {
        "commit": commit,
        "versions": {
            "recnotes": recnotes.__version__,
            "python": platform.python_version(),
            **{p: version(p) for p in _PACKAGES},
        },
        "machine": f"{cpu_name()}, {len(os.sched_getaffinity(0))} cores, {platform.system()}",
    }


def cpu_name() -> str:
    """Returns the processor's name, as Linux knows it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def peak_mb() -> int:
    """Returns the largest resident size of this process so far, in MB."""
    import resource

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(size / (1 if sys.platform == "darwin" else 1024) / (1024 if sys.platform == "darwin" else 1))


def write(path: Path, content: dict[str, Any]) -> None:
    """Writes JSON in one step: whoever reads the file sees the old one or the new one."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        json.dump(content, file, indent=1)
        file.write("\n")
    os.replace(file.name, path)


def summary(card: Card, folder: Path = RESULTS) -> dict[str, Any] | None:
    """Sums up what is on file.

    Args:
        card: the card.
        folder: where the files are.

    Returns:
        Mean and standard deviation of each metric, verdict, minutes; None where nothing is on file.
    """
    path = folder / f"{card.name}.json"
    if not path.exists():
        return None
    runs = json.loads(path.read_text("utf-8"))["runs"]
    found: dict[str, Any] = {"seeds": len(runs), "minutes": float(np.mean([r["minutes"] for r in runs]))}
    found["cpu_hours"] = sum(r["cpu_minutes"] for r in runs) / 60
    for metric in card.metrics:
        values = [r["metrics"][metric] for r in runs]
        found[metric] = (
            float(np.mean(values)),
            float(np.std(values, ddof=1)) if len(values) > 1 else None,
        )
    if card.references:
        found["verdict"] = verdict(card.metrics[0], *found[card.metrics[0]], card.references[0])
    return found
