"""The loop over epochs: when it validates, what it keeps, when it ends."""

import numpy as np
import pytest

from experiments.epochs import keep_best


class Model:
    """Weights that say how many epochs they have been trained for."""

    weights = np.zeros(1)

    def get_weights(self):
        return [self.weights.copy()]

    def set_weights(self, weights):
        (self.weights,) = weights


def run(values, **options):
    """Trains where validations give these values one after the other."""
    model, missed, lines = Model(), [], []

    def train(number):
        model.weights = np.full(1, number)
        return 1 / number

    given = {"epochs": len(values), "patience": 9, "monitor": "auc", **options}
    left = iter(values)
    curve, best = keep_best(
        model,
        train,
        lambda: {given["monitor"]: next(left)},
        missed=lambda: missed.append(int(model.weights[0])),
        report=lines.append,
        **given,
    )
    assert len(lines) == len(curve) and all(entry["seconds"] >= 0 for entry in curve)
    return [entry["epoch"] for entry in curve], best, int(model.weights[0]), missed


@pytest.mark.parametrize(
    ("values", "options", "expected"),
    [
        ([0.5, 0.7, 0.6], {}, ([1, 2, 3], 2, 2, [3])),
        ([0.5, 0.5], {}, ([1, 2], 1, 1, [2])),  # as good is no new best
        ([0.5, 0.4, 0.3, 0.9], {"patience": 2}, ([1, 2, 3], 1, 1, [2, 3])),
        ([0.5, 0.4, 0.6, 0.3, 0.2], {"patience": 2}, ([1, 2, 3, 4, 5], 3, 3, [2, 4, 5])),
        ([0.5, 0.7, 0.6], {"monitor": "log_loss"}, ([1, 2, 3], 1, 1, [2, 3])),
        ([0.5, 0.7, 0.6], {"epochs": 5, "every": 2}, ([2, 4, 5], 4, 4, [5])),
    ],
)
def test_the_best_validation_is_kept(values, options, expected):
    assert run(values, **options) == expected


def test_the_line_says_what_the_curve_has():
    lines = []
    keep_best(
        Model(),
        lambda n: 0.25,
        lambda: {"auc": 0.5},
        epochs=1,
        patience=1,
        monitor="auc",
        report=lines.append,
    )
    assert lines[0].startswith("epoch 1: loss 0.2500, auc 0.5000, seconds ")
