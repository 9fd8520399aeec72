"""Frappe as regression: the lookup on hand-made rows, and every model for an epoch on a slice."""

import dataclasses

import numpy as np
import pytest

from experiments import texts
from experiments.cards import frappe_lookup, frappe_rmse
from recnotes.data.frappe_split import Frappe, FrappeRows


def rows(ids: list[list[int]], label: list[int]) -> FrappeRows:
    full = np.zeros((len(ids), 10), np.int32)
    full[:, :2] = ids
    return FrappeRows(full, np.array(label, np.float32))


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    train = rows([[0, 1], [1, 2], [0, 2], [1, 0]] * 40, [1, 1, 0, 0] * 40)
    held_out = rows([[0, 1], [1, 2], [0, 0], [0, 2]], [1, 1, 1, 0])
    values = tuple(("a", "b", "c") for _ in range(10))
    for module in (frappe_rmse, frappe_lookup):
        monkeypatch.setattr(module, "frappe", lambda: Frappe(train, held_out, held_out, values, True))


def test_the_lookup_knows_positives_only():
    trial = frappe_lookup.look_up(0, None)
    assert trial.metrics["accuracy"] == 0.75  # (0, 0) was not seen
    assert trial.metrics["rmse_plain"] == pytest.approx(1.0)  # one error of 2 among four rows
    assert trial.metrics["rmse"] == pytest.approx(np.sqrt(0.5))  # unseen rows get their mean, 0


@pytest.mark.parametrize("name", ["fm", "nfm", "afm", "afm-authors"])
def test_a_card_runs(name):
    card = next(card for card in frappe_rmse.CARDS if card.name == f"frappe-rmse-{name}")
    small = {"embedding_dim": 4, "pooled_dropout": 0.3}
    own = {**card.settings["candidates"][0], "embedding_dim": 4}
    own |= {"pretrain": small} if "pretrain" in own else {}
    build = card.run.args[0]
    trial = frappe_rmse.run(build, {**card.settings, "candidates": [own]}, 0, 2)
    assert len(trial.curve) == 2 and 0 < trial.metrics["rmse"] < 2


def test_every_reference_says_where_it_stands():
    for card in frappe_rmse.CARDS:
        assert set(card.protocol) == {"en", "zh"} and dataclasses.is_dataclass(card)
        assert all("arXiv" in reference.source["en"] for reference in card.references)


def test_no_verdict_rests_on_a_figure_that_was_not_read():
    unread = [r for card in frappe_rmse.CARDS for r in card.references if "not yet read" in r.note["en"]]
    assert len(unread) == 3 and not any(reference.comparable for reference in unread)


def test_what_the_cards_of_afm_say_of_their_curves_is_on_file():
    cards = {card["name"]: card for card in texts.read()}
    found = [cards[f"frappe-rmse-{name}"] for name in ("afm", "afm-authors")]
    first = [card["runs"][0] for card in found]
    best = [run["curve"][run["epoch"] - 1]["rmse"] for run in first]
    for value, run in zip(best, first, strict=True):
        assert f".{value * 1e4:.0f}" in found[0]["reading"]["en"]
        assert f"(epoch {run['epoch']})" in found[0]["reading"]["en"] and value > 0.3375
    lower = 1e3 * (first[1]["metrics"]["rmse"] - first[0]["metrics"]["rmse"])
    assert f"lower by .{lower:03.0f};" in found[0]["reading"]["en"]
