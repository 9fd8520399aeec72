import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.activations import elu, gelu, silu, stable_sigmoid, stable_softmax, swiglu
from recnotes.oracles.activations import swiglu_loops

PAIRS = [
    (stable_sigmoid, keras.activations.sigmoid),
    (stable_softmax, keras.activations.softmax),
    (silu, keras.activations.silu),
    (gelu, lambda z: keras.activations.gelu(z, approximate=False)),
    (elu, keras.activations.elu),
]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_values_and_gradients_are_kerass(ours, theirs):
    z = tf.Variable(np.random.default_rng(0).normal(0, 4, (5, 6)))
    c = tf.constant(np.random.default_rng(1).normal(size=(5, 6)))
    values, gradients = [], []
    for f in ours, theirs:
        with tf.GradientTape() as tape:
            y = f(z)
            loss = tf.reduce_sum(c * y)
        values.append(y)
        gradients.append(tape.gradient(loss, z))
    # Keras's GELU is 5e-9 from the formula, as it would be with a square root of 2 in float32.
    atol = 2e-8 if ours is gelu else 1e-12
    np.testing.assert_allclose(*values, rtol=0, atol=atol)
    np.testing.assert_allclose(*gradients, rtol=0, atol=atol)


def test_gelu_is_the_formula():
    z = np.random.default_rng(2).normal(0, 4, 30)
    expected = [x / 2 * (1 + math.erf(x / math.sqrt(2))) for x in z]
    np.testing.assert_allclose(gelu(tf.constant(z)), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("f", [f for f, _ in PAIRS])
@pytest.mark.parametrize("dtype", [tf.float16, tf.float32])
def test_nothing_overflows(f, dtype):
    z = tf.constant([[-3e4, 3e4, 0.0, 100.0]], dtype)
    with tf.GradientTape() as tape:
        tape.watch(z)
        y = f(z)
        loss = tf.reduce_sum(y * tf.constant([1.0, 1e-3, 1.0, 2.0], dtype))
    assert y.dtype == dtype and np.isfinite(y).all() and np.isfinite(tape.gradient(loss, z)).all()


def test_the_gradient_at_zero_is_that_of_the_formula():
    z = tf.Variable(np.array([0.0, -0.0, 1e-9]))
    for f, slope in ((stable_sigmoid, 0.25), (silu, 0.5), (gelu, 0.5), (elu, 1.0)):
        with tf.GradientTape() as tape:
            y = f(z)
        np.testing.assert_allclose(tape.gradient(y, z), slope, atol=1e-8)


def test_temperature_divides_the_logits():
    z = np.random.default_rng(3).normal(0, 4, (5, 6))
    for tau in (0.01, 0.5, 20.0):
        np.testing.assert_allclose(stable_softmax(z, tau), tf.nn.softmax(z / tau), rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match="temperature must be positive, received 0"):
        stable_softmax(z, 0)


def test_swiglu_is_its_loops_with_gradients():
    x = np.random.default_rng(4).normal(0, 2, (3, 8))
    z = tf.Variable(x)
    with tf.GradientTape() as tape:
        y = swiglu(z)
    np.testing.assert_allclose(y, swiglu_loops(x), rtol=0, atol=1e-13)
    gradient = tape.gradient(y, z).numpy()
    for at in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[at] = 1e-6
        slope = (swiglu_loops(x + step).sum() - swiglu_loops(x - step).sum()) / 2e-6
        assert abs(slope - gradient[at]) < 1e-8  # central differences of values near 10
    with pytest.raises(ValueError, match=r"even last axis, received shape \(2, 3\)"):
        swiglu(tf.zeros([2, 3]))
