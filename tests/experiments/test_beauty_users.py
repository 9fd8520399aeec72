"""Held-out users stay out of training; diversity and recall are what they are called."""

import numpy as np

from experiments.cards import beauty_users as cards
from recnotes.data.sequences import Sequences
from recnotes.models import ComiRecSA


def rows():
    rng = np.random.default_rng(0)
    return Sequences([rng.permutation(120)[: rng.integers(5, 12)] + 1 for _ in range(50)])


def test_users_are_in_one_part_and_items_are_cut_once():
    parts = cards.split(rows(), 120, np.arange(121) % 5)
    assert [len(parts.train), len(parts.validation.history), len(parts.test.rest)] == [40, 5, 5]
    for part in (parts.validation, parts.test):
        assert (part.rest.lengths >= 1).all()
        assert (part.history.lengths == ((part.history.lengths + part.rest.lengths) * 0.8).astype(int)).all()
    lengths = [
        parts.train.lengths,
        *(p.history.lengths + p.rest.lengths for p in (parts.validation, parts.test)),
    ]
    assert sorted(np.concatenate(lengths)) == sorted(rows().lengths)


def test_diversity_buys_recall_off():
    parts = cards.split(rows(), 120, np.arange(121) % 5)
    model = ComiRecSA(120, 8, max_length=10, embedding_stddev=1.0, seed=0)
    model.build(None)
    found = cards.evaluate(model, parts.test, 10, parts.category, (0.0, 100.0))
    assert found["diversity@50/100"] > found["diversity@50"]
    assert 0 < found["recall@50"] <= found["hr@50"] <= 1


def test_a_card_runs(monkeypatch):
    parts = cards.split(rows(), 120, np.arange(121) % 5)
    monkeypatch.setattr(cards, "data", lambda: parts)
    card = next(card for card in cards.CARDS if card.name == "beauty-users-dr-k2")
    trial = card.run(0, 2)
    assert trial.epoch == 2 and set(card.metrics) <= set(trial.metrics)
