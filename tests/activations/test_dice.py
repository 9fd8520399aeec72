import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.activations import AuthorsDice, BatchDice, Dice, dice
from recnotes.oracles.activations import dice_batch, dice_din


def layer_with(alpha, kind=Dice):
    layer = kind(dtype="float64")
    layer.build([None, len(alpha)])
    layer.alpha.assign(alpha)
    return layer


def central_differences(f, x):
    gradient = np.zeros_like(x)
    for at in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[at] = 1e-5
        gradient[at] = (f(x + step) - f(x - step)) / 2e-5
    return gradient


@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 999))
@settings(max_examples=15, deadline=None)
def test_training_equals_the_loops(b, u, seed):
    rng = np.random.default_rng(seed)
    s, alpha = rng.normal(1, 2, (b, u)), rng.normal(size=u)
    for kind in Dice, BatchDice:
        y = layer_with(alpha, kind)(tf.constant(s), training=True)
        # One row: its mean is the row itself but for rounding, which ε = 1e-8 magnifies by 1e4.
        np.testing.assert_allclose(y, dice_batch(s, alpha), rtol=0, atol=1e-10)


def test_gradients_flow_through_the_statistics():
    rng = np.random.default_rng(0)
    s, alpha, c = rng.normal(size=(5, 3)), rng.normal(size=3), rng.normal(size=(5, 3))
    layer = layer_with(alpha)
    variable = tf.Variable(s)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(c * layer(variable, training=True))
    to_s, to_alpha = tape.gradient(loss, [variable, layer.alpha])
    # Central differences with step 1e-5 err by about 1e-10.
    np.testing.assert_allclose(
        to_s, central_differences(lambda x: (c * dice_batch(x, alpha)).sum(), s), atol=1e-8
    )
    np.testing.assert_allclose(
        to_alpha, central_differences(lambda a: (c * dice_batch(s, a)).sum(), alpha), atol=1e-8
    )


def test_the_authors_form():
    rng = np.random.default_rng(1)
    s, alpha, beta = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=3)
    layer = layer_with(alpha, AuthorsDice)
    np.testing.assert_array_equal(layer.beta, np.zeros(3))
    layer.beta.assign(beta)
    before = [w.numpy() for w in layer.weights]
    np.testing.assert_allclose(layer(tf.constant(s)), dice_din(s, alpha, beta), rtol=0, atol=1e-12)
    assert len(layer.weights) == 2
    for weight, old in zip(layer.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_unit_statistics_make_it_silu():
    rng = np.random.default_rng(2)
    s, alpha = rng.normal(size=(4, 3)), rng.normal(size=3)
    y = dice(tf.constant(s), alpha, np.zeros(3), np.full(3, 1 - 1e-8))
    np.testing.assert_allclose(y, alpha * s + (1 - alpha) * tf.nn.silu(s).numpy(), rtol=0, atol=1e-14)
    # A small variance makes the bend sharp: PReLU.
    sharp = dice(tf.constant(s), alpha, np.zeros(3), np.zeros(3))
    np.testing.assert_allclose(sharp, np.where(s > 0, s, alpha * s), rtol=0, atol=1e-12)


def test_moving_averages_are_those_of_batch_normalization():
    rng = np.random.default_rng(3)
    layer, norm = layer_with(np.zeros(3)), keras.layers.BatchNormalization(dtype="float64")
    for _ in range(5):
        s = tf.constant(rng.normal(2, 3, (7, 3)))
        layer(s, training=True)
        norm(s, training=True)
    np.testing.assert_allclose(layer.moving_mean, norm.moving_mean, rtol=0, atol=1e-12)
    np.testing.assert_allclose(layer.moving_variance, norm.moving_variance, rtol=0, atol=1e-12)
    s = rng.normal(size=(4, 3))
    inference = layer(tf.constant(s))
    np.testing.assert_allclose(
        inference, dice(tf.constant(s), np.zeros(3), norm.moving_mean, norm.moving_variance), atol=1e-12
    )
    # Inference does not look at the rest of the batch, training and BatchDice do.
    np.testing.assert_allclose(inference[:1], layer(tf.constant(s[:1])), rtol=1e-14)  # σ in other packets
    of_batch = layer_with(np.zeros(3), BatchDice)
    assert np.abs(of_batch(tf.constant(s))[:1] - of_batch(tf.constant(s[:1]))).max() > 0.01


def test_more_axes_and_no_rows():
    rng = np.random.default_rng(4)
    s, alpha = rng.normal(size=(2, 5, 3)), rng.normal(size=3)
    layer, plain = layer_with(alpha), layer_with(alpha)
    y = layer(tf.constant(s), training=True)
    np.testing.assert_array_equal(y, tf.reshape(plain(tf.constant(s.reshape(10, 3)), training=True), s.shape))
    for dtype in "float64", "float32":
        empty = Dice(dtype=dtype)
        assert empty(tf.zeros([0, 3], dtype), training=True).shape == (0, 3)
        np.testing.assert_array_equal(empty.moving_mean, np.zeros(3))
        np.testing.assert_array_equal(empty.moving_variance, np.ones(3))


@pytest.mark.parametrize("rows", [1, 2, 300])
def test_one_pass_equals_the_formula(rows):
    rng = np.random.default_rng(rows)
    s, c, alpha = rng.normal(2, 3, (rows, 4)), rng.normal(size=(rows, 4)), rng.normal(size=4)
    found = {}
    for dtype in "float64", "float32":
        layer = Dice(dtype=dtype, momentum=0.0)
        layer.build([None, 4])
        layer.alpha.assign(alpha)
        x = tf.constant(s, dtype)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
            loss = tf.reduce_sum(tf.constant(c, dtype) * y)
        to_s, to_alpha = tape.gradient(loss, [x, layer.alpha.value])
        found[dtype] = [y, to_s, to_alpha, layer.moving_mean, layer.moving_variance]
    for ours, exact in zip(found["float32"], found["float64"], strict=True):
        # Sums of up to 300 numbers of order 10 in float32.
        np.testing.assert_allclose(ours, exact, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("layer", [Dice(momentum=0.5), AuthorsDice(), BatchDice()])
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_fit_save_and_load(tmp_path, layer):
    inputs = keras.Input([3])
    outputs = keras.layers.Dense(1)(layer(inputs))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    rng = np.random.default_rng(0)
    x = rng.normal(3, 2, (64, 3)).astype(np.float32)
    start = [w.numpy() for w in model.weights]
    model.fit(x, x[:, :1], batch_size=16, epochs=1, verbose=0)
    for weight, old in zip(model.weights, start, strict=True):
        assert (weight.numpy() != old).any(), weight.path
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(model(x), loaded(x))
    assert loaded.layers[1].get_config() == model.layers[1].get_config()


def test_compiled_and_half_precision():
    s = tf.random.stateless_normal([6, 3], [0, 1])
    layer, compiled = Dice(), Dice()
    layer.build([None, 3])
    compiled.build([None, 3])
    run = tf.function(lambda x: compiled(x, training=True), jit_compile=True)
    np.testing.assert_allclose(run(s), layer(s, training=True), rtol=0, atol=1e-6)  # float32 of order 1
    np.testing.assert_allclose(compiled.moving_mean, layer.moving_mean, rtol=0, atol=1e-7)
    half = Dice(dtype="mixed_float16")
    assert half(1000 * s, training=True).dtype == tf.float16  # squares would overflow in half precision
    assert np.isfinite(half.moving_variance).all() and half.moving_variance.dtype == "float32"


def test_bad_input():
    with pytest.raises(ValueError, match=r"momentum must be in \[0, 1\), received 1"):
        Dice(momentum=1)
    with pytest.raises(ValueError, match="epsilon must be positive, received 0"):
        Dice(epsilon=0)
    with pytest.raises(ValueError, match=r"the input must be \[..., U\]"):
        Dice()(tf.zeros([3]))
