"""Garbage in place of the test rows changes the test metrics and nothing else."""

import dataclasses

import numpy as np
import pytest

from experiments.cards import frappe_ctr, frappe_rmse
from recnotes.data.frappe_split import Frappe, FrappeRows


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


@pytest.mark.parametrize("module", [frappe_ctr, frappe_rmse], ids=lambda module: module.__name__)
def test_test_rows_never_reach_selection(module, monkeypatch):
    names = {"frappe-lr", "frappe-fm", "frappe-rmse-fm"}
    card = next((card for card in module.CARDS if card.name in names), module.CARDS[0])
    fit, trials, weights = module.fit, [], []

    def spying(model, *arguments, **options):
        found = fit(model, *arguments, **options)
        weights[-1] += model.get_weights()
        return found

    monkeypatch.setattr(module, "fit", spying)
    for garbage in (False, True):
        weights.append([])
        monkeypatch.setattr(module, "frappe", lambda garbage=garbage: planted(garbage))
        trials.append(card.run(0, 2))
    true, garbled = trials
    drop = [[{k: v for k, v in e.items() if k != "seconds"} for e in trial.curve] for trial in trials]
    assert drop[0] == drop[1] and true.epoch == garbled.epoch
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert true.metrics != garbled.metrics
