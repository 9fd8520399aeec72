import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.layers.attention import (
    MultiHeadAttention,
    causal_mask,
    masked_softmax,
    scaled_dot_product_attention,
    self_attention_mask,
)
from recnotes.oracles.attention import attention_loops, multi_head_attention_loops


def test_masks():
    assert causal_mask(3).numpy().astype(int).tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    mask = self_attention_mask(tf.constant([[True, False, True], [False, False, False]])).numpy()
    assert mask[0].astype(int).tolist() == [[1, 0, 0], [1, 0, 0], [1, 0, 1]]
    assert not mask[1].any()


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 2**31))
def test_weights_sum_to_one_over_unmasked_keys(queries, keys, seed):
    rng = np.random.default_rng(seed)
    scores, mask = rng.normal(size=(2, queries, keys)) * 5, rng.random((2, queries, keys)) < 0.6
    w = masked_softmax(tf.constant(scores), tf.constant(mask)).numpy()
    np.testing.assert_allclose(w.sum(-1), mask.any(-1), atol=1e-12)
    assert (w[~mask] == 0).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_extreme_scores_stay_finite_with_their_gradients(dtype):
    s = tf.constant([[3e4, -3e4, 3e4], [-3e4, -3e4, 0.0]], dtype)
    mask = tf.constant([[True, True, False], [False, False, False]])
    with tf.GradientTape() as tape:
        tape.watch(s)
        w = masked_softmax(s, mask)
        loss = tf.reduce_sum(w[:, 0])
    assert w.numpy().tolist() == [[1, 0, 0], [0, 0, 0]]
    assert np.isfinite(tape.gradient(loss, s).numpy()).all()


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 4), st.integers(0, 2**31))
def test_attention_equals_the_loops(queries, keys, d, seed):
    rng = np.random.default_rng(seed)
    q, k, v = rng.normal(size=(queries, d)), rng.normal(size=(keys, d)), rng.normal(size=(keys, d))
    mask = rng.random((queries, keys)) < 0.7
    out, w = scaled_dot_product_attention(*(tf.constant(x) for x in (q, k, v, mask)))
    for got, expected in zip((out, w), attention_loops(q, k, v, mask), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-12)


def test_attention_gradient_equals_central_differences():
    rng = np.random.default_rng(0)
    parts = [rng.normal(size=(3, 2)) for _ in range(3)]
    mask = np.tril(np.ones((3, 3), bool))
    c = rng.normal(size=(3, 2))
    variables = [tf.Variable(x) for x in parts]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(c * scaled_dot_product_attention(*variables, tf.constant(mask))[0])
    for n, gradient in enumerate(tape.gradient(loss, variables)):
        for at in np.ndindex(3, 2):
            sides = []
            for step in (1e-6, -1e-6):
                moved = [x.copy() for x in parts]
                moved[n][at] += step
                sides.append((c * attention_loops(*moved, mask)[0]).sum())
            assert abs((sides[0] - sides[1]) / 2e-6 - gradient.numpy()[at]) < 1e-7


@pytest.mark.parametrize("num_heads", [1, 2, 3])
@pytest.mark.parametrize("use_bias", [False, True])
def test_heads_equal_the_loops(num_heads, use_bias):
    rng = np.random.default_rng(1)
    layer = MultiHeadAttention(6, num_heads, use_bias, seed=0, dtype="float64")
    x, y = rng.normal(size=(2, 2, 5, 6))
    mask = self_attention_mask(tf.constant([[1, 1, 1, 1, 0], [1, 1, 0, 0, 0]]) > 0)
    out, w = layer(x, y, mask)
    if use_bias:
        for dense in (layer.query, layer.key, layer.value):
            dense.bias.assign(rng.normal(size=6))
        out, w = layer(x, y, mask)
    weights = {}
    for name in ("query", "key", "value"):
        weights[name] = getattr(layer, name).kernel.numpy()
        if use_bias:
            weights[f"{name}_bias"] = getattr(layer, name).bias.numpy()
    for b in range(2):
        z, weight = multi_head_attention_loops(x[b], y[b], mask[b].numpy(), weights, num_heads)
        np.testing.assert_allclose(out[b], z, atol=1e-12)
        np.testing.assert_allclose(w[b], weight, atol=1e-12)


def test_every_projection_starts_different_and_gets_a_gradient():
    layer = MultiHeadAttention(4, 2, use_bias=True, seed=3, dtype="float64")
    x = tf.random.stateless_normal([2, 3, 4], [0, 1], dtype=tf.float64)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(layer(x, x, self_attention_mask(tf.ones([2, 3], tf.bool)))[0]))
    gradients = tape.gradient(loss, layer.trainable_variables)
    assert len(gradients) == 6 and all(g is not None for g in gradients)
    # A bias of the keys shifts all scores of a query alike, which softmax does not see.
    quiet = [
        v.path for v, g in zip(layer.trainable_variables, gradients, strict=True) if np.abs(g).max() < 1e-12
    ]
    assert [path.split("/")[-2:] for path in quiet] == [["key", "bias"]]
    assert not np.allclose(layer.query.kernel.numpy(), layer.key.kernel.numpy())


def test_dropout_acts_on_the_weights_only_in_training():
    layer = MultiHeadAttention(4, dropout=0.5, seed=0)
    x, mask = tf.ones([1, 6, 4]), self_attention_mask(tf.ones([1, 6], tf.bool))
    still, w = layer(x, x, mask, training=False)
    moved, w_training = layer(x, x, mask, training=True)
    assert not np.allclose(still, moved)
    np.testing.assert_array_equal(w, w_training)


def test_bad_input_and_config():
    with pytest.raises(ValueError, match="width must be a multiple of num_heads=3, received 4"):
        MultiHeadAttention(4, 3)
    layer = MultiHeadAttention(4, 2, True, 0.1, 5)
    assert MultiHeadAttention.from_config(layer.get_config()).get_config() == layer.get_config()
