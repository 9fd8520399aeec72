"""The functions that fuse, each against its loops, by hand and on bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recnotes import fusion
from recnotes.oracles import fusion as oracle
from recnotes.oracles import selection


def order(f):
    return np.argsort(-f, kind="stable").tolist()


def drawn(seed, B=9, T=3, levels=None):
    """Scores in (0, 1], with ties if there are only a few levels."""
    rng = np.random.default_rng(seed)
    if levels:
        return rng.integers(1, levels + 1, (B, T)) / levels
    return rng.uniform(0.05, 1.0, (B, T))


sizes = {
    "seed": st.integers(0, 10_000),
    "B": st.integers(1, 9),
    "T": st.integers(1, 4),
    "levels": st.sampled_from([None, 2, 5]),
}


@given(**sizes)
def test_every_function_equals_its_loops(seed, B, T, levels):
    s, w = drawn(seed, B, T, levels), np.random.default_rng(seed + 1).uniform(0, 2, T)
    ideal = s.max(axis=0) + 0.5
    r = oracle.ranks_loops(s)
    for found, expected in (
        (fusion.weighted_sum(s, w), oracle.weighted_sum_loops(s, w)),
        (fusion.power_product(s, w, 0.1), oracle.power_product_loops(s, w, 0.1)),
        (fusion.descending_ranks(s), r),
        (fusion.reciprocal_rank_fusion(s, w, k=3), oracle.reciprocal_rank_loops(r, w, 3)),
        (fusion.borda_count(s, w), oracle.borda_loops(s, w)),
        (fusion.chebyshev(s, w, ideal), oracle.chebyshev_loops(s, w, ideal)),
        (fusion.chebyshev(s, w), oracle.chebyshev_loops(s, w, s.max(axis=0))),
        (fusion.z_score(s), oracle.normalization_loops(s, "z")),
        (fusion.min_max(s), oracle.normalization_loops(s, "min-max")),
    ):
        # Sums of up to nine numbers in another order; a nearly constant column magnifies by 1/σ.
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    assert fusion.pareto_front(s).tolist() == selection.pareto_loops(s)
    keep = sorted(np.random.default_rng(seed).integers(1, B + 1, T).tolist(), reverse=True)
    assert fusion.cascade(s, keep).tolist() == selection.cascade_loops(s, keep)


@pytest.mark.parametrize("seed", range(5))
def test_power_product_is_the_weighted_sum_of_logarithms(seed):
    s, w = drawn(seed), np.array([0.3, 2.0, -1.0])
    np.testing.assert_allclose(
        fusion.log_power_product(s, w), fusion.weighted_sum(np.log(s), w), rtol=0, atol=1e-13
    )
    np.testing.assert_allclose(np.log(fusion.power_product(s, w)), fusion.log_power_product(s, w), atol=1e-12)


def test_the_log_form_keeps_the_order_where_the_product_underflows():
    s = np.array([[1e-200, 1e-200], [1e-200, 1e-199]])
    assert fusion.power_product(s, [1, 1]).tolist() == [0.0, 0.0]
    assert order(fusion.log_power_product(s, [1, 1])) == [1, 0]


@pytest.mark.parametrize("seed", range(5))
def test_a_product_does_not_see_scale_and_a_sum_does(seed):
    s, w = drawn(seed, B=30), np.array([0.5, 0.2, 0.3])
    scaled = s * [1.0, 20.0, 0.1]
    assert order(fusion.log_power_product(scaled, w)) == order(fusion.log_power_product(s, w))
    assert order(fusion.weighted_sum(scaled, w)) != order(fusion.weighted_sum(s, w))
    np.testing.assert_allclose(fusion.min_max(scaled), fusion.min_max(s), atol=1e-12)
    np.testing.assert_allclose(fusion.z_score(scaled), fusion.z_score(s), atol=1e-12)


@pytest.mark.parametrize("k", range(3))
def test_all_weights_but_one_zero_give_that_columns_order(k):
    s, w = drawn(3), np.eye(3)[k]
    ideal = s.max(axis=0) + 1
    for f in (
        fusion.weighted_sum(s, w),
        fusion.power_product(s, w),
        fusion.reciprocal_rank_fusion(s, w),
        fusion.borda_count(s, w),
        fusion.chebyshev(s, w, ideal),
    ):
        assert order(f) == order(s[:, k])
    assert fusion.cascade(s[:, [k]], [len(s)]).tolist() == order(s[:, k])


def test_increasing_functions_do_not_change_fused_ranks():
    s, w = drawn(4, levels=5), [1.0, 0.5, 2.0]
    other = np.stack([np.exp(3 * s[:, 0]), np.log(s[:, 1]) - 7, s[:, 2] ** 5], axis=1)
    for fuse in (fusion.reciprocal_rank_fusion, fusion.borda_count):
        np.testing.assert_array_equal(fuse(other, w), fuse(s, w))
    np.testing.assert_array_equal(fusion.rank_share(other), fusion.rank_share(s))


def test_a_large_constant_makes_reciprocal_ranks_a_borda_count():
    s = drawn(5, B=20)
    # 1/(k + r) = 1/k - r/k² + O(k⁻³): for k far above B the sum orders as minus the sum of ranks does.
    borda = fusion.borda_count(s)
    slope = (fusion.reciprocal_rank_fusion(s, k=1e6) - 3e-6) * 1e12
    np.testing.assert_allclose(slope, borda - 3 * len(s), atol=2e-3)
    np.testing.assert_allclose(fusion.weighted_sum(fusion.rank_share(s), [1, 1, 1]) * 19, borda, atol=1e-12)


@pytest.mark.parametrize("T", [2, 3, 4])
def test_chebyshev_reaches_every_point_of_the_front(T):
    s = drawn(5, B=60, T=T)
    ideal = s.max(axis=0) + 0.1
    front = np.flatnonzero(fusion.pareto_front(s))
    assert len(front) > 3
    for b in front:
        f = fusion.chebyshev(s, fusion.chebyshev_weights(s[b], ideal), ideal)
        assert order(f)[0] == b and np.sum(f >= f[b] - 1e-12) == 1


def test_a_weighted_sum_reaches_the_hull_only():
    s = np.array([[1.0, 0.0], [0.4, 0.4], [0.0, 1.0]])  # the middle lies in a dent of the front
    assert fusion.pareto_front(s).all()
    firsts = {order(fusion.weighted_sum(s, w))[0] for w in fusion.weight_grid(2, 1000)}
    assert firsts == {0, 2}
    assert order(fusion.chebyshev(s, [1, 1], ideal=[1, 1]))[0] == 1


@pytest.mark.parametrize("seed", range(5))
def test_no_fusion_puts_a_row_above_its_dominator(seed):
    s, w = drawn(seed, B=25, T=2, levels=5), np.array([0.7, 0.3])
    better = (s[:, None] >= s[None]).all(-1) & (s[:, None] > s[None]).any(-1)
    assert better.any()
    for f in (
        fusion.weighted_sum(s, w),
        fusion.power_product(s, w),
        fusion.reciprocal_rank_fusion(s, w),
        fusion.borda_count(s, w),
    ):
        assert (f[:, None] > f[None])[better].all()
    f = fusion.chebyshev(s, w)  # the worst shortfall may be shared
    assert (f[:, None] >= f[None])[better].all()


def test_the_order_of_rows_does_not_matter():
    s, w, move = drawn(7, levels=5, B=20), [1, 2, 3], np.random.default_rng(0).permutation(20)
    for fuse in (
        fusion.weighted_sum,
        fusion.power_product,
        fusion.reciprocal_rank_fusion,
        fusion.borda_count,
        fusion.chebyshev,
    ):
        np.testing.assert_allclose(fuse(s[move], w), fuse(s, w)[move], rtol=1e-14)
    np.testing.assert_array_equal(fusion.pareto_front(s[move]), fusion.pareto_front(s)[move])


def test_the_front_of_many_rows_is_fast_and_right():
    rng = np.random.default_rng(0)
    for T in (2, 3):
        s = rng.normal(size=(100_000, T))
        front = s[fusion.pareto_front(s)]
        assert np.array_equal(fusion.pareto_front(front), np.ones(len(front), bool))
        for row in s[:200]:
            assert (front >= row).all(axis=1).any()


def test_price_weighted():
    p, q, m = np.array([0.1, 0.2, 0.3]), np.array([0.5, 0.5, 0.1]), np.array([10.0, 2.0, 30.0])
    np.testing.assert_allclose(fusion.price_weighted(p, q, m), [0.5, 0.2, 0.9], atol=1e-15)
    np.testing.assert_allclose(fusion.price_weighted(p, q, m, 0), p * q, atol=1e-15)
    for a in (0.0, 0.5, 1.0):
        f = fusion.power_product(np.stack([p, q, m], axis=1), [1, 1, a])
        np.testing.assert_allclose(fusion.price_weighted(p, q, m, a), f, rtol=1e-14)
        assert order(fusion.price_weighted(p, q, 7.8 * m, a)) == order(f)


def test_constant_columns_and_single_rows():
    constant = np.full((3, 1), 0.1)  # whose mean is rounded, so that its deviation is not exactly 0
    assert fusion.z_score(constant).tolist() == [[0]] * 3
    assert fusion.min_max(constant).tolist() == [[0]] * 3
    assert fusion.rank_share(constant).tolist() == [[0.5]] * 3
    for normalize in (fusion.z_score, fusion.min_max, fusion.rank_share):
        assert normalize([[4.0, -1.0]]).tolist() == [[0, 0]]


def test_a_cascade_never_recovers_what_a_stage_dropped():
    s = drawn(8, B=50)
    rows = fusion.cascade(s, [20, 10, 5])
    assert set(rows) <= set(order(s[:, 0])[:20]) and len(rows) == 5
    assert fusion.cascade(s, [99, 99, 3]).tolist() == order(s[:, 2])[:3]


def test_empty_batches():
    none = np.zeros((0, 2))
    for fuse in (
        fusion.weighted_sum,
        fusion.power_product,
        fusion.borda_count,
        fusion.reciprocal_rank_fusion,
    ):
        assert fuse(none, [1, 1]).shape == (0,)
    assert fusion.chebyshev(none, [1, 1], [1, 1]).shape == (0,)
    assert fusion.pareto_front(none).shape == fusion.cascade(none, [2, 1]).shape == (0,)
    assert fusion.pareto_front(np.zeros((0, 3))).shape == fusion.price_weighted([], [], []).shape == (0,)
    for normalize in (fusion.z_score, fusion.min_max, fusion.rank_share):
        with pytest.raises(ValueError, match="a row or more"):
            normalize(none)


NAN = [[0.1, 0.2], [np.nan, 0.3]]
GOOD = [[0.1, 0.2], [0.4, 0.3]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fusion.weighted_sum(NAN, [1, 1]), r"scores must be finite, received nan at \(1, 0\)"),
        (lambda: fusion.weighted_sum(GOOD, [1, np.nan]), "weights must be finite"),
        (lambda: fusion.weighted_sum(GOOD, [1, 1, 1]), r"weights must hold one number a column, 2, received"),
        (lambda: fusion.weighted_sum([0.1, 0.2], [1]), r"scores must have shape \[B, T\]"),
        (lambda: fusion.weighted_sum(np.zeros((3, 0)), []), r"scores must have shape \[B, T\]"),
        (lambda: fusion.power_product(NAN, [1, 1]), "scores must be finite"),
        (lambda: fusion.power_product([[0.0, 1.0]], [1, 1]), r"scores \+ epsilon must be positive"),
        (lambda: fusion.power_product(GOOD, [1, 1], np.nan), "epsilon must be finite"),
        (lambda: fusion.reciprocal_rank_fusion(NAN), "scores must be finite"),
        (lambda: fusion.reciprocal_rank_fusion(GOOD, k=-1), "k must not be negative, received -1"),
        (lambda: fusion.borda_count([[np.inf]]), "scores must be finite"),
        (lambda: fusion.chebyshev(NAN, [1, 1]), "scores must be finite"),
        (lambda: fusion.chebyshev(GOOD, [1, -1]), "weights must not be negative, received -1.0"),
        (lambda: fusion.chebyshev(GOOD, [1, 1], [1, np.nan]), "ideal must be finite"),
        (lambda: fusion.chebyshev_weights([1, 1], [1, 2]), "ideal must be above the point"),
        (lambda: fusion.chebyshev_weights([1, 1], [2]), "must have one shape"),
        (lambda: fusion.cascade(NAN, [2, 1]), "scores must be finite"),
        (lambda: fusion.cascade(GOOD, [1, 2]), r"never grow, received \[1, 2\]"),
        (lambda: fusion.cascade(GOOD, [2]), "keep must be 2 positive integers"),
        (lambda: fusion.cascade(GOOD, [2, 0]), "keep must be 2 positive integers"),
        (lambda: fusion.price_weighted([np.nan], [0.1], [1]), "ctr must be finite"),
        (lambda: fusion.price_weighted([0.1], [1.1], [1]), r"cvr must be in \[0, 1\]"),
        (lambda: fusion.price_weighted([0.1], [1.1], [1]), r"received 1\.1 to 1\.1"),
        (lambda: fusion.price_weighted([0.1], [0.1], [0]), "price must be positive"),
        (lambda: fusion.price_weighted([0.1], [0.1], [1], [1, 2]), r"exponent must be one number, .* \(2,\)"),
        (lambda: fusion.price_weighted([0.1], [0.1, 0.2], [1]), "must have one shape"),
        (lambda: fusion.price_weighted([0.1], [0.1], [1], np.nan), "exponent must be finite"),
        (lambda: fusion.z_score(NAN), "scores must be finite"),
        (lambda: fusion.pareto_front(NAN), "scores must be finite"),
    ],
)
def test_bad_input_names_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()


ONES = np.ones((3, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fusion.cascade(ONES, 3), "keep must be 2 positive integers that never grow, received 3"),
        (lambda: fusion.cascade(ONES, [2.5, 1.0]), "keep must be 2 positive integers"),
        (lambda: fusion.cascade(ONES, None), "keep must be 2 positive integers"),
        (lambda: fusion.weighted_sum([["a", "b"]], [1, 2]), "scores must be real numbers"),
        (lambda: fusion.weighted_sum([[1, 2], [1]], [1, 2]), "scores must be real numbers"),
        (lambda: fusion.weighted_sum(ONES * 1j, [1, 2]), "scores must be real numbers"),
        (lambda: fusion.weighted_sum(ONES, ["x", "y"]), "weights must be real numbers"),
        (lambda: fusion.chebyshev_weights("a", [1]), "point must be real numbers"),
        (lambda: fusion.power_product(ONES, [1, 1], [1, 2, 3]), "epsilon must hold one number a column, 2"),
        (lambda: fusion.power_product(ONES, [1, 1], "x"), "epsilon must be real numbers"),
        (lambda: fusion.price_weighted([0.5], [0.5], [1], [1, 2]), "exponent must be one number"),
        (lambda: fusion.reciprocal_rank_fusion(ONES, k=None), "k must be finite"),
        (lambda: fusion.reciprocal_rank_fusion(ONES, k=np.inf), "k must be finite, received inf"),
        (lambda: fusion.reciprocal_rank_fusion(ONES, k=[1, 2]), "k must be one number"),
        (lambda: fusion.weight_grid(2.5, 2), "num_columns must be a positive integer, received 2.5"),
        (lambda: fusion.weight_grid(2, None), "steps must be a positive integer, received None"),
        (lambda: fusion.random_weights(2, 2.5), "count must be a positive integer, received 2.5"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
