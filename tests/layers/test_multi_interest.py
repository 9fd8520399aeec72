import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers.multi_interest import SelfAttentiveInterests, most_recent_first
from recnotes.oracles.multi_interest import attention_interests_loops, recent_loops
from tests.models.retrieval import central_differences


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
