import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers.afm import PairAttention, pair_scores, weighted_pairs
from recnotes.layers.fm import fm_pooled
from recnotes.oracles import afm as oracle

SHAPES = [(2, 1, 1), (4, 3, 2), (6, 2, 5)]  # fields, width, units


def build(rng, width, units, dtype="float64", **kwargs):
    layer = PairAttention(units, dtype=dtype, **kwargs)
    layer.build((None, None, width))
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    return layer


def loops(e, w, b, h, wiring):
    """The oracle with p the d-th unit vector is element d of the pooled vector."""
    p = {"w": w, "b": b, "h": h}
    unit = np.eye(e.shape[1])
    return np.array([oracle.afm_logit(0.0, e, {**p, "p": u}, wiring) for u in unit])


@pytest.mark.parametrize("wiring", ["paper", "authors"])
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients_equal_the_loops(shape, wiring):
    fields, width, units = shape
    rng = np.random.default_rng(fields)
    layer = build(rng, width, units, wiring=wiring)
    point = [rng.normal(size=(fields, width)), *(np.asarray(x) for x in (layer.w, layer.b, layer.h))]
    e = tf.Variable(point[0])
    with tf.GradientTape() as tape:
        y = layer(e[tf.newaxis])[0]
        total = tf.reduce_sum(tf.range(1.0, 1.0 + width, dtype=tf.float64) * y)
    np.testing.assert_allclose(y, loops(*point, wiring), rtol=1e-10, atol=1e-10)
    found = tape.gradient(total, [e, layer.w.value, layer.b.value, layer.h.value])
    for k, gradient in enumerate(found):
        for index in np.ndindex(point[k].shape):
            step = np.zeros_like(point[k])
            step[index] = 1e-6
            up, down = (loops(*point[:k], point[k] + s, *point[k + 1 :], wiring) for s in (step, -step))
            slope = np.arange(1.0, 1.0 + width) @ (up - down) / 2e-6
            # central differences in float64: an error of 1e-12 from the step, 1e-9 from rounding
            assert abs(slope - gradient[index].numpy()) < 1e-7 * max(1, abs(slope))


def test_scores_by_hand():
    e = tf.constant([[[1.0, 2.0], [3.0, -1.0], [2.0, 2.0]]])
    w, b, h = tf.constant([[1.0, -1.0], [2.0, 0.0]]), tf.constant([0.0, 3.5]), tf.constant([10.0, 1.0])
    # products (3, −2), (2, 4), (6, −2): hidden (0, 0.5), (10, 1.5), (2, 0)
    assert pair_scores(e, w, b, h).numpy().tolist() == [[0.5, 101.5, 20]]


def test_attention_is_positive_and_sums_to_one_over_pairs():
    rng = np.random.default_rng(0)
    layer = build(rng, 3, 4)
    a = layer.attention(tf.constant(rng.normal(size=(5, 6, 3)))).numpy()
    np.testing.assert_allclose(a.sum(axis=1), 1, rtol=1e-12)
    assert a.shape == (5, 15) and (a > 0).all()


def test_huge_scores_do_not_overflow():
    layer = build(np.random.default_rng(1), 2, 3, dtype="float32")
    a = layer.attention(1e4 * tf.random.stateless_normal([2, 5, 2], [0, 1])).numpy()
    np.testing.assert_allclose(a.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("wiring", ["paper", "authors"])
def test_order_of_fields_does_not_matter(wiring):
    rng = np.random.default_rng(2)
    layer, e = build(rng, 3, 4, wiring=wiring), rng.normal(size=(3, 5, 3))
    order = [3, 0, 4, 1, 2]
    np.testing.assert_allclose(layer(e[:, order]), layer(e), rtol=1e-12, atol=1e-12)
    before = layer.attention(tf.constant(e)).numpy()
    places = {frozenset(pair): p for p, pair in enumerate(zip(*np.triu_indices(5, 1), strict=True))}
    moved = [places[frozenset((order[i], order[j]))] for i, j in zip(*np.triu_indices(5, 1), strict=True)]
    np.testing.assert_allclose(layer.attention(tf.constant(e[:, order])), before[:, moved], rtol=1e-12)


def test_zero_scores_leave_the_mean_of_the_pairs():
    e = np.random.default_rng(3).normal(size=(4, 5, 3))
    layer = PairAttention(2, dtype="float64")
    layer.build((None, 5, 3))
    layer.set_weights([np.zeros(w.shape) for w in layer.weights])
    np.testing.assert_allclose(layer(e), fm_pooled(tf.constant(e)) / 10, rtol=1e-10, atol=1e-12)


def test_released_code_is_the_pairs_of_a_factorization_machine_and_trains_no_attention():
    rng = np.random.default_rng(4)
    layer, e = build(rng, 3, 4, wiring="authors"), rng.normal(size=(4, 5, 3))
    with tf.GradientTape() as tape:
        y = layer(e)
        total = tf.reduce_sum(tf.square(y))
    np.testing.assert_allclose(y, fm_pooled(tf.constant(e)), rtol=1e-10, atol=1e-12)
    for gradient in tape.gradient(total, [w.value for w in layer.trainable_weights]):
        assert not np.any(gradient)


def test_one_field_has_no_pairs():
    assert PairAttention(2)(tf.ones([3, 1, 4])).numpy().tolist() == np.zeros((3, 4)).tolist()
    assert PairAttention(2)(tf.ones([0, 3, 4])).shape == (0, 4)


def test_weights_may_be_any():
    rng = np.random.default_rng(5)
    e, a = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 6))
    pairs = zip(*np.triu_indices(4, 1), strict=True)
    expected = sum(a[:, p, None] * e[:, i] * e[:, j] for p, (i, j) in enumerate(pairs))
    np.testing.assert_allclose(weighted_pairs(tf.constant(e), tf.constant(a)), expected, rtol=1e-10)


def test_dropout_drops_pairs_in_training_only_and_keeps_the_mean():
    e = tf.repeat(tf.random.stateless_normal([1, 4, 3], [0, 1]), 4000, axis=0)
    layer = PairAttention(2, dropout=0.5, seed=0)
    exact = layer(e).numpy()
    y = layer(e, training=True).numpy()
    assert y.std(axis=0).min() > 0.01
    assert (np.abs(y.mean(0) - exact[0]) < 5 * y.std(axis=0) / np.sqrt(4000)).all()
    # 6 pairs, each kept or not: at most 64 different outcomes
    assert len(np.unique(y.round(5), axis=0)) <= 64


def test_penalty_is_on_w_alone():
    rng = np.random.default_rng(6)
    layer = build(rng, 3, 4, l2=0.1)
    layer(rng.normal(size=(1, 2, 3)))
    np.testing.assert_allclose(sum(layer.losses), 0.1 * np.sum(np.square(layer.w)), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["mixed_float16", "float32", "float64"])
def test_result_is_at_least_float32(dtype):
    layer = PairAttention(4, 0.5, dtype=dtype, seed=0)
    assert layer(tf.ones([2, 3, 4]), training=True).dtype == ("float64" if dtype == "float64" else "float32")


def test_config_and_bad_input():
    layer = PairAttention(4, 0.25, "authors", 0.5, 3)
    again = PairAttention.from_config(layer.get_config())
    assert again.get_config() == layer.get_config() and layer.compute_output_shape((2, 3, 5)) == (2, 5)
    for kwargs, name in (
        ({"units": 0}, "units must be positive, received 0"),
        ({"units": 1, "dropout": 1.0}, "dropout must be in"),
        ({"units": 1, "l2": -1.0}, "l2 from 0, received 0.0 and -1.0"),
        ({"units": 1, "wiring": "code"}, "wiring must be 'paper' or 'authors', received 'code'"),
    ):
        with pytest.raises(ValueError, match=name):
            PairAttention(**kwargs)
    with pytest.raises(ValueError, match=r"e must be \[B, F, D\]"):
        PairAttention(4)(tf.ones([2, 3]))


def test_compiles():
    layer, e = build(np.random.default_rng(7), 3, 4, "float32"), tf.ones([2, 4, 3])
    np.testing.assert_allclose(tf.function(layer, jit_compile=True)(e), layer(e), rtol=1e-5)
    assert isinstance(keras.Sequential([layer])(e), tf.Tensor)
