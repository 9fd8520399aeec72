"""How a worker talks: a line of JSON for each line it is given, so that several can be measured in turn.

A worker is started as ``python -m benchmarks.workers.NAME CASE.json FOLDER``, where the folder holds the
arrays. It imports nothing of this repository but this file, since its environment has another library.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

MARK = "@@ "
Run = Callable[[int], list[float]]


def peak_memory() -> int:
    """Largest resident memory of this process so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # the other figure starts at what the parent had
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def say(**what: Any) -> None:
    """Write one marked line, apart from whatever a library prints."""
    print(MARK + json.dumps(what), flush=True)


def heard(line: str) -> dict[str, Any] | None:
    """What such a line says, None for any other line."""
    return json.loads(line.removeprefix(MARK)) if line.startswith(MARK) else None


def arrays_in(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of a folder by name."""
    return {path.stem: np.load(path) for path in sorted(folder.glob("*.npy"))}


def serve(build: Callable[[Mapping[str, Any], dict[str, np.ndarray]], Run]) -> None:
    """Build the model, then run as many steps as each line asks for, until there are no more lines."""
    before = peak_memory()
    started = time.monotonic()
    case = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    run = build(case, arrays_in(Path(sys.argv[2])))
    say(seconds=time.monotonic() - started)
    for line in sys.stdin:
        say(steps=run(int(line)), memory=peak_memory() - before)


def fit_runner(model: Any, keras: Any, x: Any, y: Any, batch: int) -> Run:
    """Train by ``model.fit`` and take the time from the end of one batch to the end of the next."""
    count = len(next(iter(x.values()))) // batch
    ends: list[float] = []

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            ends.append(time.perf_counter())

    place = 0

    def run(steps: int) -> list[float]:
        nonlocal place
        ends.clear()
        while len(ends) <= steps:
            first = place % count
            part = min(count - first, steps + 1 - len(ends))
            rows = slice(first * batch, (first + part) * batch)
            chunk = {name: value[rows] for name, value in x.items()}
            target = None if y is None else y[rows]
            model.fit(chunk, target, batch_size=batch, shuffle=False, verbose=0, callbacks=[Clock()])
            place += part
        return np.diff(ends).tolist()

    return run


def step_runner(step: Callable[[int], None], count: int) -> Run:
    """Take the time of single calls, one batch each."""
    place = 0

    def run(steps: int) -> list[float]:
        nonlocal place
        times = []
        for _ in range(steps):
            started = time.perf_counter()
            step(place % count)
            times.append(time.perf_counter() - started)
            place += 1
        return times

    return run
