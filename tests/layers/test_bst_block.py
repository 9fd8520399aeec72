import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers.bst_block import BSTBlock
from recnotes.oracles.bst import block_loops


def build(rng, **kwargs):
    block = BSTBlock(6, num_heads=3, seed=0, dtype="float64", **kwargs)
    block.build()
    for weight in block.weights:
        if "seed" not in weight.path:
            weight.assign(0.5 * rng.normal(size=weight.shape))
    return block


# TensorFlow's rectifier holds its slope as a float32 attribute, in float64 too.
SLOPE = float(np.float32(0.2))


def test_the_slope_is_that_of_float32():
    assert float(tf.nn.leaky_relu(tf.constant(-1.0, tf.float64), 0.2)) == -SLOPE != -0.2


@pytest.mark.parametrize("length", [1, 2, 5])
def test_equals_the_loops_with_gradients(length):
    rng = np.random.default_rng(length)
    block = build(rng)
    e = rng.normal(size=(length, 6))
    x = tf.constant(e[None])
    with tf.GradientTape() as tape:
        tape.watch(x)
        f = block(x, tf.ones([1, length], tf.bool))
        total = tf.reduce_sum(tf.sin(f))
    # float64 on both sides, measured 8e-16; with the slope 0.2 itself they are up to 5e-9 apart.
    np.testing.assert_allclose(f[0], block_loops(e, block, SLOPE), atol=1e-13)
    assert 1e-11 < np.abs(f[0] - block_loops(e, block)).max() < 1e-7
    g = tape.gradient(total, x)[0].numpy()
    for index in list(np.ndindex(*e.shape))[::3]:
        values = []
        for step in (1e-6, -1e-6):
            moved = e.copy()
            moved[index] += step
            values.append(np.sin(block_loops(moved, block, SLOPE)).sum())
        assert abs((values[0] - values[1]) / 2e-6 - g[index]) < 1e-7 * max(
            1, abs(g[index])
        )  # the rounding of a central difference


def test_padding_is_neither_read_nor_moved():
    rng = np.random.default_rng(0)
    block = build(rng)
    x, mask = tf.constant(rng.normal(size=(2, 4, 6))), tf.constant([[True, True, False, False], [False] * 4])
    with tf.GradientTape() as tape:
        tape.watch(x)
        f = block(x, mask)
        total = tf.reduce_sum(tf.sin(f))
    np.testing.assert_array_equal(f.numpy()[~mask.numpy()], 0)
    np.testing.assert_allclose(f[0, :2], block(x[:1, :2], mask[:1, :2])[0], rtol=1e-12, atol=1e-12)
    g = tape.gradient(total, x).numpy()
    assert not g[~mask.numpy()].any() and g[0, :2].any()


def test_order_of_the_steps_only_permutes():
    rng = np.random.default_rng(1)
    block, x, mask = build(rng), rng.normal(size=(1, 4, 6)), tf.ones([1, 4], tf.bool)
    order = [2, 0, 3, 1]
    f, moved = block(tf.constant(x), mask).numpy(), block(tf.constant(x[:, order]), mask).numpy()
    np.testing.assert_allclose(moved, f[:, order], rtol=1e-12, atol=1e-12)


def test_bad_width_and_config():
    with pytest.raises(ValueError, match="width must be a multiple"):
        BSTBlock(6, num_heads=4)
    block = BSTBlock(6, 3, 0.1, 1e-3, seed=4)
    assert BSTBlock.from_config(block.get_config()).get_config() == block.get_config()
