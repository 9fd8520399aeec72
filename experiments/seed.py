"""Trains one seed of a card in a process of its own: memory is freed after it, and its peak is that seed's.

Only `experiments.runner` starts it. Its standard input is a pipe from the runner: when that closes, the
runner is gone, and so this ends too.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest import mock

import recnotes
from experiments.startup import import_tensorflow
from recnotes.data import download, files

_PACKAGES = ("tensorflow", "keras", "numpy")


def main(argv: Sequence[str] | None = None) -> int:
    """Trains one seed and writes what came out to a file.

    Args:
        argv: ``CARD SEED EPOCHS FILE``, epochs 0 for the card's; None for the process's (default: None).

    Returns:
        Exit status 0.
    """
    name, seed, epochs, target = sys.argv[1:] if argv is None else argv
    threading.Thread(target=_end_with_the_runner, daemon=True).start()
    import_tensorflow()
    from experiments.cards import matching

    (card,) = matching(name)
    source = origin()
    start, busy = time.perf_counter(), time.process_time()
    with checked_files() as data:
        trial = card.run(int(seed), int(epochs) or None)
    found = {
        "seed": int(seed),
        "epoch": trial.epoch,
        "metrics": rounded(trial.metrics),
        "curve": trial.curve,
        **({"points": [rounded(point) for point in trial.points]} if trial.points else {}),
        "minutes": round((time.perf_counter() - start) / 60, 2),
        "cpu_minutes": round((time.process_time() - busy) / 60, 2),
        "peak_mb": peak_mb(),
        "data": data,
        **source,
    }
    Path(target).write_text(json.dumps(found, default=float), encoding="utf-8")
    return 0


def _end_with_the_runner() -> None:
    os.read(0, 1)  # not sys.stdin, whose lock a thread must not hold when Python exits
    os._exit(1)


@contextlib.contextmanager
def checked_files() -> Iterator[dict[str, str]]:
    """Collects the checksums of the files that loaders verify meanwhile: name → digest."""
    seen: dict[str, str] = {}
    original = files.checksum

    def checksum(path: str | os.PathLike[str], like: str) -> str:
        seen[Path(path).name.removesuffix(".part")] = digest = original(path, like)
        return digest

    with mock.patch.object(files, "checksum", checksum), mock.patch.object(download, "checksum", checksum):
        yield seen


def rounded(values: dict[str, float]) -> dict[str, float]:
    """Returns figures with six digits behind the point: more is noise of the processor."""
    return {name: round(float(value), 6) for name, value in values.items()}


def origin() -> dict[str, Any]:
    """Says which code ran on what; ``dirty`` is whether the code differed from the commit."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    changed = git("status", "--porcelain", "--", "recnotes", "experiments", ":!experiments/results")
    return {
        "commit": git("rev-parse", "--short=12", "HEAD"),
        "dirty": changed if changed is None else bool(changed),
        "versions": {
            "recnotes": recnotes.__version__,
            "python": platform.python_version(),
            **{package: version(package) for package in _PACKAGES},
        },
        "machine": f"{cpu_name()}, {cores} cores, {platform.system()}",
    }


def git(*arguments: str) -> str | None:
    """Returns what git prints, None where there is no git or no repository."""
    command = ["git", "--no-optional-locks", *arguments]
    folder = Path(__file__).resolve().parents[1]
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def cpu_name() -> str:
    """Returns the processor's name, as Linux knows it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def peak_mb() -> int:
    """Returns the largest resident size of this process so far, in MB.

    Linux hands ``ru_maxrss`` down from the process that started this one; the peak in ``/proc`` is its own.
    """
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024)
    import resource

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(size / (1024 * 1024 if sys.platform == "darwin" else 1024))


if __name__ == "__main__":
    sys.exit(main())
