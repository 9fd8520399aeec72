import numpy as np
import pytest

from recnotes.oracles.deepfm import deepctr_logit, deepfm_logit, hidden, projection_logit
from recnotes.oracles.fm import fm_logit, fm_pairwise, one_hot_features

FIELDS = [[0], [1, 2], [3, 4, 5]]


@pytest.fixture
def weights():
    rng = np.random.default_rng(0)
    return {
        "w": rng.normal(size=6),
        "v": rng.normal(size=(6, 3)),
        "kernels": [rng.normal(size=(9, 4))],
        "biases": [rng.normal(size=4)],
        "out": rng.normal(size=4),
        "out_bias": 0.5,
    }


X = one_hot_features(np.array([[0.7]]), np.array([[1, 2]]), [2, 3])[0]


def test_hidden_by_hand():
    assert hidden(np.array([1.0, 2.0]), [np.array([[1.0, -1.0], [1.0, -1.0]])], [np.zeros(2)]).tolist() == [
        3,
        0,
    ]


def test_deepfm_by_matrices(weights):
    e = X[[0, 2, 5], None] * weights["v"][[0, 2, 5]]
    a = np.maximum(e.reshape(-1) @ weights["kernels"][0] + weights["biases"][0], 0)
    pairs = e[0] @ e[1] + e[0] @ e[2] + e[1] @ e[2]
    expected = weights["w"] @ X + pairs + a @ weights["out"] + 0.5
    assert deepfm_logit(X, FIELDS, weights) == pytest.approx(expected, abs=1e-12)


def test_projection_of_ones_is_deepfm(weights):
    ones = {**weights, "c1": np.ones(3), "c2": np.ones(3)}
    assert projection_logit(X, FIELDS, ones) == pytest.approx(deepfm_logit(X, FIELDS, weights), abs=1e-12)
    half = {**ones, "c2": 0.5 * np.ones(3)}
    e = (X[[0, 2, 5], None] * weights["v"][[0, 2, 5]])[None]
    gap = deepfm_logit(X, FIELDS, weights) - projection_logit(X, FIELDS, half)
    assert gap == pytest.approx(0.5 * fm_pairwise(e)[0], abs=1e-12)


def test_deepctr_leaves_numeric_fields_out_of_the_pairs(weights):
    smaller = {**weights, "kernels": [weights["kernels"][0][:7]]}
    a0 = np.concatenate([weights["v"][2], weights["v"][5], X[:1]])
    a = np.maximum(a0 @ smaller["kernels"][0] + weights["biases"][0], 0)
    expected = weights["w"] @ X + weights["v"][2] @ weights["v"][5] + a @ weights["out"] + 0.5
    assert deepctr_logit(X, FIELDS, smaller, 1) == pytest.approx(expected, abs=1e-12)


def test_pairwise_loops_equal_the_equation_on_one_hot_features(weights):
    e = (X[[0, 2, 5], None] * weights["v"][[0, 2, 5]])[None]
    assert fm_logit(X, 0.0, np.zeros(6), weights["v"]) == pytest.approx(fm_pairwise(e)[0], abs=1e-12)
