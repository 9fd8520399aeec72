"""MovieLens-100K as clicks: a planted log, every model for an epoch."""

from types import SimpleNamespace

import numpy as np
import pytest

from experiments.cards import ml_100k_ctr
from recnotes.data import DownloadError, movielens_100k
from recnotes.data.splits import temporal


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


def test_what_the_protocol_says_of_the_log_is_measured():
    try:
        ratings = movielens_100k().ratings
    except DownloadError as error:
        pytest.skip(f"needs the network or RECNOTES_DATA: {error}")
    user, time = ratings.user_id, ratings.timestamp
    own = [time[user == one] for one in np.unique(user)]
    one_day = sum(len(np.unique(times // 86400)) == 1 for times in own)
    within = sum(np.ptp(times) < 86400 for times in own)
    split = temporal(time)
    unknown = 1 - np.isin(user[split.test], user[split.train]).mean()
    said = " ".join(ml_100k_ctr.__doc__.split())
    assert f"Of the {len(own)} users {one_day} ({one_day / len(own):.1%})".replace("%", " %") in said
    assert f"and {within} ({within / len(own):.1%}) within 24 hours".replace("%", " %") in said
    assert f"{unknown:.1%} of the test rows".replace("%", " %") in said


def test_vectors_of_all_models_start_alike():
    for card in ml_100k_ctr.CARDS:
        model = card.run.args[0]([40] * 7, seed=0, **card.settings["model"])
        model({"sparse": np.zeros([2, 7], np.int32)})
        tables = [np.asarray(weight) for weight in model.weights if weight.name == "table"]
        wide = [table for table in tables if table.shape[-1] > 1]
        assert len(wide) == (card.name != "ml-100k-ctr-lr")
        for table in wide:
            assert np.std(table) == pytest.approx(0.01, rel=0.1) and abs(table.mean()) < 1e-3, card.name
