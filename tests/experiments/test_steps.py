"""An epoch of steps against the same steps by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from experiments.steps import compiled_epoch


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 0, 3, 1, 2]])
def test_an_epoch_is_a_step_a_batch_in_the_order_given(order):
    x, y = np.array([1.0, 2.0, -1.0, 0.5, 3.0], np.float32), np.array([1.0, 0.0, 2.0, 1.0, -1.0], np.float32)
    model = keras.Sequential([keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    model.build((None, 1))

    def losses(batch):
        columns, label = batch
        error = model(columns["x"][:, None])[:, 0] - label
        return tf.reduce_mean(error**2), 3 * tf.reduce_mean(error**2)

    epoch = compiled_epoch(model, keras.optimizers.SGD(0.01), 2, losses)
    w, reported = 1.0, []
    for rows in (order[:2], order[2:4], order[4:]):  # the last batch is short
        error = w * x[rows] - y[rows]
        reported.append(np.mean(error**2))
        w -= 0.01 * 3 * np.mean(2 * error * x[rows])
    columns = {"x": tf.constant(x)}, tf.constant(y)
    assert epoch(columns, np.array(order)) == pytest.approx(np.mean(reported), rel=1e-5)
    assert float(model.weights[0][0, 0]) == pytest.approx(w, rel=1e-5)
