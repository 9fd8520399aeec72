import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.optimizers import RowFtrl
from recnotes.oracles.optimizers import ftrl_step, summed_rows

NAMES = {
    "power": "learning_rate_power",
    "l1": "l1_regularization_strength",
    "l2": "l2_regularization_strength",
    "shrinkage": "l2_shrinkage_regularization_strength",
    "beta": "beta",
}


@pytest.mark.parametrize(
    "options",
    [{}, {"l1": 0.5, "l2": 0.1}, {"shrinkage": 0.2, "beta": 1.0}, {"power": -0.7, "l1": 0.2}],
    ids=str,
)
def test_equals_the_loops(options):
    rng = np.random.default_rng(0)
    start = rng.normal(size=(9, 4)).astype(np.float32)
    variable, table = keras.Variable(start), start.astype(np.float64)
    n, z = np.full([9, 4], 0.1), np.zeros([9, 4])
    optimizer = RowFtrl(0.1, **{NAMES[name]: value for name, value in options.items()})
    for _ in range(20):
        indices, values = rng.integers(0, 7, 6), rng.normal(size=(6, 4)).astype(np.float32)
        optimizer.apply([tf.IndexedSlices(tf.constant(values), tf.constant(indices), [9, 4])], [variable])
        ftrl_step(table, n, z, summed_rows(indices, values), 0.1, **options)
    np.testing.assert_allclose(variable.numpy(), table, atol=2e-5)  # float32 against float64 over 20 steps
    np.testing.assert_array_equal(variable.numpy()[7:], start[7:])


def test_the_numbers_of_the_docstring():
    """Keras's dense step sets rows it has never seen to 0."""
    tables = [keras.Variable([[0.05], [0.05], [0.05]]) for _ in range(2)]
    slices = tf.IndexedSlices(tf.constant([[0.4]]), tf.constant([0]), [3, 1])
    keras.optimizers.Ftrl(0.001).apply([tf.constant([[0.4], [0.0], [0.0]])], tables[:1])
    RowFtrl(0.001).apply([slices], tables[1:])
    dense, rows = (table.numpy().ravel().astype(float).round(4).tolist() for table in tables)
    text = " ".join((RowFtrl.__doc__ or "").split())
    assert dense == [dense[0], 0, 0] and rows == [dense[0], 0.05, 0.05]
    assert f"({dense[0]:.4f}, 0, 0) after" in text and f"({rows[0]:.4f}, 0.05, 0.05) with this one" in text, (
        rows
    )
