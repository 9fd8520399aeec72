import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.layers.mlp import MLP
from recnotes.oracles.deepfm import hidden


def weights(mlp):
    return (
        [np.asarray(layer.kernel, np.float64) for layer in mlp.hidden_layers],
        [np.asarray(layer.bias, np.float64) for layer in mlp.hidden_layers],
    )


@given(width=st.integers(1, 5), units=st.lists(st.integers(1, 6), max_size=3))
@settings(max_examples=10, deadline=None)
def test_equals_loops_with_gradient(width, units):
    rng = np.random.default_rng(0)
    mlp = MLP(units, seed=1, dtype="float64")
    a = tf.Variable(rng.normal(size=(3, width)))
    mlp.build(a.shape)
    for layer in mlp.hidden_layers:
        layer.bias.assign(rng.normal(size=layer.bias.shape))
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(mlp(a))
    gradient = tape.gradient(y, a).numpy()
    loops = np.array([hidden(row, *weights(mlp)) for row in a.numpy()])
    np.testing.assert_allclose(mlp(a), loops, atol=1e-12)
    step = np.zeros(width)
    step[0] = 1e-6
    up, down = (hidden(a.numpy()[0] + s, *weights(mlp)).sum() for s in (step, -step))
    assert abs((up - down) / 2e-6 - gradient[0, 0]) < 1e-6


def test_hand_computed():
    mlp = MLP([2], output_units=1)
    mlp.build((None, 2))
    mlp.hidden_layers[0].kernel.assign([[1.0, -1.0], [1.0, 1.0]])
    mlp.output_layer.kernel.assign([[2.0], [10.0]])
    mlp.output_layer.bias.assign([0.5])
    assert mlp(tf.constant([[3.0, 1.0]])).numpy().tolist() == [[8.5]]  # relu(4), relu(-2)


def test_layers_start_differently_and_reproducibly():
    mlp, same, other = (MLP([4, 4], output_units=4, seed=s) for s in (0, 0, 1))
    for m in (mlp, same, other):
        m.build((None, 4))
    kernels = [np.asarray(layer.kernel) for layer in [*mlp.hidden_layers, mlp.output_layer]]
    assert not np.array_equal(kernels[0], kernels[1]) and not np.array_equal(kernels[1], kernels[2])
    np.testing.assert_array_equal(kernels[0], same.hidden_layers[0].kernel)
    assert not np.array_equal(kernels[0], other.hidden_layers[0].kernel)


def test_dropout_is_a_share_dropped_and_only_in_training():
    mlp = MLP([1000], dropout=0.2, seed=0)
    x = tf.ones([1, 4])
    trained, served = mlp(x, training=True).numpy(), mlp(x).numpy()
    alive = served > 0
    assert 0.15 < (trained[alive] == 0).mean() < 0.25
    kept = alive & (trained > 0)
    np.testing.assert_allclose(trained[kept], served[kept] / 0.8, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    inputs = keras.Input([3])
    model = keras.Model(inputs, MLP([4, 2], 1, "tanh", 0.5, seed=3)(inputs))
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    np.testing.assert_array_equal(model(x), loaded(x))
    assert loaded.layers[-1].get_config() == model.layers[-1].get_config()
    assert model.output_shape == (None, 1)


def test_bad_arguments():
    for kwargs in ({"hidden_units": [0]}, {"hidden_units": [1], "output_units": 0}):
        with pytest.raises(ValueError, match="must be positive"):
            MLP(**kwargs)
    with pytest.raises(ValueError, match="dropout must be"):
        MLP([1], dropout=1.0)
