"""Garbage in place of the test rows changes the test metrics and nothing else."""

import dataclasses

import numpy as np
import pytest

from experiments.cards import frappe_ctr, frappe_rmse, ml_100k_ctr
from recnotes.data import DownloadError, movielens_100k
from recnotes.data.frappe_split import Frappe, FrappeRows
from recnotes.data.splits import temporal


def planted(garbage):
    rng = np.random.default_rng(0)

    def part(rows):
        ids = rng.integers(0, 5, (rows, 10)).astype(np.int32)
        return FrappeRows(ids, (ids[:, 0] + ids[:, 1] > 3).astype(np.float32))

    data = Frappe(part(600), part(200), part(200), tuple(tuple("abcde") for _ in range(10)), True)
    if garbage:
        test = FrappeRows(rng.integers(0, 5, (200, 10)).astype(np.int32), 1 - data.test.label)
        data = dataclasses.replace(data, test=test)
    return data


def plant_frappe(module, monkeypatch, garbage):
    monkeypatch.setattr(module, "frappe", lambda: planted(garbage))


def plant_ratings(module, monkeypatch, garbage):
    try:
        split = temporal(movielens_100k().ratings.timestamp)
    except DownloadError as error:
        pytest.skip(f"needs the network or RECNOTES_DATA: {error}")
    test = split.train[:3000] if garbage else split.test[:3000]
    small = type(split)(split.train[-3000:], split.validation[:3000], test)
    monkeypatch.setattr(module, "temporal", lambda timestamp: small)


@pytest.mark.parametrize(
    ("module", "plant"),
    [(frappe_ctr, plant_frappe), (frappe_rmse, plant_frappe), (ml_100k_ctr, plant_ratings)],
    ids=lambda value: value.__name__.rpartition(".")[2],
)
def test_test_rows_never_reach_selection(module, plant, monkeypatch):
    names = {"frappe-fm", "frappe-rmse-fm", "ml-100k-lr"}
    card = next((card for card in module.CARDS if card.name in names), module.CARDS[0])
    fit, trials, weights = module.fit, [], []

    def spying(model, *arguments, **options):
        found = fit(model, *arguments, **options)
        weights[-1] += model.get_weights()
        return found

    monkeypatch.setattr(module, "fit", spying)
    for garbage in (False, True):
        weights.append([])
        plant(module, monkeypatch, garbage)
        trials.append(card.run(0, 2))
    true, garbled = trials
    drop = [[{k: v for k, v in e.items() if k != "seconds"} for e in trial.curve] for trial in trials]
    assert drop[0] == drop[1] and true.epoch == garbled.epoch
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert true.metrics != garbled.metrics
