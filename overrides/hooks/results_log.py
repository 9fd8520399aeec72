"""A card's log: what its runs printed, from the curves on file."""

from __future__ import annotations

from typing import Any

from results_words import say


def log(card: dict[str, Any], language: str) -> str:
    """Every validation of every seed, a line each, folded; empty where no run has a curve."""
    lines: list[str] = []
    for run in card["runs"]:
        if not run["curve"]:
            continue
        names = list(run["curve"][0])
        rows = [names, *([f"{entry[name]:g}" for name in names] for entry in run["curve"])]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines.append(f"{say('seed', language)} {run['seed']}")
        lines += ["  ".join(map(str.rjust, row, widths)) for row in rows]
    text = "\n    ".join(lines)
    return f'??? note "{say("log", language)}"\n\n    ```text\n    {text}\n    ```' if lines else ""
