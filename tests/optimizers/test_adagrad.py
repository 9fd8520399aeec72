import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.optimizers import RowAdagrad
from recnotes.oracles.optimizers import adagrad_step, summed_rows


def test_equals_the_loops_and_keras_whatever_the_batches_hold():
    rng = np.random.default_rng(0)
    start = rng.normal(size=(9, 4)).astype(np.float32)
    mine, theirs, table = keras.Variable(start), keras.Variable(start), start.astype(np.float64)
    a = np.full([9, 4], 0.1)
    one, two = RowAdagrad(0.3), keras.optimizers.Adagrad(0.3)
    for _ in range(30):
        # Two rows a step, one of them twice: a sum of two numbers has no order.
        indices, values = rng.permutation(9)[[0, 1, 0]], rng.normal(size=(3, 4)).astype(np.float32)
        one.apply([tf.IndexedSlices(tf.constant(values), tf.constant(indices), [9, 4])], [mine])
        two.apply([tf.math.unsorted_segment_sum(values, indices, 9)], [theirs])
        adagrad_step(table, a, summed_rows(indices, values), 0.3)
    np.testing.assert_array_equal(mine.numpy(), theirs.numpy())  # to the bit
    np.testing.assert_array_equal(one.variables[-1].numpy(), two.variables[-1].numpy())
    np.testing.assert_allclose(mine.numpy(), table, atol=5e-6)  # float32 against float64, 30 steps of ~0.1
    np.testing.assert_allclose(one.variables[-1].numpy(), a, rtol=1e-5)


@pytest.mark.parametrize("kind, a", [(RowAdagrad, 16.0), (keras.optimizers.Adagrad, 10.0)])
def test_a_duplicate_is_added_before_it_is_squared(kind, a):
    table = keras.Variable([[1.0], [1.0]])
    optimizer = kind(0.5, initial_accumulator_value=0.0)
    slices = tf.IndexedSlices(tf.constant([[3.0], [1.0]]), tf.constant([1, 1]), [2, 1])
    optimizer.apply([slices], [table])
    assert optimizer.variables[-1].numpy().ravel().tolist() == [0.0, a]  # the docstring's numbers
