import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers.target_attention import TargetAttention
from recnotes.oracles.din import interest, weights_of


def build(rng, normalize=None, width=3):
    layer = TargetAttention([5], "relu", normalize, seed=0)
    layer.build((None, width))
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    return layer


def draw(rng, batch=4, length=6, width=3):
    q, k = rng.normal(size=(batch, width)), rng.normal(size=(batch, length, width))
    mask = rng.random((batch, length)) < 0.6
    mask[0] = False
    return tf.constant(q, tf.float32), tf.constant(k, tf.float32), tf.constant(mask)


@pytest.mark.parametrize("normalize", [None, "softmax"])
@pytest.mark.parametrize("seed", range(5))
def test_equals_the_loops(normalize, seed):
    rng = np.random.default_rng(seed)
    layer, (q, k, mask) = build(rng, normalize), draw(rng)
    v = layer(q, k, mask).numpy()
    for b in range(4):
        kept = [row.astype(np.float64) for row in k[b].numpy()[mask[b].numpy()]]
        expected = interest(q[b].numpy().astype(np.float64), kept, *weights_of(layer.unit), normalize)
        np.testing.assert_allclose(v[b], expected, rtol=1e-4, atol=1e-4)  # float32 against float64
    np.testing.assert_array_equal(v[0], np.zeros(3))


def test_hand_computed():
    layer = TargetAttention([], seed=0)
    layer.build((None, 1))
    layer.unit.output_layer.kernel.assign([[1.0], [10.0], [100.0], [1000.0]])
    layer.unit.output_layer.bias.assign([1.0])
    # 2 + 30 − 100 + 6000 + 1 and 2 + 10 + 100 + 2000 + 1
    args = tf.constant([[2.0]]), tf.constant([[[3.0], [1.0], [7.0]]]), tf.constant([[True, True, False]])
    assert layer.activations(*args).numpy().tolist() == [[5933.0, 2113.0, 0.0]]
    assert layer(*args).numpy().tolist() == [[3 * 5933.0 + 2113.0]]


def test_history_twice_doubles_the_interest_only_without_softmax():
    rng = np.random.default_rng(6)
    q, k, mask = draw(rng)
    twice, masks = tf.concat([k, k], axis=1), tf.concat([mask, mask], axis=1)
    layer, normed = build(rng), build(rng, "softmax")
    np.testing.assert_allclose(layer(q, twice, masks), 2 * layer(q, k, mask), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(normed(q, twice, masks), normed(q, k, mask), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        tf.reduce_sum(normed.activations(q, k, mask), -1), tf.reduce_any(mask, -1).numpy(), atol=1e-6
    )


@pytest.mark.parametrize("normalize", [None, "softmax"])
def test_padding_is_neither_read_nor_moved(normalize):
    rng = np.random.default_rng(7)
    layer, (q, k, mask) = build(rng, normalize), draw(rng)
    other = tf.where(mask[:, :, None], k, 100.0)
    np.testing.assert_array_equal(layer(q, k, mask), layer(q, other, mask))
    with tf.GradientTape() as tape:
        tape.watch(k)
        y = tf.reduce_sum(tf.square(layer(q, k, mask)))
    g = tape.gradient(y, k).numpy()
    assert not g[~mask.numpy()].any() and g[mask.numpy()].any()


def test_bad_input_and_config():
    layer = TargetAttention([4, 2], "sigmoid", "softmax", seed=3)
    again = TargetAttention.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    with pytest.raises(ValueError, match="normalize must be None or 'softmax', received 'sum'"):
        TargetAttention(normalize="sum")
    for q, k in (([2, 3], [2, 3]), ([2, 3], [2, 4, 5]), ([2, 4, 3], [2, 4, 3])):
        with pytest.raises(ValueError, match="q and k must be"):
            build(np.random.default_rng(0)).activations(tf.ones(q), tf.ones(k), tf.ones([2, 4], tf.bool))
