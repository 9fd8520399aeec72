import numpy as np
import pytest

from recnotes.data.sessions import (
    leave_last_out,
    markov_sessions,
    next_item_pairs,
    pack_sequences,
    prefix_pairs,
    transition_counts,
)


def test_shape_padding_and_seed():
    data = markov_sessions(50, 8, min_length=3, max_length=9, seed=4)
    length = (data.sessions > 0).sum(1)
    assert data.sessions.shape == (50, 9) and data.sessions.dtype == np.int32
    assert length.min() >= 3 and length.max() <= 9 and data.sessions.max() <= 8
    assert ((data.sessions > 0) == (np.arange(9) < length[:, None])).all()
    assert (markov_sessions(50, 8, min_length=3, max_length=9, seed=4).sessions == data.sessions).all()
    assert (markov_sessions(50, 8, min_length=3, max_length=9, seed=5).sessions != data.sessions).any()


def test_truth_is_a_distribution_with_few_successors():
    data = markov_sessions(2, 12, (1.0, 3.0), num_successors=2, noise=0.12)
    np.testing.assert_allclose(data.lag_weights, [0.25, 0.75])
    np.testing.assert_allclose(data.transitions.sum(-1), 1)
    assert ((data.transitions > 0.0101).sum(-1) <= 2).all()
    p = data.next_probabilities(np.array([[3, 5, 0], [4, 0, 0], [0, 0, 0]]))
    t = data.transitions
    np.testing.assert_allclose(p[0], 0.25 * t[0, 4] + 0.75 * t[1, 2])
    np.testing.assert_allclose(p[1], t[0, 3])
    np.testing.assert_allclose(p[2], 1 / 12)


def test_samples_follow_the_truth():
    data = markov_sessions(20_000, 4, (0.4, 0.6), min_length=3, max_length=3, num_successors=2, seed=1)
    s = data.sessions
    for first in range(1, 5):
        for second in range(1, 5):
            rows = (s[:, 0] == first) & (s[:, 1] == second)
            seen = np.bincount(s[rows, 2], minlength=5)[1:] / rows.sum()
            truth = data.next_probabilities(np.array([[first, second]]))[0]
            assert np.abs(seen - truth).max() < 5 * 0.5 / np.sqrt(rows.sum())


def test_pack_shift_and_leave_out():
    packed = pack_sequences([[4, 5], [1, 2, 3, 6], []], 3)
    assert packed.tolist() == [[4, 5, 0], [2, 3, 6], [0, 0, 0]]
    pairs = next_item_pairs(packed)
    assert pairs["history"].tolist() == [[4, 0], [2, 3], [0, 0]]
    assert pairs["next"].tolist() == [[5, 0], [3, 6], [0, 0]]
    rest, last = leave_last_out(packed)
    assert rest.tolist() == [[4, 0, 0], [2, 3, 0], [0, 0, 0]] and last.tolist() == [5, 6, 0]
    assert packed[0, 1] == 5


def test_prefixes_are_the_loops():
    sessions = markov_sessions(20, 8, min_length=1, max_length=6, seed=2).sessions
    history, target = [], []
    for row in sessions:
        for t in range(1, (row > 0).sum()):
            history.append([*row[:t], *[0] * (5 - t)])
            target.append(row[t])
    pairs = prefix_pairs(sessions)
    np.testing.assert_array_equal(pairs["history"], history)
    np.testing.assert_array_equal(pairs["target"], target)
    none = prefix_pairs(np.array([[3, 0], [0, 0]]))
    assert none["history"].shape == (0, 1) and none["target"].shape == (0,)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"lag_weights": (0, 0)}, "lag_weights must be"),
        ({"lag_weights": (-1, 2)}, "lag_weights must be"),
        ({"min_length": 0}, "min_length must be"),
        ({"min_length": 30}, "min_length must be"),
        ({"num_successors": 9}, "num_successors must be"),
        ({"noise": 1.5}, "noise must be"),
    ],
)
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        markov_sessions(3, 8, **kwargs)


def test_bad_sequences():
    with pytest.raises(ValueError, match="max_length must be positive, received 0"):
        pack_sequences([[1]], 0)
    with pytest.raises(ValueError, match="item ids must be at least 1, received 0 in row 1"):
        pack_sequences([[1], [2, 0]], 3)


def test_transition_counts_are_the_loops():
    rng = np.random.default_rng(0)
    sessions = rng.integers(1, 6, size=(20, 7)) * (np.arange(7) < rng.integers(0, 8, size=20)[:, None])
    counts = np.zeros((5, 5))
    for session in sessions:
        for item, following in zip(session[:-1], session[1:], strict=True):
            if following:
                counts[item - 1, following - 1] += 1
    assert transition_counts(next_item_pairs(sessions), 5).tolist() == counts.tolist()
    assert transition_counts(next_item_pairs(np.zeros((2, 3), int)), 4).sum() == 0
    with pytest.raises(ValueError, match="num_items must be at least 5, received 4"):
        transition_counts(next_item_pairs(np.array([[1, 5]])), 4)
