"""Diginetica's cards: who validates, what is ranked, and what the order of the raw file gives away."""

import functools

import numpy as np
import pytest

from experiments import next_item
from experiments.cards import diginetica_next as module
from recnotes.data.diginetica_sessions import Diginetica, diginetica_sample
from recnotes.data.download import DownloadError
from recnotes.data.sequences import Sequences

SESSIONS = Sequences([[1 + (start + step) % 30 for step in range(4)] for start in range(30)] * 4)
DATA = Diginetica(
    SESSIONS, Sequences([[item] for item in range(1, 31)]), np.arange(1, 31, dtype=np.int32) % 30 + 1, 30
)


def test_sessions_that_validate_do_not_train():
    train, validation = module.split(DATA, 0.1, 0)
    assert (len(train), len(validation)) == (108, 12 * 3)
    first = validation.history
    assert [len(row) for row in first][:3] == [1, 2, 3]
    np.testing.assert_array_equal(validation.target[:2], [first[1][-1], first[2][-1]])


def test_every_prefix_of_a_long_session_trains(monkeypatch):
    long = Sequences([list(range(1, 31))] * 2)
    monkeypatch.setattr(module, "diginetica", lambda: Diginetica(long, DATA.test, DATA.test_target, 30))
    seen = {}

    def fit(model, columns, *args, **kwargs):
        seen.update(columns)
        return [], 1

    monkeypatch.setattr(next_item, "fit", fit)
    card = module.CARDS[0]
    settings = {**card.settings, "validation": {"sessions": 0.5, "seed": 0}, "embedding_dim": 4}
    functools.partial(card.run.func, card.run.args[0], settings)(0, None)
    order = np.argsort(seen["target"])
    assert seen["target"][order].tolist() == list(range(2, 31))
    assert seen["history"][order][-1].tolist() == list(range(10, 30))


def test_seen_items_stay_in_the_ranking():
    questions = module.Questions(Sequences([[2], [3]]), np.array([2, 1], np.int32))
    scores = np.tile(np.arange(30.0)[::-1], (2, 1))
    found = module.rank_all(lambda history: scores[: len(history)], questions, 20)
    assert found == {"p@20": 1.0, "mrr@20": 0.75}


def test_the_authors_wiring_learns_and_the_printed_one_stays_above_its_floor(monkeypatch):
    monkeypatch.setattr(module, "diginetica", lambda: DATA)
    trials = {}
    for card in module.CARDS:
        settings = {**card.settings, "batch_size": 8, "embedding_dim": 16, "share": 1.0, "epochs": 25}
        trials[card.name] = functools.partial(card.run.func, card.run.args[0], settings)(0, None)
    floor = np.log(29 + np.e) - 1
    assert trials["diginetica-stamp-printed"].curve[-1]["loss"] > floor
    for name in ("diginetica-stamp-authors", "diginetica-stmp"):
        assert trials[name].curve[-1]["loss"] < floor
        assert trials[name].curve[-1]["mrr@20"] > 0.9


def test_the_raw_order_puts_repeats_side_by_side():
    try:
        views = diginetica_sample()
    except DownloadError as error:
        pytest.skip(str(error).splitlines()[0])
    raw = module.adjacent_repeats(views.session, views.item)
    order = np.lexsort((views.timeframe, views.session))
    by_time = module.adjacent_repeats(views.session[order], views.item[order])
    assert (round(raw, 3), round(by_time, 3)) == (0.234, 0.089)
