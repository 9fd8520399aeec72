import numpy as np
import tensorflow as tf

from recnotes.layers.dice_mlp import DiceMLP
from recnotes.layers.mlp import MLP


def build(rng):
    mlp = DiceMLP([5, 4], 2, seed=0, dtype="float64")
    mlp.build((None, 3))
    for weight in mlp.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    return mlp


def test_equals_the_formula_layer_by_layer():
    for training in (False, True):
        rng = np.random.default_rng(1)
        mlp, a = build(rng), rng.normal(size=(7, 3))
        found = mlp(tf.constant(a), training=training)
        for dense, dice in zip(mlp.hidden_layers, mlp.dices, strict=True):
            s = a @ dense.kernel.numpy() + dense.bias.numpy()
            mean, variance = (s.mean(0), s.var(0)) if training else (0.0, 1.0)
            p = 1 / (1 + np.exp(-(s - mean) / np.sqrt(variance + 1e-8)))
            a = p * s + (1 - p) * dice.alpha.numpy() * s
        expected = a @ mlp.output_layer.kernel.numpy() + mlp.output_layer.bias.numpy()
        # float64 on both sides; epsilon 1e-8 is a float32 constant in TensorFlow.
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_slope_one_is_a_linear_network():
    rng = np.random.default_rng(2)
    mlp, linear, a = build(rng), MLP([5, 4], 2, "linear", dtype="float64"), rng.normal(size=(7, 3))
    linear.build((None, 3))
    for dice in mlp.dices:
        dice.alpha.assign(np.ones(dice.alpha.shape))
    for ours, theirs in zip(
        [*linear.hidden_layers, linear.output_layer], [*mlp.hidden_layers, mlp.output_layer], strict=True
    ):
        ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(mlp(tf.constant(a)), linear(tf.constant(a)), rtol=1e-12, atol=1e-12)


def test_config():
    mlp = DiceMLP([5, 4], 2, dropout=0.1, seed=3)
    assert DiceMLP.from_config(mlp.get_config()).get_config() == mlp.get_config()
