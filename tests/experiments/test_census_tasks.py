"""Census columns take everything from training rows, and the labels are no features."""

import dataclasses
import functools
import itertools

import numpy as np
import pytest

from experiments import texts
from experiments.cards import census_tasks as module
from recnotes.data.census import CensusIncome


def planted(n: int = 400) -> CensusIncome:
    rng = np.random.default_rng(0)
    sex, education, married, region = (rng.integers(0, 3, n) for _ in range(4))
    region[-1] = 3  # occurs in the last row only
    return CensusIncome(
        rng.normal(5, 3, (n, 7)).astype(np.float32),
        np.stack([sex, education, married, region], 1).astype(np.int32),
        ("sex", "education", "marital_stat", "region"),
        (("a", "b", "c"), ("d", "e", "f"), ("g", "h", "i"), ("j", "k", "l", "m")),
        np.ones(n, np.float32),
        (sex == 1).astype(np.float32),
        (region == 2).astype(np.float32),
    )


PARTS = [np.arange(240), np.arange(240, 320), np.arange(320, 400)]


def test_columns_come_from_training_rows():
    data = planted()
    (train, _, test), sizes = module.prepare(data, PARTS)
    np.testing.assert_allclose(train.inputs["dense"].mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(train.inputs["dense"].std(0), 1, atol=1e-5)
    assert sizes == (4, 4)  # sex and region, each with an unknown id; education and marital_stat are gone
    np.testing.assert_array_equal(test.inputs["sparse"][:-1, 0], data.categorical[320:-1, 0] + 1)
    assert test.inputs["sparse"][-1, 1] == 0  # a region that no training row has
    np.testing.assert_array_equal(train.label[:, 0], data.income[:240])


def test_other_rows_change_nothing_in_training():
    data = planted()
    numeric = data.numeric.copy()
    numeric[240:] = 1e6
    changed = dataclasses.replace(data, numeric=numeric)
    first, second = (module.prepare(d, PARTS)[0][0].inputs["dense"] for d in (data, changed))
    np.testing.assert_array_equal(first, second)


def test_metrics_of_each_task():
    label = np.array([[0, 1], [1, 0], [1, 1], [0, 0]], np.float32)
    logit = np.array([[0, 0], [1, 1], [2, 0], [-1, 1]], np.float32)
    assert module.task_metrics(module.TASKS, label, logit) == {
        "auc": 0.5,
        "auc_income": 1.0,
        "auc_never_married": 0.0,
    }


@pytest.mark.parametrize("card", module.CARDS, ids=lambda card: card.name)
def test_every_card_learns_planted_rows(card, monkeypatch):
    monkeypatch.setattr(module, "census", lambda: module.prepare(planted(), PARTS))
    settings = {**card.settings, "batch_size": 8, "patience": 20, "decay": 1.0}
    trial = functools.partial(card.run.func, *card.run.args[:2], settings)(0, 16)
    assert set(trial.metrics) == set(card.metrics)
    assert trial.metrics[card.metrics[0]] > 0.9
    values = [entry["auc"] for entry in trial.curve]
    assert trial.epoch == int(np.argmax(values)) + 1


def test_all_models_have_the_same_size_below_the_towers():
    sizes = {}
    width = 31 * 8 + 7
    for card in module.CARDS:
        model = card.run.args[0](card.run.args[1], seed=0, **card.settings["model"])
        model.build({"dense": (None, width)})
        towers = sum(w.shape.num_elements() for tower in model.towers for w in tower.weights)
        sizes[card.name] = sum(w.shape.num_elements() for w in model.weights) - towers
    single = sizes.pop("census-single-income")
    assert single == sizes.pop("census-single-never-married")
    for one, other in itertools.combinations([2 * single, *sizes.values()], 2):
        assert one / other == pytest.approx(1, abs=0.4), sizes


@pytest.mark.parametrize("metric", ["auc_income", "auc_never_married"])
def test_no_order_of_the_models_can_be_told(metric):
    figures = [card["figures"][metric] for card in texts.read() if metric in card["figures"]]
    means, spreads = zip(*figures, strict=True)
    assert len(means) == 5 and max(means) - min(means) <= max(spreads)
