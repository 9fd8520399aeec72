import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.optimizers import LazyAdam
from recnotes.oracles.optimizers import lazy_adam_step, summed_rows


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.8)])
def test_equals_the_loops(betas):
    rng = np.random.default_rng(0)
    start = rng.normal(size=(9, 4)).astype(np.float32)
    variable, table = keras.Variable(start), start.astype(np.float64)
    dense, other = keras.Variable(start), start.astype(np.float64)
    m, v, p, q = (np.zeros([9, 4]) for _ in range(4))
    optimizer = LazyAdam(0.1, *betas)
    for t in range(1, 20):
        indices, values = rng.integers(0, 9, 6), rng.normal(size=(6, 4)).astype(np.float32)
        g = rng.normal(size=(9, 4)).astype(np.float32)
        slices = tf.IndexedSlices(tf.constant(values), tf.constant(indices), [9, 4])
        optimizer.apply([slices, tf.constant(g)], [variable, dense])
        lazy_adam_step(table, m, v, summed_rows(indices, values), 0.1, t, *betas)
        lazy_adam_step(other, p, q, summed_rows(range(9), g), 0.1, t, *betas)
    # float32 against float64, 20 steps of 0.1; where a moment's root is small, its rounding counts more.
    np.testing.assert_allclose(variable.numpy(), table, atol=2e-5)
    np.testing.assert_allclose(dense.numpy(), other, atol=2e-5)


def test_amsgrad_equals_keras():
    rng = np.random.default_rng(0)
    start = rng.normal(size=(5, 2)).astype(np.float32)
    mine = [keras.Variable(start), keras.Variable(start)]
    theirs = [keras.Variable(start), keras.Variable(start)]
    one = LazyAdam(0.1, beta_2=0.5, amsgrad=True)
    two = keras.optimizers.Adam(0.1, beta_2=0.5, amsgrad=True)
    for _ in range(8):
        g = tf.constant(rng.normal(size=(5, 2)), tf.float32)
        one.apply([tf.IndexedSlices(g, tf.range(5), [5, 2]), g], mine)
        two.apply([g, g], theirs)
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-6)


def test_the_numbers_of_the_docstring():
    """One gradient of 1, then none: Adam goes on moving the row, LazyAdam does not."""
    tables = [keras.Variable([[0.0], [0.0]]) for _ in range(2)]
    lazy, adam = LazyAdam(0.001), keras.optimizers.Adam(0.001)
    for step in range(20):
        row = 0 if step == 0 else 1  # the other row is read at all other steps
        lazy.apply([tf.IndexedSlices(tf.ones([1, 1]), tf.constant([row]), [2, 1])], tables[:1])
        adam.apply([tf.one_hot([row], 2, axis=0)], tables[1:])
    moved = [round(-float(table.numpy()[0, 0]), 4) for table in tables]
    assert moved == [0.001, 0.0053]
    for number in ("0.0010 in all with LazyAdam", "by 0.0053"):
        assert number in (LazyAdam.__doc__ or "")
