"""What the DeepFM article says of seeds is what the experiment's log holds."""

import json
import re
from pathlib import Path

import pytest

from experiments import deepfm_seeds as experiment

ROOT = Path(__file__).resolve().parents[2]
ROWS = [json.loads(line) for line in (ROOT / "experiments/deepfm_seeds.jsonl").read_text().splitlines()]


def thirds(name: str, scale: float) -> list[str]:
    """The coefficients of one model at one scale, seeds 0 to 3, as the page rounds them."""
    runs = [row for row in ROWS if row.get("model") == name and row["scale"] == scale]
    assert [row["seed"] for row in runs] == [0, 1, 2, 3]
    return [f"{row['third']:z.1f}" for row in runs]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_article_says_what_the_log_holds(language: str) -> None:
    text = (ROOT / f"docs/interaction/deepfm/index.{language}.md").read_text("utf-8")
    paragraph = next(line for line in text.splitlines() if "experiments.deepfm_seeds" in line)
    quoted = re.findall(r"(?<![\d.])\d\.\d(?!\d)", paragraph)
    expected = [thirds(name, scale) for name, scale in experiment.PLANTED]
    assert [number for number in quoted if number != "0.1"] == sum(expected, [])
    for split in experiment.SPLITS:
        aucs = [row["auc"] for row in ROWS if row.get("split") == split]
        assert len(aucs) == 5
        low, high = f"{min(aucs):.3f}", f"{max(aucs):.3f}"
        assert re.search(rf"\| {low}\D+{high} \|", text), (split, low, high)


def test_a_run_repeats() -> None:
    first = next(row for row in ROWS if row.get("model") == "DeepFM" and row["scale"] == 0.01)
    again = experiment.planted("DeepFM", 0.01, 0)
    # Other processors round differently, and 300 steps enlarge that.
    assert again["third"] == pytest.approx(first["third"], abs=0.05)
