"""Training chooses by validation, and negatives may be drawn anew."""

import numpy as np

from experiments.training import best_of, fit, rmse_metrics, squared_error
from recnotes.models import LogisticRegression

IDS = np.arange(40)[:, None] % 2
ROWS = ({"sparse": IDS.astype(np.int32)}, IDS[:, 0].astype(np.float32))


def test_rows_are_drawn_for_each_epoch_once():
    drawn = []

    def draw(epoch):
        drawn.append(epoch)
        return ROWS

    model = LogisticRegression([2])
    curve, best = fit(model, draw, ROWS, seed=0, epochs=3, patience=3, batch_size=8)
    assert drawn == list(range(1, len(curve) + 1))
    assert 1 <= best <= len(curve)


def test_a_falling_metric_is_made_small():
    model = LogisticRegression([2])
    options = {"loss": squared_error, "measure": rmse_metrics, "monitor": "rmse"}
    curve, best = fit(model, ROWS, ROWS, seed=0, epochs=4, patience=4, batch_size=8, **options)
    errors = [entry["rmse"] for entry in curve]
    assert errors[best - 1] == min(errors) < errors[0]


def test_the_candidate_with_the_best_epoch_wins():
    curves = [[{"auc": 0.6}, {"auc": 0.5}], [{"auc": 0.55}, {"auc": 0.7}]]
    _, curve, best, number = best_of([{"n": 0}, {"n": 1}], lambda own: (None, curves[own["n"]], own["n"] + 1))
    assert (curve, best, number) == (curves[1], 2, 1)
