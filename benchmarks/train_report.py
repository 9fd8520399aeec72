"""What ``benchmarks.train_step`` measured, as rows of a Markdown table and notes below it."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.train_cases import Case

NAMES = {
    "floor": "floor: the network alone",
    "recnotes": "RecNotes",
    "keras": "Keras 3, Adam",
    "deepctr": "DeepCTR",
    "rechub": "Torch-RecHub",
    "rechub-sparse": "Torch-RecHub, sparse",
    "pytorch": "PyTorch, same wiring",
}


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
