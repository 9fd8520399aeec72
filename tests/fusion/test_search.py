import numpy as np
import pytest

from recnotes import fusion
from recnotes.fusion import power_product, random_weights, search_weights, weight_grid
from recnotes.metrics import auc, gauc


def planted(seed, B=600, noise=(0.5, 2.0, 4.0)):
    """A label, and three scores that see its logit through more and more noise."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=B)
    s = z[:, None] + rng.normal(size=(B, len(noise))) * noise
    return s, (rng.random(B) < 1 / (1 + np.exp(-2 * z))).astype(float)


def test_candidates():
    grid = weight_grid(3, 4)
    assert grid.shape == (15, 3) and len({tuple(w) for w in grid}) == 15
    np.testing.assert_allclose(grid.sum(axis=1), 1, atol=1e-15)
    assert (grid >= 0).all() and set(np.unique(grid)) == {0, 0.25, 0.5, 0.75, 1}
    assert weight_grid(1, 3).tolist() == [[1.0]]
    draws = random_weights(3, 20_000, seed=1)
    assert (draws >= 0).all()
    # Uniform on the simplex: the mean of each is 1/3, its standard error 0.24 / √20,000 = 0.0017.
    np.testing.assert_allclose(draws.mean(axis=0), 1 / 3, atol=0.007)
    np.testing.assert_allclose((draws**2).mean(axis=0), 1 / 6, atol=0.007)


def test_the_find_beats_equal_weights_on_rows_it_did_not_see():
    for seed in range(5):
        s, y = planted(seed)
        found = search_weights(s, lambda f, rows, y=y: auc(y[rows], f), weight_grid(3, 10), num_resamples=40)
        assert found.weights[0] > found.weights[2]
        assert found.held_out > found.baseline_held_out + 0.02
        assert found.interval[0] > 0
        assert found.searched >= found.baseline_searched


def test_overfitting_shows():
    """Noise alone: what the search finds is worth nothing, and only the searched rows say otherwise."""
    gains, interval_holds_zero = [], 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        s, y = rng.normal(size=(120, 6)), rng.integers(0, 2, 120).astype(float)
        found = search_weights(
            s,
            lambda f, rows, y=y: auc(y[rows], f),
            random_weights(6, 200, seed),
            num_resamples=60,
            seed=seed,
        )
        assert found.searched > 0.5
        gains.append((found.searched - 0.5, found.held_out - 0.5))
        interval_holds_zero += found.interval[0] <= 0 <= found.interval[1]
    searched, held_out = np.mean(gains, axis=0)
    # The standard error of an AUC of 60 random rows is 0.075, of the mean of eight 0.027.
    assert searched > 0.08 and abs(held_out) < 0.08
    assert interval_holds_zero >= 6


def test_groups_stay_together():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 30, 400)
    s, y = rng.uniform(0.1, 1, (400, 2)), rng.integers(0, 2, 400).astype(float)
    seen = []

    def objective(f, rows):
        seen.append(set(groups[rows]))
        return gauc(y[rows], f, groups[rows])

    search_weights(s, objective, weight_grid(2, 3), groups, fuse=power_product, num_resamples=5)
    searched, held_out = seen[0], seen[-3]
    assert not searched & held_out and searched | held_out == set(groups)
    assert all(g == searched for g in seen[:4])
    assert all(g <= held_out for g in seen[4:14])


def test_the_seed_decides():
    s, y = planted(0, B=100)

    def run(seed):
        return search_weights(
            s, lambda f, rows: auc(y[rows], f), weight_grid(3, 4), num_resamples=9, seed=seed
        )

    a, b, c = run(1), run(1), run(2)
    assert a.held_out == b.held_out and a.interval == b.interval and a.held_out != c.held_out


def test_a_given_baseline():
    s, y = planted(0, B=100)
    w = np.array([[0.2, 0.3, 0.5]])
    found = search_weights(s, lambda f, rows: auc(y[rows], f), w, baseline=w[0], num_resamples=9)
    assert found.held_out == found.baseline_held_out and found.interval == (0.0, 0.0)


GOOD = np.ones((4, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: weight_grid(0, 2), "num_columns must be a positive integer, received 0"),
        (lambda: weight_grid(2, 0), "steps must be a positive integer, received 0"),
        (lambda: random_weights(0, 2), "num_columns must be a positive integer, received 0"),
        (lambda: random_weights(2, 0), "count must be a positive integer, received 0"),
        (lambda: search_weights([[np.nan, 1]], max, [[1, 1]]), "scores must be finite"),
        (lambda: search_weights(GOOD, max, [[1, np.nan]]), "candidates must be finite"),
        (lambda: search_weights(GOOD, max, [[1, 1, 1]]), r"candidates must have shape \[C, 2\]"),
        (lambda: search_weights(GOOD, max, np.ones((0, 2))), r"candidates must have shape \[C, 2\]"),
        (lambda: search_weights(GOOD, max, [[1, 1]], groups=[1, 2]), r"groups must have shape \[4\]"),
        (lambda: search_weights(GOOD, max, [[1, 1]], groups=[1, 1, 1, 1]), "must leave both parts a group"),
        (lambda: search_weights(GOOD, max, [[1, 1]], held_out_share=1.0), "must leave both parts a group"),
        (
            lambda: search_weights(GOOD, max, [[1, 1]], num_resamples=0),
            "num_resamples must be a positive integer",
        ),
        (lambda: search_weights(GOOD, lambda f, rows: np.nan, [[1, 1]]), "objective must be finite"),
        (lambda: search_weights(GOOD, max, [[1, 1]], baseline=[1]), "baseline must hold one number a column"),
        (lambda: search_weights(GOOD, max, [[1, 1]], baseline=[1, np.nan]), "baseline must be finite"),
        (lambda: search_weights(GOOD[:0], max, [[1, 1]]), "must leave both parts a group"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"held_out_share": "a"}, "held_out_share must be real numbers"),
        ({"held_out_share": np.nan}, "held_out_share must be finite"),
        ({"num_resamples": 2.5}, "num_resamples must be a positive integer, received 2.5"),
        ({"groups": [1, np.nan, 2, 2]}, "groups must be finite"),
        ({"groups": [1, None, "a", 2]}, "groups must be of one type"),
        ({"objective": lambda fused, rows: fused}, "objective must be one number"),
    ],
)
def test_bad_options_are_named(options, message):
    given = {"objective": lambda fused, rows: 1.0, "candidates": np.ones((1, 2)), **options}
    with pytest.raises(ValueError, match=message):
        fusion.search_weights(np.ones((4, 2)), **given)
