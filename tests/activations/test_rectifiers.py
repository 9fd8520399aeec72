import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.activations import PReLU, leaky_relu, prelu, relu
from recnotes.layers.mlp import MLP
from recnotes.oracles.activations import prelu_loops


@pytest.mark.parametrize("seed", range(3))
def test_values_and_gradients_are_the_loops(seed):
    rng = np.random.default_rng(seed)
    x, slopes, c = rng.normal(size=(5, 4)), rng.normal(size=4), rng.normal(size=(5, 4))
    cases = [
        (lambda z, a: prelu(z, a), slopes),
        (lambda z, a: leaky_relu(z, 0.03), np.full(4, 0.03)),
        (lambda z, a: relu(z), np.zeros(4)),
    ]
    for call, alpha in cases:
        z, a = tf.Variable(x), tf.Variable(alpha)
        with tf.GradientTape() as tape:
            y = call(z, a)
            loss = tf.reduce_sum(c * y)
        np.testing.assert_allclose(y, prelu_loops(x, alpha), rtol=0, atol=1e-15)
        by_z, by_a = tape.gradient(loss, [z, a])
        np.testing.assert_allclose(by_z, c * np.where(x > 0, 1.0, alpha), rtol=0, atol=1e-15)
        if by_a is not None:
            np.testing.assert_allclose(by_a, (c * np.minimum(x, 0)).sum(0), rtol=0, atol=1e-14)


def test_the_layer_starts_at_a_quarter_learns_its_slopes_and_comes_back(tmp_path):
    x = np.random.default_rng(0).normal(size=(4, 3, 5)).astype(np.float32)
    layer = PReLU()
    np.testing.assert_array_equal(layer(x), np.where(x > 0, x, np.float32(0.25) * x))
    assert layer.alpha.shape == (5,) and layer.compute_output_shape((None, 5)) == (None, 5)
    theirs = keras.layers.PReLU(keras.initializers.Constant(0.25), shared_axes=[1])
    np.testing.assert_array_equal(layer(x), theirs(x))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x))
    assert np.all(tape.gradient(loss, layer.trainable_variables)[0].numpy() < 0)
    model = keras.Sequential(
        [keras.layers.Input((5,)), keras.layers.Dense(3), PReLU(0.1), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    model.fit(x[:, 0], x[:, 0, :1], verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    assert loaded.layers[1].initial_slope == 0.1
    np.testing.assert_array_equal(loaded.predict(x[:, 0], verbose=0), model.predict(x[:, 0], verbose=0))


def test_functions_survive_saving_as_the_activation_of_a_network(tmp_path):
    model = keras.Sequential([keras.layers.Input((5,)), MLP([4], 1, leaky_relu, seed=0)])
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    x = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    np.testing.assert_array_equal(loaded(x), model(x))


def test_large_inputs_and_half_precision_stay_finite():
    z = tf.constant([[-6e4, 6e4, 0.0]], tf.float16)
    for call in (relu, leaky_relu, lambda z: prelu(z, tf.ones([3], tf.float16))):
        with tf.GradientTape() as tape:
            tape.watch(z)
            y = call(z)
        assert y.dtype == tf.float16 and np.isfinite(y).all() and np.isfinite(tape.gradient(y, z)).all()
    assert PReLU(dtype="mixed_float16")(z).dtype == tf.float16
    assert relu(tf.zeros([0, 3])).shape == PReLU()(tf.zeros([0, 3])).shape == (0, 3)


def test_bad_input():
    with pytest.raises(ValueError, match=r"slope must not be negative, received -0.1"):
        leaky_relu(tf.zeros([2]), -0.1)
    with pytest.raises(ValueError, match=r"input must be \[..., U\] with U known, received \(3,\)"):
        PReLU()(tf.zeros([3]))
