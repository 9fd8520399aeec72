import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.layers.fm import FMInteraction, fm_pairs, fm_pairwise, fm_pooled
from recnotes.oracles import fm as oracle

SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 7), st.integers(0, 5))


def test_hand_computed():
    e = tf.constant([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]])
    assert fm_pooled(e).numpy().tolist() == [[23, 44]]
    assert fm_pairwise(e).numpy().tolist() == [67]
    assert fm_pairs(e).numpy().tolist() == [[11, 17, 39]]


@given(shape=SHAPES)
@settings(max_examples=20, deadline=None)
def test_linear_form_equals_double_loop(shape):
    e = np.random.default_rng(sum(shape)).normal(size=shape)
    loops = oracle.fm_pairwise(e)
    np.testing.assert_allclose(fm_pairwise(tf.constant(e)), loops, rtol=0, atol=1e-12)
    np.testing.assert_allclose(tf.reduce_sum(fm_pairs(tf.constant(e)), -1), loops, rtol=0, atol=1e-12)


def test_gradient_equals_closed_form_and_differences():
    rng = np.random.default_rng(0)
    x, v = rng.normal(size=6) * (rng.random(6) < 0.7), rng.normal(size=(6, 3))
    variable = tf.Variable(v)
    with tf.GradientTape() as tape:
        y = fm_pairwise((tf.constant(x)[:, None] * variable)[None])
    gradient = tape.gradient(y, variable)
    np.testing.assert_allclose(gradient, oracle.fm_pairwise_gradient(x, v), rtol=0, atol=1e-12)
    for i, f in np.ndindex(v.shape):
        step = np.zeros_like(v)
        step[i, f] = 1e-5
        up, down = (oracle.fm_pairwise((x[:, None] * w)[None])[0] for w in (v + step, v - step))
        assert abs((up - down) / 2e-5 - gradient.numpy()[i, f]) < 1e-8


def test_order_of_fields_does_not_matter():
    e = np.random.default_rng(1).normal(size=(3, 6, 4))
    np.testing.assert_allclose(
        fm_pairwise(tf.constant(e)), fm_pairwise(tf.constant(e[:, [3, 0, 5, 1, 4, 2]])), atol=1e-12
    )


def test_one_field_has_no_pairs():
    assert fm_pairwise(tf.ones([2, 1, 4])).numpy().tolist() == [0, 0]
    assert fm_pairs(tf.ones([2, 1, 4])).shape == (2, 0)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_half_precision_is_raised(dtype):
    e = tf.cast(tf.random.stateless_normal([8, 39, 16], [0, 1], stddev=0.01), dtype)
    exact = fm_pairwise(tf.cast(e, tf.float64)).numpy()
    assert fm_pairwise(e).dtype == tf.float32
    np.testing.assert_allclose(fm_pairwise(e), exact, atol=1e-7)


def test_layer_is_the_function():
    e = tf.random.stateless_normal([4, 5, 3], [0, 1])
    np.testing.assert_array_equal(FMInteraction()(e, training=True), fm_pairwise(e))
    np.testing.assert_array_equal(FMInteraction(pooled_dropout=0.5)(e), fm_pairwise(e))


def test_pooled_dropout_changes_training_only_and_keeps_the_mean():
    e = tf.repeat(tf.random.stateless_normal([1, 5, 8], [0, 1]), 4000, axis=0)
    y = FMInteraction(pooled_dropout=0.5, seed=0)(e, training=True).numpy()
    exact = fm_pairwise(e).numpy()[0]
    assert y.std() > 0.5
    assert abs(y.mean() - exact) < 4 * y.std() / np.sqrt(len(y))


@pytest.mark.parametrize("dtype", ["mixed_float16", "float32", "float64"])
def test_dropout_keeps_the_width_of_the_layer(dtype):
    layer = FMInteraction(pooled_dropout=0.5, seed=0, dtype=dtype)
    e = tf.ones([2, 3, 4], layer.compute_dtype)
    assert layer(e, training=True).dtype == layer(e).dtype == fm_pairwise(e).dtype


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    inputs = keras.Input([5, 3])
    model = keras.Model(inputs, FMInteraction(pooled_dropout=0.25, seed=7)(inputs))
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    e = np.random.default_rng(0).normal(size=(4, 5, 3)).astype(np.float32)
    np.testing.assert_array_equal(model(e), loaded(e))
    assert loaded.layers[-1].get_config() == model.layers[-1].get_config()
    assert model.output_shape == (None,)


def test_bad_input():
    for value in (-0.1, 1.0):
        with pytest.raises(ValueError, match="pooled_dropout must be"):
            FMInteraction(value)
    with pytest.raises(ValueError, match=r"must be \[B, F, D\]"):
        FMInteraction()(tf.zeros([2, 3]))
