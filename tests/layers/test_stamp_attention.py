import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers.stamp_attention import STAMPAttention
from recnotes.oracles.stamp import attention_weights_loops


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("t", [1, 4])
def test_weights_equal_the_loops_and_are_not_normalized(use_bias, t):
    rng = np.random.default_rng(t)
    layer = STAMPAttention(3, use_bias, dtype="float64")
    layer.build()
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    x = rng.normal(size=(2, t, 3))
    # Two further steps are padding; their vectors are not zero and must not be read.
    padded = np.concatenate([x, rng.normal(size=(2, 2, 3))], axis=1)
    mask = np.arange(t + 2) < np.full((2, 1), t)
    m_a, alpha = layer(*(tf.constant(v) for v in (padded, x[:, -1], x.mean(1), mask)))
    p = {name: getattr(layer, name).numpy() for name in ("w1", "w2", "w3")}
    p |= {"w0": layer.w0.numpy()[:, 0], "bias": layer.bias.numpy() if use_bias else np.zeros(3)}
    for b in range(2):
        expected = attention_weights_loops(x[b], p)
        np.testing.assert_allclose(alpha[b, :t], expected, atol=1e-12)  # float64 on both sides
        np.testing.assert_allclose(m_a[b], sum(a * row for a, row in zip(expected, x[b], strict=True)))
        assert (alpha[b, t:].numpy() == 0).all() and abs(expected.sum() - 1) > 1e-2


def test_by_hand():
    """With W₁ = W₂ = W₃ = 0 each weight is the sum of W₀ times one half."""
    layer = STAMPAttention(2)
    layer.build()
    layer.set_weights([np.array([[1.0], [2.0]]), *np.zeros((3, 2, 2)), np.zeros(2)])
    m_a, alpha = layer(tf.ones([1, 3, 2]), tf.ones([1, 2]), tf.ones([1, 2]), tf.ones([1, 3], tf.bool))
    np.testing.assert_array_equal(alpha[0], [1.5, 1.5, 1.5])
    np.testing.assert_array_equal(m_a[0], [4.5, 4.5])


def test_config_and_bad_width():
    layer = STAMPAttention(5, False, 0.1, seed=3)
    again = STAMPAttention.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert keras.saving.get_registered_name(STAMPAttention) == "recnotes>STAMPAttention"
    with pytest.raises(ValueError, match="width must be positive, received 0"):
        STAMPAttention(0)
