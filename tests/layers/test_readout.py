import math

import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers.readout import choose_interest, label_aware_attention
from recnotes.oracles.multi_interest import label_aware_loops
from tests.models.retrieval import central_differences

POWERS = (0, 1, 2, 3, math.inf)


@pytest.mark.parametrize("power", POWERS)
def test_label_aware_attention_equals_the_loops_with_gradients(power):
    rng = np.random.default_rng(2)
    v, e, g = rng.normal(size=(4, 3, 2)), rng.normal(size=(4, 2)), rng.normal(size=(4, 2))

    def value():
        return float(np.sum(g * [label_aware_loops(a, b, power) for a, b in zip(v, e, strict=True)]))

    with tf.GradientTape() as tape:
        x, y = tf.constant(v), tf.constant(e)
        tape.watch([x, y])
        total = tf.reduce_sum(label_aware_attention(x, y, power) * g)
    assert abs(float(total) - value()) < 1e-12
    for got, expected in zip(tape.gradient(total, [x, y]), central_differences(value, [v, e]), strict=True):
        got = np.zeros_like(expected) if got is None else got.numpy()
        np.testing.assert_allclose(got, expected, atol=1e-7)  # rounding over the step, times third powers


def test_power_from_mean_to_the_best():
    rng = np.random.default_rng(3)
    v = tf.constant(rng.normal(size=(20, 3, 4)))
    e = tf.constant(rng.normal(size=(20, 4)) * 3)
    np.testing.assert_allclose(label_aware_attention(v, e, 0), tf.reduce_mean(v, axis=1), atol=1e-14)
    weights = tf.nn.softmax(tf.einsum("bmd,bd->bm", v, e))
    np.testing.assert_allclose(
        label_aware_attention(v, e, 1), tf.einsum("bm,bmd->bd", weights, v), atol=1e-14
    )
    products = tf.einsum("bmd,bd->bm", v, e).numpy()
    best, second = np.sort(products)[:, ::-1][:, :2].T
    # Odd powers keep the order; 1.2 ** 31 = 285 apart from the second.
    clear = (best > 1.2) & (best > 1.2 * second)
    assert clear.sum() >= 8
    hard = choose_interest(v, e).numpy()
    np.testing.assert_array_equal(label_aware_attention(v, e).numpy(), hard)
    np.testing.assert_allclose(label_aware_attention(v, e, 31).numpy()[clear], hard[clear], atol=1e-12)
    # Small products: a growing power makes them equal instead.
    small = e / 1e3
    np.testing.assert_allclose(label_aware_attention(v, small, 31), tf.reduce_mean(v, axis=1), atol=1e-12)
    # An even power takes the most negative product for the best.
    one = tf.constant([[[1.0], [-2.0]]])
    assert float(label_aware_attention(one, tf.constant([[3.0]]), 2)[0, 0]) < -1.99


@pytest.mark.parametrize("power", POWERS)
def test_what_is_not_allowed_does_not_take_part(power):
    rng = np.random.default_rng(4)
    v, e = tf.constant(rng.normal(size=(6, 3, 2))), tf.constant(rng.normal(size=(6, 2)))
    allowed = tf.constant([[True, True, False]] * 6)
    np.testing.assert_allclose(
        label_aware_attention(v, e, power, allowed), label_aware_attention(v[:, :2], e, power), atol=1e-14
    )


@pytest.mark.parametrize(("dtype", "power"), [("float16", 5), ("float32", 100), ("float64", 300)])
def test_powers_that_overflow_leave_all_weight_to_the_best(dtype, power):
    """Two powers that are infinite would have a softmax that is no number."""
    assert power * math.log(15) > math.log(tf.as_dtype(dtype).max)
    v = tf.constant([[[16.0], [15.0], [-16.0]], [[-3.0], [0.5], [1e4]], [[0.1], [0.2], [0.3]]], dtype)
    e, allowed = tf.ones([3, 1], dtype), tf.constant([[True, True, False]] * 3)
    with tf.GradientTape() as tape:
        tape.watch([v, e])
        y = label_aware_attention(v, e, power, allowed)
    # The powers of the last row are next to zero: the mean. Half precision has three digits.
    np.testing.assert_allclose(y[:, 0], [16.0, 0.5 if power % 2 else -3.0, 0.15], rtol=1e-3)
    at_v, at_e = tape.gradient(y, [v, e])
    assert np.isfinite(at_v).all() and np.isfinite(at_e).all()
    np.testing.assert_array_equal(at_v[0, :, 0], [1, 0, 0])


@pytest.mark.parametrize("power", [-1, 0.5, -math.inf, math.nan])
def test_bad_power(power):
    with pytest.raises(ValueError, match="power must be a whole number from 0 or infinity"):
        label_aware_attention(tf.zeros([1, 2, 3]), tf.zeros([1, 3]), power)
