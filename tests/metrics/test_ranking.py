import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.metrics import ranking
from recnotes.metrics.ranking import hit_rate, mrr, ndcg, rank_range, recall, sample_candidates
from recnotes.oracles.ranking import metrics_loops

SCORES = np.array([[5.0, 4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0, 5.0]])


def test_by_hand():
    assert hit_rate(SCORES, [1, 1], 2) == 0.5
    assert mrr(SCORES, [1, 1], 5) == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert mrr(SCORES, [1, 1], 3) == pytest.approx(1 / 4)
    assert ndcg(SCORES, [1, 1], 2) == pytest.approx(0.5 / np.log2(3))
    relevant = np.array([[1, 0, 1, 0, 0], [0, 0, 0, 0, 0]]) > 0
    assert recall(SCORES, relevant, 2) == 0.5
    assert ndcg(SCORES, relevant, 2) == pytest.approx(1 / (1 + 1 / np.log2(3)))
    assert np.isnan(recall(SCORES, np.zeros((2, 5), bool), 2))


def test_excluded_items_take_no_place():
    exclude = np.array([[1, 0, 0, 0, 0], [0, 0, 0, 0, 1]]) > 0
    assert hit_rate(SCORES, [1, 3], 1) == 0
    assert hit_rate(SCORES, [1, 3], 1, exclude) == 1


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 6), st.integers(1, 7), st.integers(0, 2**31))
def test_equal_the_loops_with_ties(num_items, k, seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 3, num_items).astype(float)
    target = int(rng.integers(num_items))
    exclude = rng.random(num_items) < 0.3
    exclude[target] = False
    one = np.arange(num_items) == target
    expected = metrics_loops(scores, one, k, exclude)
    for metric in (hit_rate, recall, ndcg, mrr):
        got = metric(scores[None], [target], k, exclude[None])
        assert got == pytest.approx(expected[metric.__name__], abs=1e-12)
    several = rng.random(num_items) < 0.5
    several[target] = True
    expected = metrics_loops(scores, several, k)
    for metric in (recall, ndcg):
        assert metric(scores[None], several[None], k) == pytest.approx(expected[metric.__name__], abs=1e-12)


def test_a_constant_model_is_worth_its_chance():
    flat = np.zeros((3, 100))
    assert hit_rate(flat, [0, 50, 99], 10) == pytest.approx(0.1)
    assert hit_rate(flat, [0, 50, 99], 10, ties="best") == 1
    assert hit_rate(flat, [0, 50, 99], 10, ties="worst") == 0


def test_rank_range_on_more_rows_than_a_chunk():
    rng = np.random.default_rng(0)
    scores, target = rng.normal(size=(5000, 6)), rng.integers(0, 6, 5000)
    g, e = rank_range(scores, target)
    rows = np.arange(5000)
    assert (g[rows, target] == (scores > scores[rows, target][:, None]).sum(1)).all() and (e == 0).all()


def test_sampled_metric_has_the_expectation_of_a_binomial():
    n, m, rank = 400, 20, 30
    scores = np.tile(-np.arange(n, dtype=float), (4000, 1))
    target = np.full(4000, rank - 1)
    columns = sample_candidates(target, n, m, seed=1)
    assert (columns[:, 0] == rank - 1).all() and (columns[:, 1:] != rank - 1).all()
    sampled = np.take_along_axis(scores, columns, 1)
    better = (rank - 1) / (n - 1)
    assert hit_rate(sampled, np.zeros(4000, int), 1) == pytest.approx((1 - better) ** m, abs=0.03)
    assert hit_rate(scores, target, 1) == 0


def test_sampling_respects_exclusion_and_seed():
    exclude = np.ones((2, 6), bool)
    exclude[:, [0, 2, 5]] = False
    a = sample_candidates([0, 2], 6, 50, exclude, seed=3)
    assert set(a[0, 1:]) == {2, 5} and set(a[1, 1:]) == {0, 5}
    assert (a == sample_candidates([0, 2], 6, 50, exclude, seed=3)).all()
    with pytest.raises(ValueError, match="row 0 must leave an item"):
        sample_candidates([0], 1, 2)


def test_bad_input():
    for call, message in (
        (lambda: hit_rate([[np.nan, 1.0]], [0], 1), "scores must not be NaN, received 1"),
        (lambda: hit_rate([1.0, 2.0], [0], 1), r"scores must be \[B, N\]"),
        (lambda: hit_rate(SCORES, [0], 1), r"target must have shape \(2,\)"),
        (lambda: hit_rate(SCORES, [0, 5], 1), r"target must be columns in \[0, 5\)"),
        (lambda: hit_rate(SCORES, np.zeros((2, 5), bool), 1), "target must be one column for each row"),
        (lambda: recall(SCORES, np.zeros((2, 4), bool), 1), r"relevant must have shape \(2, 5\)"),
        (lambda: hit_rate(SCORES, [0, 1], 0), "k must be a positive integer, received 0"),
        (lambda: hit_rate(SCORES, [0, 1], 1, ties="first"), "ties must be one of"),
        (lambda: hit_rate(SCORES, [0, 1], 1, np.ones((2, 5), bool)), "must not be excluded, received 2"),
        (lambda: hit_rate(SCORES, [0, 1], 1, np.ones((2, 4), bool)), r"exclude must have shape \(2, 5\)"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_targets_that_are_no_columns_are_refused():
    scores = np.zeros((2, 3))
    for call, message in (
        (lambda: ranking.sample_candidates([0, -1], 3, 2), r"columns in \[0, 3\), received -1 to 0"),
        (lambda: ranking.sample_candidates([0, 3], 3, 2), r"columns in \[0, 3\), received 0 to 3"),
        (lambda: ranking.sample_candidates([0.0], 3, 2), "target must be integers, received float64"),
        (lambda: ranking.sample_candidates([[0]], 3, 2), r"one column for each row, received shape \(1, 1\)"),
        (lambda: ranking.sample_candidates([0], 3, -1), "num_negatives must not be negative, received -1"),
        (
            lambda: ranking.sample_candidates([0, 1], 3, 2, np.zeros((1, 3), bool)),
            r"exclude must have shape \(2, 3\), received \(1, 3\)",
        ),
        (lambda: ranking.hit_rate(scores, [0.0, np.nan], 2), "target must be integers, received float64"),
        (lambda: ranking.ndcg(scores, [0.5, 1.0], 2), "bools or integer columns, received float64"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    assert ranking.sample_candidates([], 3, 2).shape == (0, 3)


def test_no_rows_have_no_mean_and_a_place_is_a_whole_number():
    for metric in (ranking.hit_rate, ranking.recall, ranking.ndcg, ranking.mrr):
        assert np.isnan(metric(np.zeros((0, 3)), [], 2))
        for k in (0, 1.5, "2"):
            with pytest.raises(ValueError, match="k must be a positive integer, received"):
                metric(np.zeros((1, 3)), [0], k)
