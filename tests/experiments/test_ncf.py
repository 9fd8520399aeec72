"""Leave-one-out cards: negatives, ranking and every model on a planted log."""

import numpy as np
import pytest

from experiments.cards import ncf


def planted() -> ncf.Log:
    user, item = np.repeat(np.arange(6, dtype=np.int32), 4), np.tile(np.arange(4, dtype=np.int32), 6)
    trained = np.zeros((6, 30), bool)
    trained[user, item] = True
    known = trained.copy()
    known[:, 4] = True
    users = np.arange(6)
    return ncf.Log(user, item, (users, np.full(6, 4)), (users, np.full(6, 5)), trained, known)


def test_negatives_have_no_training_row_and_change_by_epoch():
    log = planted()
    inputs, label = ncf.with_negatives(log, 3, [0, 1])
    assert len(label) == 4 * len(log.user) and label.sum() == len(log.user)
    negative = label == 0
    assert not log.trained[inputs["user"][negative], inputs["item"][negative]].any()
    assert (inputs["item"] != ncf.with_negatives(log, 3, [0, 2])[0]["item"]).any()


@pytest.mark.parametrize("name", sorted(ncf.BUILDS))
def test_a_card_runs(name, monkeypatch):
    monkeypatch.setattr(ncf, "read", lambda data: planted())
    settings = {**ncf.card("ml-100k", name).settings, "table_l2": [1e-6], "batch_size": 16}
    trial = ncf.run("ml-100k", ncf.BUILDS[name][1], settings, 0, 1)
    assert set(ncf.CARDS[0].metrics) <= set(trial.metrics)


def test_the_tested_movie_is_never_among_what_is_trained_on():
    log = planted()
    assert not log.trained[log.test].any() and not log.known[log.test].any()
    assert not log.trained[log.validation].any()


def test_popularity_ranks_by_training_rows(monkeypatch):
    log = planted()
    more = np.full(7, 5, np.int32)  # of users that are not ranked: movie 5, the tested one, leads
    busy = log._replace(user=np.append(log.user, more), item=np.append(log.item, more))
    monkeypatch.setattr(ncf, "read", lambda data: busy)
    assert ncf.count("ml-100k", 0, None).metrics == dict.fromkeys(ncf.METRICS, 1.0)
