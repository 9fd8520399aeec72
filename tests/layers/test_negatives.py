import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.layers.negatives import sample_negatives


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
