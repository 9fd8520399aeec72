"""ESMM against the tower of clicked rows under other funnels than the card's, and other features.

One JSON line a run goes to the file named; runs already there are skipped. Repeat the log's 200 runs in a new
file, about 20 minutes of one core:

    TF_ENABLE_ONEDNN_OPTS=0 python -m experiments.funnel_regimes again.jsonl

Print the rows of the table on the results page:

    python -m experiments.funnel_regimes experiments/funnel_regimes.jsonl --summary
"""

from __future__ import annotations

import argparse
import itertools
import json
import pathlib
from typing import Any

import numpy as np

from experiments.cards.funnel_esmm import LOSSES, SETTINGS, run

LOG = pathlib.Path(__file__).with_suffix(".jsonl")
SEEDS = 5
SLOW = {"decay": 1.0, "patience": 8, "epochs": 60}  # the rate stays, and training waits for longer
RARE = -4.0  # bias of the click's logit: 4.5 % clicks in place of 19 %
REGIMES: tuple[dict[str, Any], ...] = (
    {},
    {"impressions": 200_000},
    {"click_bias": 0.0},
    {"cosine": 0.9},
    {"cosine": 0.0},
    {"cosine": -0.9},
    {"click_bias": RARE},
    SLOW,
    {**SLOW, "cosine": -0.9},
    {**SLOW, "click_bias": RARE},
    {"ids": 10},
    {"ids": 50},
    {"ids": 50, "apart": True},
    {"ids": 50, "cosine": 0.9},
    {"ids": 50, "cosine": 0.9, "apart": True},
    {"ids": 50, "cosine": 0.0},
    {"ids": 50, "cosine": -0.5},
    {"ids": 50, "cosine": 0.9, "click_bias": RARE},
    {"ids": 1000, "cosine": 0.9},
    {"ids": 1000, "cosine": 0.9, "apart": True},
)
Row = dict[str, Any]


def measure(changes: dict[str, Any], loss: str, seed: int) -> Row:
    """Trains one run: the error of the conversion rate on all impressions, and the epoch chosen."""
    trial = run(LOSSES[loss], {**SETTINGS, **changes}, seed, None)
    error = round(trial.metrics["cvr_rmse"], 6)
    return {"changes": changes, "loss": loss, "seed": seed, "epoch": trial.epoch, "cvr_rmse": error}


def errors(rows: list[Row], changes: dict[str, Any], loss: str) -> list[float]:
    """Returns the errors of one regime, seed after seed."""
    mine = [row for row in rows if row["changes"] == changes and row["loss"] == loss]
    return [row["cvr_rmse"] for row in sorted(mine, key=lambda row: row["seed"])]


def table(rows: list[Row]) -> list[list[str]]:
    """Returns the page's cells: mean ± standard deviation (n - 1) of both, seeds that ESMM wins."""
    cells = []
    for changes in REGIMES:
        both = [errors(rows, changes, loss) for loss in LOSSES]
        wins = sum(esmm < clicked for esmm, clicked in zip(*both, strict=True))
        cells.append([*(f"{np.mean(each):.4f} ± {np.std(each, ddof=1):.4f}" for each in both), str(wins)])
    return cells


def main() -> None:
    """Runs what is missing, or prints the summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("log", type=pathlib.Path)
    parser.add_argument("--summary", action="store_true")
    options = parser.parse_args()
    text = options.log.read_text("utf-8") if options.log.exists() else ""
    whole = text[: text.rfind("\n") + 1]  # a killed run may leave half a line behind it
    rows = [json.loads(line) for line in whole.splitlines()]
    if options.summary:
        for changes, cells in zip(REGIMES, table(rows), strict=True):
            print(f"| {json.dumps(changes)} | {' | '.join(cells)} |")
        return
    if whole != text:
        options.log.write_text(whole, "utf-8")
    for seed, changes, loss in itertools.product(range(SEEDS), REGIMES, LOSSES):
        if not any(row["seed"] == seed and (row["changes"], row["loss"]) == (changes, loss) for row in rows):
            with options.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(measure(changes, loss, seed)) + "\n")


if __name__ == "__main__":
    main()
