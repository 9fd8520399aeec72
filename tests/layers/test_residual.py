import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers.residual import ResidualUnit
from recnotes.oracles.deep_crossing import residual_unit


def build(units, width, rng):
    unit = ResidualUnit(units, dtype="float64")
    unit.build((None, width))
    for weight in unit.weights:
        weight.assign(rng.normal(size=weight.shape))
    return unit


def loops(unit, x):
    w0, b0, w1, b1 = (np.asarray(w) for w in (unit.w0, unit.b0, unit.w1, unit.b1))
    return np.array([residual_unit(row, w0.T, b0, w1.T, b1) for row in x])


def test_hand_computed():
    unit = ResidualUnit(1)
    unit.build((None, 2))
    unit.set_weights(
        [np.array([[1.0], [2.0]]), np.array([-1.0]), np.array([[3.0, -3.0]]), np.array([0.5, 0.0])]
    )
    # h = max(0, 1 + 4 − 1) = 4; (12 + 0.5 + 1, −12 + 2)
    assert unit(tf.constant([[1.0, 2.0]])).numpy().tolist() == [[13.5, 0.0]]


@pytest.mark.parametrize("seed", range(4))
def test_equals_the_loops_with_gradients(seed):
    rng = np.random.default_rng(seed)
    width, units = rng.integers(1, 6, 2)
    unit, x = build(int(units), int(width), rng), rng.normal(size=(4, width))
    np.testing.assert_allclose(unit(tf.constant(x)), loops(unit, x), rtol=1e-12, atol=1e-12)
    g = rng.normal(size=x.shape)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(unit(tf.constant(x)) * g)
    found = tape.gradient(y, [w.value for w in unit.trainable_weights])
    for weight, gradient in zip(unit.trainable_weights, found, strict=True):
        before = weight.numpy()
        for position in np.ndindex(before.shape):
            values = []
            for sign in (1, -1):
                step = before.copy()
                step[position] += sign * 1e-6
                weight.assign(step)
                values.append((loops(unit, x) * g).sum())
            weight.assign(before)
            # Linear between the kinks, so only rounding is left: 1e-16 · 10 / 1e-6.
            assert abs((values[0] - values[1]) / 2e-6 - gradient.numpy()[position]) < 1e-7


def test_zero_weights_are_the_identity_where_nothing_is_negative():
    unit = ResidualUnit(7)
    unit.build((None, 3))
    unit.set_weights([np.zeros(w.shape) for w in unit.weights])
    x = tf.Variable([[1.0, 0.0, 2.0], [3.0, -4.0, 5.0]])
    with tf.GradientTape() as tape:
        y = unit(x)
    assert y.numpy().tolist() == [[1, 0, 2], [3, 0, 5]]
    assert tape.gradient(y, x).numpy().tolist() == [[1, 0, 1], [1, 0, 1]]  # 1 through the skip where active


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    inputs = keras.Input([3])
    model = keras.Model(inputs, ResidualUnit(5, seed=2)(inputs))
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    np.testing.assert_array_equal(model(x), loaded(x))
    assert loaded.layers[-1].get_config() == model.layers[-1].get_config()
    assert model.output_shape == (None, 3)


def test_bad_input():
    with pytest.raises(ValueError, match="units must be"):
        ResidualUnit(0)
    with pytest.raises(ValueError, match=r"x must be \[B, I\]"):
        ResidualUnit(2)(tf.zeros([2, 3, 4]))
