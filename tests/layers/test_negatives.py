import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.layers.negatives import sample_negatives, sample_popular


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=7), st.integers(0, 2**31 - 1))
def test_draws_are_in_range_and_not_excluded(row, seed):
    drawn = sample_negatives(tf.constant([row, [0] * len(row)]), 9, [4, 3], [seed, 0]).numpy()
    assert drawn.shape == (2, 4, 3) and drawn.min() >= 1 and drawn.max() <= 9
    assert not set(drawn[0].ravel()) & set(row)


def test_uniform_over_what_is_left():
    row = tf.constant([[4, 1, 4, 0, 9, 2]])
    drawn = sample_negatives(row, 10, [60_000], [3, 4]).numpy()
    count = np.bincount(drawn[0], minlength=11)
    left = [3, 5, 6, 7, 8, 10]
    assert count[left].sum() == 60_000
    assert np.abs(count[left] - 10_000).max() < 5 * np.sqrt(10_000 * 5 / 6)


def test_a_seed_repeats_inside_a_graph():
    row = tf.constant([[4, 1, 4, 0, 9, 2]], tf.int64)
    draw = tf.function(lambda seed: sample_negatives(row, 10, [tf.constant(3), 2], seed))
    a, b, c = (draw(tf.constant(seed)).numpy() for seed in ([1, 2], [1, 2], [2, 2]))
    assert a.dtype == np.int64 and (a == b).all() and (a != c).any()


def test_nothing_left():
    with pytest.raises(tf.errors.InvalidArgumentError, match="must leave an item"):
        sample_negatives(tf.constant([[1, 2, 3]]), 3, [1], [0, 0])


@pytest.mark.parametrize("alpha", [0.0, 0.75, 1.0])
def test_popular_items_are_drawn_by_the_power_of_their_clicks(alpha):
    clicks = np.array([9.0, 0.0, 1.0, 4.0, 0.0])
    found = sample_popular(tf.constant(clicks), alpha, [300, 100], seed=[1, 2]).numpy()
    assert found.shape == (300, 100) and found.dtype == np.int32
    p = clicks**alpha / (clicks**alpha).sum()
    share = np.bincount(found.ravel(), minlength=6)[1:] / found.size
    assert (share[p == 0] == 0).all()
    np.testing.assert_allclose(share, p, atol=4 * np.sqrt(0.25 / found.size))  # four standard deviations
    again = sample_popular(tf.constant(clicks), alpha, [300, 100], seed=[1, 2]).numpy()
    other = sample_popular(tf.constant(clicks), alpha, [300, 100], seed=[1, 3]).numpy()
    np.testing.assert_array_equal(found, again)
    assert (found != other).any()


def test_popular_draws_equal_a_walk_along_the_shares():
    clicks = [2.0, 0.0, 3.0, 1.0]
    u = tf.random.stateless_uniform([50], [4, 5], dtype=tf.float64).numpy()
    expected = []
    for x in u:
        total, item = 0.0, 0
        while x * sum(s**0.5 for s in clicks) >= total:
            item += 1
            total += clicks[item - 1] ** 0.5
        expected.append(item)
    assert sample_popular(tf.constant(clicks), 0.5, [50], seed=[4, 5]).numpy().tolist() == expected
