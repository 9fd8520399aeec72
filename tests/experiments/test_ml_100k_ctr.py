"""MovieLens-100K as clicks: a planted log, every model for an epoch."""

from types import SimpleNamespace

import numpy as np
import pytest

from experiments.cards import ml_100k_ctr


@pytest.fixture(autouse=True)
def planted(monkeypatch):
    rng = np.random.default_rng(0)
    user, item = rng.integers(1, 6, 200), rng.integers(1, 9, 200)
    ratings = SimpleNamespace(
        user_id=user, item_id=item, rating=1.0 + (user + item) % 5, timestamp=np.arange(200)
    )
    ones = np.ones(9, np.int32)
    users = SimpleNamespace(age=30 * ones, gender=ones, occupation=ones)
    items = SimpleNamespace(year=1990 * ones, genre_ids=np.ones((9, 6), np.int32))
    data = SimpleNamespace(ratings=ratings, users=users, items=items)
    monkeypatch.setattr(ml_100k_ctr, "movielens_100k", lambda: data)


@pytest.mark.parametrize("card", ml_100k_ctr.CARDS, ids=lambda card: card.name)
def test_a_card_runs_within_the_budget(card):
    build = card.run.args[0]
    assert {k: v for k, v in card.settings.items() if k != "model"} == ml_100k_ctr.SETTINGS
    trial = ml_100k_ctr.run(build, {**card.settings, "table_l2": [1e-3]}, 0, 1)
    assert set(card.metrics) <= set(trial.metrics)
    assert trial.metrics["share_known"] == 1.0
