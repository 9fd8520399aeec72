"""The cards of MMoE's synthetic data give what its log holds."""

import numpy as np
import pytest

from experiments import mmoe_synthetic
from experiments.cards import mmoe_planted as module


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
