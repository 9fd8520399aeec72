"""Processes that each train one model with one library, in an environment of that library's own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.train_cases import Case
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

    def __init__(
        self, worker: str, folder: Path, settings: dict[str, Any], given: Mapping[str, str] | None = None
    ) -> None:
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
            env=kept | variables | dict(given or {}),
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
def running(
    case: Case, names: Sequence[str], batches: int, given: Mapping[str, str]
) -> Iterator[dict[str, Worker]]:
    """The workers of a case, each with its model built."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for key, array in case.arrays(batches).items():
            np.save(folder / f"{key}.npy", array)
        workers: dict[str, Worker] = {}
        try:
            for worker in names:
                workers[worker] = Worker(worker, folder, case.settings(), given)
                workers[worker].answer()
            yield workers
        finally:
            for started in workers.values():
                started.close()


def measure(
    case: Case, names: Sequence[str], rounds: int, seconds: float, given: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Steps of each worker, a few of each in turn, in so many rounds of about so many seconds each."""
    with running(case, names, batches=24, given=given) as workers:
        counts = {}
        for name, worker in workers.items():
            worker.run(2)  # builds and traces
            usual = float(np.median(worker.run(4)))
            counts[name] = int(np.clip(seconds / usual, 3, 20))
        for _ in range(rounds):
            for name, worker in workers.items():
                worker.steps.append(worker.run(counts[name]))
        return {name: {"rounds": w.steps, "memory": w.memory} for name, w in workers.items()}
