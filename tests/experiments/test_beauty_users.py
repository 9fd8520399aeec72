"""Held-out users stay out of training; diversity and recall are what they are called."""

import numpy as np
import pytest

from experiments.cards import beauty_users as cards
from experiments.store import RESULTS, read
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


def measured(model, interests):
    return read(RESULTS / f"beauty-users-{model}-k{interests}.json")["runs"][0]["metrics"]


@pytest.mark.parametrize("model", ["sa", "dr"])
def test_the_reading_of_the_interests_names_what_is_on_file(model):
    runs = [measured(model, interests) for interests in (1, 2, 4, 8)]
    recalls = [f"{run['recall@50']:.3f}" for run in runs]
    span = [f"{runs[place]['diversity@50']:.3f}" for place in (0, -1)]
    en, zh = cards.ONE_INTEREST["en"], cards.ONE_INTEREST["zh"]
    assert "{}, {}, {} and {}".format(*(r[1:] for r in recalls)) in en and "、".join(recalls) in zh
    assert "from {} to {}".format(*(d[1:] for d in span)) in en and "从 {} 升到 {}".format(*span) in zh


def test_the_reading_of_lambda_names_what_is_on_file():
    run, text = measured("sa", 4), cards.READINGS["sa-k4"]
    lost = f"{1 - run['recall@50/0.25'] / run['recall@50']:.0%}"
    before, after = f"{run['diversity@50']:.3f}", f"{run['diversity@50/0.25']:.3f}"
    assert f"costs {lost[:-1]} %" in text["en"] and f"from {before[1:]} to {after[1:]};" in text["en"]
    assert f"降低 {lost}，多样性从 {before} 升到 {after}；" in text["zh"]
