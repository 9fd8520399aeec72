import numpy as np
import tensorflow as tf

from recnotes.layers.mlp import MLP
from recnotes.layers.normalized_mlp import NormalizedMLP
from recnotes.oracles.parts import run


def build(rng, **kwargs):
    mlp = NormalizedMLP([4, 3], 2, "tanh", dtype="float64", **kwargs)
    mlp.build((None, 5))
    for weight in mlp.weights:  # positive where it is a variance
        weight.assign(0.1 + rng.random(weight.shape))
    return mlp


def test_outside_of_training_it_equals_the_loops():
    rng = np.random.default_rng(0)
    mlp, a = build(rng), rng.normal(size=(6, 5))
    np.testing.assert_allclose(mlp(a), [run(mlp, row) for row in a], rtol=1e-10)


def test_in_training_it_takes_the_batch_and_moves_the_averages():
    rng = np.random.default_rng(1)
    mlp, a = build(rng), rng.normal(size=(6, 5))
    before, h = np.asarray(mlp.norms[0].moving_mean), a
    first = a @ np.asarray(mlp.hidden_layers[0].kernel) + np.asarray(mlp.hidden_layers[0].bias)
    for dense, norm in zip(mlp.hidden_layers, mlp.norms, strict=True):
        z = h @ np.asarray(dense.kernel) + np.asarray(dense.bias)
        scaled = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-3)
        h = np.tanh(np.asarray(norm.gamma) * scaled + np.asarray(norm.beta))
    y = h @ np.asarray(mlp.output_layer.kernel) + np.asarray(mlp.output_layer.bias)
    np.testing.assert_allclose(mlp(a, training=True), y, rtol=1e-6)  # Keras keeps its epsilon in float32
    moved = 0.99 * before + 0.01 * first.mean(axis=0)
    np.testing.assert_allclose(mlp.norms[0].moving_mean, moved, rtol=1e-6)


def test_fresh_statistics_leave_almost_the_plain_network():
    a = tf.random.stateless_normal([6, 5], [0, 1])
    plain, normalized = MLP([4, 3], 2, "tanh", seed=0), NormalizedMLP([4, 3], 2, "tanh", seed=0)
    # mean 0 and variance 1 at the start, and an epsilon of 1e-3 beside the variance
    np.testing.assert_allclose(normalized(a), plain(a), atol=2e-3)


def test_config_and_seeds():
    layer = NormalizedMLP([4], 1, "tanh", 0.25, 3)
    assert NormalizedMLP.from_config(layer.get_config()).get_config() == layer.get_config()
    assert layer.get_config()["activation"] == "tanh"
