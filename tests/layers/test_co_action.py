import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers.co_action import CoAction, co_action_size
from recnotes.oracles.can import co_action


def draw(rng, layer, batch=4, length=5, width=3):
    size = co_action_size(width, layer.units, layer.wiring == "paper")
    P, p = rng.normal(size=(batch, size)), rng.normal(size=(batch, length, width))
    mask = rng.random((batch, length)) < 0.6
    mask[0], mask[1] = False, True
    return tf.constant(P, tf.float64), tf.constant(p, tf.float64), tf.constant(mask)


def loops(layer, P, p, mask):
    return np.array(
        [
            co_action(P[b], list(p[b][mask[b]]), layer.units, layer.orders, np.tanh, layer.wiring)
            for b in range(len(P))
        ]
    )


@pytest.mark.parametrize("wiring", ["paper", "authors"])
@pytest.mark.parametrize("units", [(2,), (4, 2), (3, 3, 3)])
def test_equals_the_loops_with_gradients(wiring, units):
    rng = np.random.default_rng(len(units))
    layer = CoAction(units, wiring=wiring, dtype="float64")
    P, p, mask = draw(rng, layer)
    with tf.GradientTape() as tape:
        tape.watch([P, p])
        y = layer(P, p, mask)
        total = tf.reduce_sum(tf.square(y))
    arrays = [P.numpy(), p.numpy()]
    # float64 on both sides.
    np.testing.assert_allclose(y, loops(layer, *arrays, mask.numpy()), rtol=1e-12, atol=1e-12)
    for which, g in enumerate(tape.gradient(total, [P, p])):
        for index in list(np.ndindex(*g.shape))[::5]:
            values = []
            for step in (1e-6, -1e-6):
                moved = [a.copy() for a in arrays]
                moved[which][index] += step
                values.append((loops(layer, *moved, mask.numpy()) ** 2).sum())
            # Central differences: step² and rounding / step.
            assert abs((values[0] - values[1]) / 2e-6 - g.numpy()[index]) < 1e-6 * max(
                1, abs(g.numpy()[index])
            )


def test_widths_of_the_authors_code():
    layer = CoAction((8, 4), wiring="authors")
    assert layer.orders == 3 and layer.output_width == 36
    P, p, mask = draw(np.random.default_rng(0), layer, width=16)
    assert P.shape == (4, 160) and layer(P, p, mask).shape == (4, 36)
    assert CoAction((8, 4)).output_width == 12


@pytest.mark.parametrize("wiring", ["paper", "authors"])
def test_one_layer_of_order_one_without_activation_is_bilinear(wiring):
    rng = np.random.default_rng(1)
    layer = CoAction([2], 1, None, wiring, dtype="float64")
    P, p, mask = draw(rng, layer)
    W = P.numpy()[:, :6].reshape(4, 3, 2)
    pooled = (p.numpy() * mask.numpy()[:, :, None]).sum(axis=1)
    expected = np.einsum("bi,bio->bo", pooled, W)
    if wiring == "paper":
        expected += mask.numpy().sum(axis=1, keepdims=True) * P.numpy()[:, 6:]
    np.testing.assert_allclose(layer(P, p, mask), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("wiring", ["paper", "authors"])
def test_zero_parameters_give_zero_and_history_twice_doubles(wiring):
    layer = CoAction((4, 2), wiring=wiring, dtype="float64")
    P, p, mask = draw(np.random.default_rng(2), layer)
    np.testing.assert_array_equal(layer(tf.zeros_like(P), p, mask), np.zeros((4, layer.output_width)))
    half = CoAction((4, 2), activation="sigmoid", wiring=wiring, dtype="float64")  # σ(0) = ½
    of_zero = np.abs(half(tf.zeros_like(P), p, mask)[1])
    assert (of_zero > 0).sum() == (half.output_width if wiring == "paper" else 4 * half.orders)
    twice = layer(P, tf.concat([p, p], 1), tf.concat([mask, mask], 1))
    np.testing.assert_allclose(twice, 2 * layer(P, p, mask), rtol=1e-12, atol=1e-12)


def test_orders_are_added_on_paper_and_side_by_side_in_the_code():
    P, p = tf.constant([[1.0, 10.0, 0.5]], tf.float64), tf.constant([[[2.0, 3.0]]], tf.float64)
    paper = CoAction([1], 2, None, dtype="float64")
    authors = CoAction([1], 2, None, "authors", dtype="float64")
    # 2 + 30 + ½ and 4 + 90 + ½; without biases 32 and 94.
    np.testing.assert_array_equal(paper(P, p, tf.constant([[True]])), [[127.0]])
    np.testing.assert_array_equal(authors(P[:, :2], p, tf.constant([[True]])), [[32.0, 94.0]])


def test_the_authors_last_layer_is_linear():
    layer = CoAction((1, 1), orders=1, wiring="authors", dtype="float64")
    P, p = tf.constant([[2.0, 30.0]], tf.float64), tf.constant([[[0.5]]], tf.float64)
    # tanh(2 · ½), and 30 times that: no second tanh holds it below 1.
    np.testing.assert_allclose(
        layer(P, p, tf.constant([[True]])), [[np.tanh(1), 30 * np.tanh(1)]], rtol=1e-12
    )


def test_padding_is_neither_read_nor_moved():
    layer = CoAction((4, 2), dtype="float64")
    P, p, mask = draw(np.random.default_rng(3), layer)
    other = tf.where(mask[:, :, None], p, 7.0)
    np.testing.assert_array_equal(layer(P, p, mask), layer(P, other, mask))
    np.testing.assert_array_equal(layer(P, p, mask)[0], np.zeros(6))
    with tf.GradientTape() as tape:
        tape.watch(p)
        y = tf.reduce_sum(tf.square(layer(P, p, mask)))
    g = tape.gradient(y, p).numpy()
    assert not g[~mask.numpy()].any() and g[mask.numpy()].any()


def test_bad_input_and_config():
    layer = CoAction((4, 2), 5, None, "authors")
    assert CoAction.from_config(layer.get_config()).get_config() == layer.get_config()
    for arguments, message in (
        ({"wiring": "code"}, "wiring must be"),
        ({"units": ()}, "must be positive"),
        ({"orders": 0}, "must be positive"),
    ):
        with pytest.raises(ValueError, match=message):
            CoAction(**arguments)
    with pytest.raises(ValueError, match=r"P must be \[B, 20\]"):
        layer(tf.ones([2, 21]), tf.ones([2, 4, 3]), tf.ones([2, 4], tf.bool))
