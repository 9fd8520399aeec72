"""The cards' words for the site, and what they make of runs on file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from experiments import texts
from experiments.card import TOLERANCES

CARD = {
    "name": "d-m",
    "family": "d",
    "model": {"en": "M", "zh": "M"},
    "data": "d",
    "protocol": {"en": "P", "zh": "协议"},
    "metrics": ["auc"],
    "seeds": 5,
    "tuning": {},
    "references": [
        {
            "source": {"en": "S", "zh": "源"},
            "values": {"auc": 0.9},
            "spread": {},
            "comparable": True,
            "note": {},
        }
    ],
}
RUN = {"seed": 0, "epoch": 1, "metrics": {"auc": 0.89}, "curve": [], "minutes": 2.0, "cpu_minutes": 3.0}


def files(folder: Path, runs: list[dict[str, object]] | None) -> tuple[Path, Path]:
    """Writes one card, with runs or without a result file."""
    (folder / "cards.json").write_text(json.dumps([CARD]))
    (folder / "results").mkdir()
    if runs is not None:
        (folder / "results" / "d-m.json").write_text(json.dumps({"settings": {}, "runs": runs}))
    return folder / "cards.json", folder / "results"


def test_the_words_on_file_are_those_of_the_cards() -> None:
    assert texts.TEXTS.read_text("utf-8") == texts.written(), "run `python -m experiments texts`"


def test_every_verdict_can_be_given_after_one_seed() -> None:
    for card in texts.read():
        for reference in card["references"][:1]:
            if reference["comparable"] and card["metrics"][0] in reference["values"]:
                assert card["metrics"][0] in {*TOLERANCES, *reference["tolerance"]}, card["name"]


def test_reading_needs_no_tensorflow() -> None:
    code = "import sys; from experiments import texts; texts.read(); assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=texts.HERE.parent)


def test_runs_give_mean_spread_verdict_and_cost(tmp_path: Path) -> None:
    second = {**RUN, "seed": 1, "metrics": {"auc": 0.91}}
    (card,) = texts.read(*files(tmp_path, [RUN, second]))
    mean, spread = card["figures"]["auc"]
    assert mean == pytest.approx(0.9) and spread == pytest.approx(0.02 / 2**0.5)
    assert card["verdict"] == "reproduced" and card["relative"] == pytest.approx(0, abs=1e-9)
    assert card["cpu_hours"] == pytest.approx(0.1)


def test_a_card_without_results_has_no_figures(tmp_path: Path) -> None:
    (card,) = texts.read(*files(tmp_path, None))
    assert card["runs"] == [] and card["figures"] == {} and card["verdict"] is None


@pytest.mark.parametrize("content", ["{", '{"runs": []}', '{"settings": {}, "runs": [{"metrics": {}}]}'])
def test_a_bad_result_is_named(tmp_path: Path, content: str) -> None:
    places = files(tmp_path, None)
    (tmp_path / "results" / "d-m.json").write_text(content)
    with pytest.raises(ValueError, match=r"results/d-m\.json"):
        texts.read(*places)
