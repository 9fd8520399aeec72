"""Times a training step of RecNotes and of others: ``python -m benchmarks.train_step``.

Every library has its own environment, made by ``venv`` and ``pip`` in the user's cache folder. For each case
the same arrays go to one process a library; the processes are asked in turn for a few steps each, round by
round, so that a change of the machine's speed meets all of them. What counts is the median of all steps and
the ratios of those medians; the range of the rounds' medians says how far to trust them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.train_cases import CASES
from benchmarks.train_report import notes_of, rows_of
from benchmarks.train_workers import WORKERS, environment, measure


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
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an environment variable of all workers",
    )
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
    if wrong := [text for text in options.set if "=" not in text]:
        parser.error(f"--set must be NAME=VALUE, received {wrong[0]!r}")
    given = dict(text.split("=", 1) for text in options.set)
    for worker in wanted:
        environment(WORKERS[worker][1])
    if options.prepare:
        return
    started = time.monotonic()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| case | library | ms a step | rounds' medians | examples/s | ÷ RecNotes | to reach |")
    print("|---|---|--:|--:|--:|--:|--:|", flush=True)
    results = {}
    for case in cases:
        names = [name for name in case.workers if name in wanted]
        if not names:
            continue
        try:
            results[case.name] = measure(case, names, options.rounds, options.seconds, given)
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
