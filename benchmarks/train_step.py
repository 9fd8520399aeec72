"""Times a training step of RecNotes and of others: ``python -m benchmarks.train_step``.

Every library has its own environment, made by ``venv`` and ``pip`` in the user's cache folder. For each case
the same arrays go to one process a library; the processes are asked in turn for a few steps each, round by
round, so that a change of the machine's speed meets all of them. What counts is the median of all steps and
the ratios of those medians; the range of the rounds' medians says how far to trust them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import data
from benchmarks.workers.protocol import heard
from recnotes.data.download import cache_folder

ROOT = Path(__file__).resolve().parents[1]
TORCH = ("torch-rechub==0.9.0", "torch==2.13.0")
DEEPCTR = ("deepctr==0.9.4", "tensorflow==2.21.0", "tf-keras==2.21.0")
# Module and requirements; without any it runs in the environment of RecNotes.
WORKERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "floor": ("of_recnotes", ()),
    "recnotes": ("of_recnotes", ()),
    "keras": ("of_keras", ()),
    "deepctr": ("of_deepctr", DEEPCTR),
    "rechub": ("of_rechub", TORCH),
    "rechub-sparse": ("of_rechub", TORCH),
    "pytorch": ("of_pytorch", TORCH),
}
NAMES = {
    "floor": "floor: the network alone",
    "recnotes": "RecNotes",
    "keras": "Keras 3, Adam",
    "deepctr": "DeepCTR",
    "rechub": "Torch-RecHub",
    "rechub-sparse": "Torch-RecHub, sparse",
    "pytorch": "PyTorch, same wiring",
}


@dataclass(frozen=True)
class Case:
    """A model at a size, who trains it, and the least ratios of their step times to that of RecNotes."""

    name: str
    kind: str
    model: str
    total: int
    workers: tuple[str, ...]
    goals: dict[str, float] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """What a worker needs to know."""
        shared = {"name": self.name, "kind": self.kind, "model": self.model}
        if self.kind == "ctr":
            # AFM's pairs are those of the categorical fields in DeepCTR, so both get only these.
            dense = 0 if self.model == "afm" else data.DENSE
            sizes = data.field_sizes(self.total)
            return shared | {"sizes": sizes, "dense": dense, "width": 16, "hidden": [400] * 3, "batch": 2048}
        if self.kind == "behavior":
            widths = {"width": 16, "hidden": [200, 80], "attention": [80, 40]}
            return shared | widths | {"items": self.total, "users": 10_000, "length": 50, "batch": 1024}
        return shared | {"items": self.total, "length": 200, "width": 50, "batch": 128}

    def arrays(self, batches: int) -> dict[str, np.ndarray]:
        """The data of so many batches."""
        made = self.settings()
        if self.kind == "ctr":
            return data.criteo(made["sizes"], made["dense"], batches * made["batch"])
        if self.kind == "behavior":
            return data.behavior(made["items"], made["users"], made["length"], batches * made["batch"])
        return data.sequences(made["items"], made["length"], batches * made["batch"])


ALL = ("floor", "recnotes", "keras", "deepctr", "rechub", "rechub-sparse")
AHEAD = {"rechub": 1.0, "rechub-sparse": 1.0}
CASES = [
    Case("DeepFM 100k", "ctr", "deepfm", 100_000, ALL, {"deepctr": 1.9, **AHEAD, "floor": 1 / 2.1}),
    Case("DeepFM 1M", "ctr", "deepfm", 1_000_000, ALL, {"deepctr": 2.4, **AHEAD, "floor": 1 / 2.1}),
    Case("DeepFM 10M", "ctr", "deepfm", 10_000_000, ALL, {"deepctr": 20.0, **AHEAD, "floor": 1 / 2.1}),
    *(
        Case(f"{model.upper()} 1M", "ctr", model, 1_000_000, ("recnotes", "deepctr"), {"deepctr": 2.0})
        for model in ("dcn", "afm", "pnn", "nfm")
    ),
    *(
        Case(f"DIN {name}", "behavior", "din", items, ("recnotes", "deepctr", "rechub"), goals)
        for name, items, goals in (
            ("100k", 100_000, {"deepctr": 3.0, "rechub": 3.0}),
            ("5M", 5_000_000, {"deepctr": 3.0, "rechub": 3.0}),
        )
    ),
    Case("SASRec", "sequence", "sasrec", 3416, ("recnotes", "pytorch"), {"pytorch": 1.0}),
]


def environment(requirements: Sequence[str]) -> str:
    """The Python that has these packages, made at the first time."""
    if not requirements:
        return sys.executable
    label = requirements[0].split("==")[0]
    digest = hashlib.sha256("\n".join([*requirements, sys.version]).encode()).hexdigest()[:10]
    folder = cache_folder() / "benchmarks" / f"{label}-{digest}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / "complete").exists():
        print(f"making an environment with {', '.join(requirements)}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *requirements], check=True)
        (folder / "complete").touch()
    return str(python)


class Worker:
    """A running process that trains one model."""

    def __init__(self, worker: str, folder: Path, settings: dict[str, Any]) -> None:
        module, requirements = WORKERS[worker]
        self.steps: list[list[float]] = []
        self.memory = 0
        path = folder / f"{worker}.json"
        path.write_text(json.dumps(settings | {"worker": worker}), encoding="utf-8")
        variables = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"}
        if worker == "deepctr":
            variables["TF_USE_LEGACY_KERAS"] = "1"
        kept = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
        self.log = tempfile.TemporaryFile(mode="w+", dir=folder)
        self.process = subprocess.Popen(
            [environment(requirements), "-m", f"benchmarks.workers.{module}", str(path), str(folder)],
            cwd=ROOT,
            env=kept | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def answer(self) -> dict[str, Any]:
        """Its next answer; what it wrote to its log where it has ended instead."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if (said := heard(line)) is not None:
                return said
        self.log.seek(0)
        raise RuntimeError(f"a worker ended early:\n{self.log.read()[-2000:]}")

    def run(self, steps: int) -> list[float]:
        """Have it take some steps."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        said = self.answer()
        self.memory = int(said["memory"])
        return said["steps"]

    def close(self) -> None:
        """End it."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()


@contextmanager
def running(case: Case, names: Sequence[str], batches: int) -> Iterator[dict[str, Worker]]:
    """The workers of a case, each with its model built."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for key, array in case.arrays(batches).items():
            np.save(folder / f"{key}.npy", array)
        workers: dict[str, Worker] = {}
        try:
            for worker in names:
                workers[worker] = Worker(worker, folder, case.settings())
                workers[worker].answer()
            yield workers
        finally:
            for started in workers.values():
                started.close()


def measure(case: Case, names: Sequence[str], rounds: int, seconds: float) -> dict[str, dict[str, Any]]:
    """Steps of each worker, a few of each in turn, in so many rounds of about so many seconds each."""
    with running(case, names, batches=24) as workers:
        counts = {}
        for name, worker in workers.items():
            worker.run(2)  # builds and traces
            usual = float(np.median(worker.run(4)))
            counts[name] = int(np.clip(seconds / usual, 3, 20))
        for _ in range(rounds):
            for name, worker in workers.items():
                worker.steps.append(worker.run(counts[name]))
        return {name: {"rounds": w.steps, "memory": w.memory} for name, w in workers.items()}


def summary(result: dict[str, dict[str, Any]]) -> dict[str, tuple[float, float, float]]:
    """Median, and least and largest median of a round, in milliseconds."""
    table = {}
    for name, found in result.items():
        medians = [1e3 * float(np.median(steps)) for steps in found["rounds"]]
        table[name] = (1e3 * float(np.median(np.concatenate(found["rounds"]))), min(medians), max(medians))
    return table


def rows_of(case: Case, result: dict[str, dict[str, Any]]) -> list[str]:
    """Rows of the Markdown table."""
    times = summary(result)
    batch = case.settings()["batch"]
    rows = []
    for name, (median, least, most) in times.items():
        ratio, goal = "", ""
        if name != "recnotes" and "recnotes" in times:
            ratio = f"{median / times['recnotes'][0]:.2f}"
            goal = f"≥ {case.goals[name]:.2f}" if name in case.goals else ""
        speed = f"{1e3 * batch / median:,.0f}"
        cells = [case.name, NAMES[name], f"{median:.1f}", f"{least:.1f}–{most:.1f}", speed, ratio, goal]
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def notes_of(results: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
    """What is compared across cases: the largest table with the smallest, and memory."""
    notes = []
    small, large = results.get("DeepFM 100k", {}), results.get("DeepFM 10M", {})
    if "recnotes" in small and "recnotes" in large:
        ratio = summary(large)["recnotes"][0] / summary(small)["recnotes"][0]
        notes.append(f"- DeepFM's step at 10M rows takes {ratio:.2f} × that at 100k (to reach: ≤ 1.15).")
    if "recnotes" in large:
        weights = 10_000_000 * (16 + 1) * 4
        used = large["recnotes"]["memory"]
        notes.append(
            f"- DeepFM at 10M rows: {used / 2**30:.2f} GiB at most above a process that only imports "
            f"TensorFlow, {used / weights:.2f} × the tables' weights (to reach: ≤ 3.2; weights and two "
            "slots are 3)."
        )
    return notes


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train_step", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--cases", default="", help="parts of cases' names, comma-separated (default: all)")
    parser.add_argument(
        "--workers", default=",".join(WORKERS), help="workers, comma-separated (default: all)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default: 5)")
    parser.add_argument(
        "--seconds", type=float, default=0.8, help="seconds a worker and round (default: 0.8)"
    )
    parser.add_argument("--prepare", action="store_true", help="only make the environments")
    parser.add_argument("--json", type=Path, help="a file for the time of every step")
    options = parser.parse_args(arguments)
    wanted = options.workers.split(",")
    if unknown := set(wanted) - set(WORKERS):
        parser.error(f"--workers must be among {', '.join(WORKERS)}, received {', '.join(sorted(unknown))}")
    parts = [part.strip().lower() for part in options.cases.split(",") if part.strip()]
    cases = [case for case in CASES if not parts or any(part in case.name.lower() for part in parts)]
    if not cases:
        parser.error(
            f"--cases must name some of {', '.join(c.name for c in CASES)}, received {options.cases!r}"
        )
    for worker in wanted:
        environment(WORKERS[worker][1])
    if options.prepare:
        return
    started = time.monotonic()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| case | library | ms a step | rounds' medians | examples/s | ÷ RecNotes | to reach |")
    print("|---|---|--:|--:|--:|--:|--:|", flush=True)
    results: dict[str, dict[str, dict[str, Any]]] = {}
    for case in cases:
        names = [name for name in case.workers if name in wanted]
        if not names:
            continue
        try:
            results[case.name] = measure(case, names, options.rounds, options.seconds)
        except RuntimeError as error:
            print(f"| {case.name} | failed | | | | | |", flush=True)
            print(error, file=sys.stderr)
            continue
        print("\n".join(rows_of(case, results[case.name])), flush=True)
    print(
        "\n" + "\n".join([*notes_of(results), f"- {(time.monotonic() - started) / 60:.1f} minutes in all."])
    )
    if options.json:
        options.json.write_text(json.dumps(results), encoding="utf-8")


if __name__ == "__main__":
    main()
