"""The regimes on ESMM's results page: the log, its rows in both languages, and what is said of them."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments import funnel_regimes, store

ROWS = [json.loads(line) for line in funnel_regimes.LOG.read_text("utf-8").splitlines()]
PAGES = Path(__file__).parents[2] / "docs" / "results"


def both(**changes):
    return [np.array(funnel_regimes.errors(ROWS, changes, loss)) for loss in ("esmm", "clicked-only")]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_has_the_figures_of_the_log(language):
    lines = (PAGES / f"funnel-esmm.{language}.md").read_text("utf-8").splitlines()
    cells = [line.strip("| ").split(" | ")[1:] for line in lines if line.startswith("| ")]
    assert cells[1:] == funnel_regimes.table(ROWS)


@pytest.mark.parametrize("loss", funnel_regimes.LOSSES)
def test_the_first_row_is_that_of_the_card(loss):
    runs = store.read(store.RESULTS / f"funnel-{loss}.json")["runs"]
    assert [round(run["metrics"]["cvr_rmse"], 6) for run in runs] == funnel_regimes.errors(ROWS, {}, loss)


def test_what_the_page_says_of_the_regimes():
    for behind in ({"impressions": 200_000}, {"cosine": 0.0}, {"cosine": -0.9}):
        esmm, clicked = both(**behind)
        assert (esmm > clicked).all()
    for level in ({"cosine": 0.9}, {"click_bias": 0.0}, {"ids": 10}, {"ids": 50, "apart": True}):
        esmm, clicked = both(**level)
        assert abs(esmm.mean() - clicked.mean()) < min(esmm.std(ddof=1), clicked.std(ddof=1)) / 2
    assert (both(click_bias=funnel_regimes.RARE)[0] > 0.2).sum() == 3
    for ahead in ({"cosine": 0.9}, {"cosine": 0.9, "apart": True}, {"cosine": 0.0}):
        esmm, clicked = both(ids=50, **ahead)
        assert (esmm < clicked).all()
    failed = both(ids=50, cosine=-0.5)[0].max()
    assert failed == pytest.approx(0.2705, abs=5e-5)


def test_a_run_repeats():
    row = next(row for row in ROWS if row["changes"] == {"ids": 10} and row["loss"] == "esmm")
    again = funnel_regimes.measure(row["changes"], row["loss"], row["seed"])
    # Another processor rounds differently, and may choose another epoch; a twentieth is half of the spread.
    assert again["cvr_rmse"] == pytest.approx(row["cvr_rmse"], rel=0.05)


def test_the_log_goes_on_where_it_was_cut(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(funnel_regimes, "REGIMES", ({}, {"ids": 10}))
    monkeypatch.setattr(funnel_regimes, "SEEDS", 2)
    made = []

    def measured(changes, loss, seed):
        made.append((changes, loss, seed))
        return {"changes": changes, "loss": loss, "seed": seed, "epoch": 1, "cvr_rmse": 0.1 + seed}

    monkeypatch.setattr(funnel_regimes, "measure", measured)
    log = tmp_path / "log.jsonl"
    monkeypatch.setattr(sys, "argv", ["funnel_regimes", str(log)])
    funnel_regimes.main()
    whole = log.read_text("utf-8")
    assert len(made) == 8 and len(whole.splitlines()) == 8
    log.write_text(whole[:-5], "utf-8")
    funnel_regimes.main()
    assert log.read_text("utf-8") == whole and len(made) == 9
    monkeypatch.setattr(sys, "argv", ["funnel_regimes", str(log), "--summary"])
    funnel_regimes.main()
    assert '| {"ids": 10} | 0.6000 ± 0.7071 | 0.6000 ± 0.7071 | 0 |' in capsys.readouterr().out
