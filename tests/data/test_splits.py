import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recnotes.data import leave_one_out, random_rows, temporal

# A log of three users, rows shuffled; user 5 has two rows with one timestamp.
USER = np.array([5, 3, 5, 9, 3, 5, 3, 5, 9])
TIME = np.array([20, 1, 10, 4, 3, 30, 2, 30, 5])


def test_leave_one_out_by_hand():
    split = leave_one_out(USER, TIME)
    # In time, user 3 has rows 1, 6, 4; user 5 has 2, 0, and 5, 7 at one moment; user 9 has too few.
    np.testing.assert_array_equal(split.train, [1, 2, 0, 3, 8])
    np.testing.assert_array_equal(split.validation, [6, 5])
    np.testing.assert_array_equal(split.test, [4, 7])


def test_leave_one_out_with_longer_minimum():
    split = leave_one_out(USER, TIME, min_length=4)
    np.testing.assert_array_equal(split.test, [7])
    assert set(split.train) == {0, 1, 2, 3, 4, 6, 8}


def test_temporal_by_hand():
    split = temporal(TIME, validation=0.25, test=0.12)
    # Sorted times: 1 2 3 4 5 10 20 30 30. One test row asked for, but the last two share a moment.
    np.testing.assert_array_equal(split.test, [5, 7])
    np.testing.assert_array_equal(split.validation, [2, 0])
    np.testing.assert_array_equal(split.train, [1, 6, 4, 3, 8])


def test_temporal_empty_parts_take_no_ties():
    split = temporal([1, 2, 2], validation=0.0, test=0.0)
    np.testing.assert_array_equal(split.train, [0, 1, 2])
    assert len(split.validation) == len(split.test) == 0
    split = temporal([1, 2, 2], validation=0.3, test=0.0)
    np.testing.assert_array_equal(split.validation, [1, 2])


def test_temporal_that_leaves_nothing():
    with pytest.raises(ValueError, match="leave rows to train on"):
        temporal([1, 1, 1], test=0.4)


def _disjoint_and_complete(split, n):
    np.testing.assert_array_equal(np.sort(np.concatenate(split)), np.arange(n))


rows = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), min_size=1, max_size=40)


@given(rows)
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_leave_one_out_never_leaks(log):
    user, time = np.array(log).T
    split = leave_one_out(user, time)
    _disjoint_and_complete(split, len(log))
    np.testing.assert_array_equal(user[split.validation], user[split.test])
    assert len(np.unique(user[split.test])) == len(split.test)
    for v, t in zip(split.validation, split.test, strict=True):
        own = split.train[user[split.train] == user[t]]
        assert len(own) >= 1
        assert (time[own] <= time[v]).all()
        assert time[v] <= time[t]


@given(rows, st.floats(0, 0.45), st.floats(0, 0.45))
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_temporal_never_leaks(log, validation, test):
    time = np.array(log)[:, 1]
    try:
        split = temporal(time, validation=validation, test=test)
    except ValueError:
        held = round(validation * len(time)) + round(test * len(time))
        assert len(np.unique(time)) < len(time) or held >= len(time)  # ties, or two halves rounded up
        return
    _disjoint_and_complete(split, len(log))
    past = split.train
    for part in split[1:]:
        if len(part):
            assert time[past].max() < time[part].min()
        past = np.concatenate([past, part])


@given(st.integers(0, 50), st.integers(0, 3))
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_random_rows(n, seed):
    split = random_rows(n, validation=0.2, test=0.3, seed=seed)
    _disjoint_and_complete(split, n)
    assert len(split.validation) == round(0.2 * n) and len(split.test) == round(0.3 * n)
    for a, b in zip(split, random_rows(n, validation=0.2, test=0.3, seed=seed), strict=True):
        np.testing.assert_array_equal(a, b)


def test_random_rows_depends_on_the_seed():
    assert not np.array_equal(random_rows(50, seed=0).test, random_rows(50, seed=1).test)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: leave_one_out([1, 2], [1]), "one length"),
        (lambda: leave_one_out([[1]], [1]), "user_id must have rank 1"),
        (lambda: leave_one_out([1], ["a"]), "timestamp must hold numbers"),
        (lambda: leave_one_out([1], [np.nan]), "timestamp must be finite"),
        (lambda: leave_one_out([1], [1], min_length=2), "min_length must be at least 3, received 2"),
        (lambda: temporal([1, 2], test=1.0), "summing to less than 1"),
        (lambda: random_rows(-1), "must not be negative, received -1"),
        (lambda: random_rows(9, validation=-0.1), "summing to less than 1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_empty_log():
    for split in (leave_one_out([], []), temporal([]), random_rows(0)):
        assert [len(part) for part in split] == [0, 0, 0]
