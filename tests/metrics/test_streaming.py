import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.metrics import StreamingAUC, auc


@given(st.integers(2, 60), st.integers(2, 50), st.integers(0, 9999))
@settings(max_examples=20, deadline=None)
def test_it_is_the_auc_of_the_bins(b, bins, seed):
    rng = np.random.default_rng(seed)
    y, z = np.arange(b) % 2, rng.normal(0, 3, b).astype(np.float32)
    metric = StreamingAUC(bins)
    cut = int(rng.integers(0, b + 1))
    for part in (slice(cut, None), slice(cut)):
        metric.update_state(y[part], z[part])
    binned = np.floor(tf.sigmoid(z).numpy() * bins)
    assert float(metric.result()) == pytest.approx(auc(y, binned), abs=1e-6)  # float32
    tied = (binned[y == 1][:, None] == binned[y == 0]).mean()
    assert abs(float(metric.result()) - auc(y, z)) <= tied / 2 + 1e-6


def test_edges():
    metric = StreamingAUC()
    assert float(metric.result()) == 0.5
    metric.update_state([1, 1], [0.0, 1.0])
    assert float(metric.result()) == 0.5
    metric.update_state([0, 0], [-1000.0, 1000.0])
    assert float(metric.result()) == 0.5  # one negative below both, one above
    metric.reset_state()
    assert int(tf.reduce_sum(metric.counts)) == 0
    assert StreamingAUC.from_config(StreamingAUC(16).get_config()).num_bins == 16


def test_in_fit():
    model = keras.Sequential([keras.Input([3]), keras.layers.Dense(1)])
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True), metrics=[StreamingAUC()])
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3)).astype(np.float32)
    y = (x.sum(1) + rng.normal(size=300) > 0).astype(np.float32)[:, None]
    model.fit(x, y, verbose=0)
    found = model.evaluate(x, y, batch_size=7, verbose=0, return_dict=True)["auc"]
    # Random pairs out of 150 x 150 share one of 8,192 bins less than once in 1,000.
    assert found == pytest.approx(auc(y[:, 0], model(x)[:, 0].numpy()), abs=1e-3)


def test_bad_input():
    with pytest.raises(ValueError, match="num_bins must be at least 2, received 1"):
        StreamingAUC(1)
    with pytest.raises(ValueError, match="of one size"):
        StreamingAUC().update_state([1, 0], [1.0])
    with pytest.raises(ValueError, match="sample_weight must be None, received list"):
        StreamingAUC().update_state([1], [1.0], [1.0])
    for y, z, message in (([2], [0.0], "0 or 1"), ([np.nan], [0.0], "0 or 1"), ([1], [np.nan], "not be NaN")):
        metric = StreamingAUC()
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            metric.update_state(y, z)
        assert int(tf.reduce_sum(metric.counts)) == 0


def test_what_xla_lets_pass_makes_the_result_nan():
    for y, z in (([2.0, 0.0], [0.0, 1.0]), ([1.0, 0.0], [np.nan, 1.0]), ([np.nan, 0.0], [0.0, 1.0])):
        metric = StreamingAUC(16)
        update = tf.function(lambda y, z: metric.update_state(y, z), jit_compile=True)  # noqa: B023
        update(tf.constant([1.0, 0.0]), tf.constant([2.0, -1.0]))
        assert float(metric.result()) == 1
        update(tf.constant(y), tf.constant(z))
        assert np.isnan(float(metric.result()))
        metric.reset_state()
        update(tf.constant([1.0, 0.0]), tf.constant([2.0, -1.0]))
        assert float(metric.result()) == 1
