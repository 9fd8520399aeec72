import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recnotes.metrics import auc, gauc, positive_negative_ratio
from recnotes.oracles.ctr import gauc_loops, pair_counts


@given(st.integers(2, 30), st.integers(1, 5), st.integers(0, 9999))
@settings(max_examples=60, deadline=None)
def test_equal_the_loops(b, users, seed):
    rng = np.random.default_rng(seed)
    y, s, g = (
        rng.integers(0, 2, b).astype(float),
        rng.integers(0, 4, b).astype(float),
        rng.integers(0, users, b),
    )
    expected = gauc_loops(y, s, g)
    assume(not math.isnan(expected))
    assert gauc(y, s, g) == pytest.approx(expected, abs=1e-12)
    names = np.array([f"user {user}" for user in g])
    shifted = s + 100 * g
    assert gauc(y, shifted, names) == pytest.approx(expected, abs=1e-12)
    grades = rng.integers(0, 4, b).astype(float)
    right, wrong = pair_counts(grades, s, g)
    if right + wrong:
        assert positive_negative_ratio(grades, s, g) == (right / wrong if wrong else math.inf)


def test_one_user_is_the_plain_auc():
    rng = np.random.default_rng(0)
    y, s, one = np.arange(40) % 2, rng.normal(size=40), np.zeros(40, int)
    area = auc(y, s)
    assert gauc(y, s, one) == pytest.approx(area)
    assert positive_negative_ratio(y, s, one) == pytest.approx(area / (1 - area))


def test_what_only_tells_users_apart_is_worth_nothing():
    g = np.repeat([0, 1], 10)
    y = np.r_[np.ones(9), 0, np.zeros(9), 1]
    assert auc(y, -g) == pytest.approx(0.9)
    assert gauc(y, -g, g) == 0.5


@pytest.mark.parametrize("metric", [gauc, positive_negative_ratio])
def test_bad_input(metric):
    for arguments, message in (
        (([1, 0], [1.0], [0, 0]), r"one shape \[B\], received \(2,\), \(1,\) and \(2,\)"),
        (([1, 0], [1.0, 2.0], [0]), "labels, scores and groups must have one shape"),
        (([1, 0], [1.0, np.nan], [0, 0]), "scores must hold no NaN, received one at row 1"),
        (([np.nan, 0], [1.0, 2.0], [0, 0]), "labels must hold no NaN, received one at row 0"),
        (([1, 0], [1.0, 2.0], [0, 1]), "received none among 2 groups"),
        (([], [], []), "received none among 0 groups"),
    ):
        with pytest.raises(ValueError, match=message):
            metric(*arguments)
    with pytest.raises(ValueError, match="labels must be 0 or 1, received 2.0"):
        gauc([2, 1, 0], [1.0, 2.0, 3.0], [0, 1, 1])
