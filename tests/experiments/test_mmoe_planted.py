"""The cards of MMoE's synthetic data give what its log holds."""

from pathlib import Path

import numpy as np
import pytest

from experiments import mmoe_synthetic, texts
from experiments.cards import mmoe_planted as module

PAGES = Path(__file__).parents[2] / "docs" / "results"


@pytest.mark.parametrize("card", module.CARDS, ids=lambda card: card.name)
def test_a_card_gives_the_logs_means(card):
    rows = list(module.logged().values())
    trials = [card.run(seed, None).metrics for seed in range(card.seeds)]
    for cosine in mmoe_synthetic.COSINES:
        expected = mmoe_synthetic.unexplained(rows, card.run.args[0], cosine, card.settings["rate"])
        np.testing.assert_allclose([trial[module.metric(cosine)] for trial in trials], expected)


def test_a_seed_that_is_not_in_the_log_is_trained(monkeypatch):
    asked = []

    class Trainer:
        def measure(self, cosine, rate, seed):
            asked.append((cosine, rate, seed))
            return {"unexplained": [0.01, 0.03], "cpu_seconds": 1.0}

    monkeypatch.setattr(module, "trainer", lambda model: Trainer())
    trial = module.CARDS[0].run(8, None)
    assert asked == [(cosine, 0.01, 8) for cosine in mmoe_synthetic.COSINES]
    assert set(trial.metrics.values()) == {2.0}


def figures(rate: float, cosine: float) -> list[str]:
    """The cells of the page's table: medians, and the runs in which MMoE leaves less than the others."""
    on_file = {card["name"]: card for card in texts.read()}
    left = {}
    for card in module.CARDS:
        if card.settings["rate"] == rate:
            runs = sorted(on_file[card.name]["runs"], key=lambda run: run["seed"])
            left[card.run.args[0]] = np.array([run["metrics"][module.metric(cosine)] for run in runs])
    mmoe = left.pop("MMoE")
    assert {len(values) for values in left.values()} == {len(mmoe)} == {50}
    medians = [np.median(left[name]) for name in ("SharedBottom", "Single", "OMoE")]
    fewer = [int((mmoe < left[name]).sum()) for name in ("SharedBottom", "Single", "OMoE")]
    return [f"{value:.2f}" for value in (*medians, np.median(mmoe))] + [str(count) for count in fewer]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_has_the_figures_of_the_files(language):
    lines = (PAGES / f"mmoe-planted.{language}.md").read_text("utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| 0.0")]
    assert len(rows) == 8
    for rate, cosine, *cells in rows:
        assert cells == figures(float(rate), float(cosine))
    article = (PAGES.parent / "multitask" / "mmoe" / f"index.{language}.md").read_text("utf-8")
    for rate in ("0.001", "0.01"):
        counts = [row[-1] for row in rows if row[0] == rate]
        joined = "{}, {}, {} and {}" if language == "en" else "{}、{}、{}、{}"
        assert joined.format(*counts) in article
