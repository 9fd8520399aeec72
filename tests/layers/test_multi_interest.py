import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers.multi_interest import (
    SelfAttentiveInterests,
    choose_interest,
    label_aware_attention,
    most_recent_first,
)
from recnotes.oracles.multi_interest import attention_interests_loops, label_aware_loops, recent_loops
from tests.models.retrieval import central_differences

POWERS = (0, 1, 2, 3, math.inf)


def test_most_recent_first_equals_the_loops():
    rng = np.random.default_rng(0)
    for length, n in ((1, 3), (6, 4), (6, 9)):
        history = rng.integers(0, 4, (8, length))
        for row, got in zip(history, most_recent_first(tf.constant(history), n).numpy(), strict=True):
            ids = recent_loops(row.tolist(), n)
            assert got.tolist() == ids + [0] * (min(length, n) - len(ids))
    with pytest.raises(ValueError, match="'history' must have rank 2"):
        most_recent_first(tf.constant([1, 2]), 3)


@pytest.mark.parametrize("wiring", ["paper", "authors"])
@pytest.mark.parametrize("max_length", [0, 5])
def test_layer_equals_the_loops_with_gradients(wiring, max_length):
    rng = np.random.default_rng(1)
    layer = SelfAttentiveInterests(2, max_length, units=3, wiring=wiring, seed=0, dtype="float64")
    layer.build((None, None, 3))
    arrays = [rng.normal(size=w.shape) for w in layer.weights]
    layer.set_weights(arrays)
    names = {id(w): n for w, n in ((layer.hidden.kernel, "w1"), (layer.heads.kernel, "w2"))}
    if wiring == "authors":
        names |= {id(layer.hidden.bias): "b1", id(layer.heads.bias): "b2"}
    if max_length:
        names[id(layer.positions)] = "positions"
    p = {"positions": None, **{names[id(w)]: a for w, a in zip(layer.weights, arrays, strict=True)}}
    h, lengths = rng.normal(size=(3, 4, 3)), (4, 2, 0)
    mask = np.arange(4) < np.array(lengths)[:, None]
    g = rng.normal(size=(3, 2, 3))

    def value():
        rows = [attention_interests_loops(h[b, :n], p, wiring)[0] for b, n in enumerate(lengths)]
        return float(np.sum(g * np.array(rows)))

    with tf.GradientTape() as tape:
        x = tf.constant(h)
        tape.watch(x)
        v, a = layer(x, tf.constant(mask))
        total = tf.reduce_sum(v * g)
    assert abs(float(total) - value()) < 1e-12
    for b, n in enumerate(lengths):
        np.testing.assert_allclose(a[b, :, :n], attention_interests_loops(h[b, :n], p, wiring)[1], atol=1e-13)
    assert (a.numpy()[~np.repeat(mask[:, None], 2, axis=1)] == 0).all()
    np.testing.assert_allclose(tf.reduce_sum(a, axis=2), [[1, 1], [1, 1], [0, 0]], atol=1e-13)
    found = tape.gradient(total, [x, *(w.value for w in layer.weights)])
    for got, expected in zip(found, central_differences(value, [h, *arrays]), strict=True):
        got = np.zeros_like(expected) if got is None else tf.convert_to_tensor(got).numpy()
        np.testing.assert_allclose(got, expected, atol=1e-8)  # rounding over the step
    assert (found[0].numpy()[~mask] == 0).all()


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


def test_layer_can_be_saved(tmp_path):
    h, mask = keras.Input((4, 3)), keras.Input((4,), dtype="bool")
    layer = SelfAttentiveInterests(2, 5, wiring="authors", seed=1)
    model = keras.Model([h, mask], layer(h, mask))
    model.save(tmp_path / "m.keras")
    x = [np.ones((1, 4, 3), np.float32), np.ones((1, 4), bool)]
    again = keras.models.load_model(tmp_path / "m.keras")
    for a, b in zip(again(x), model(x), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="max_length must be at least 0"):
        SelfAttentiveInterests(max_length=-1)
