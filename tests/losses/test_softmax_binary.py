import math

import numpy as np
import pytest
import tensorflow as tf

from recnotes.losses import softmax_binary_cross_entropy
from recnotes.oracles.stamp import binary_loss_loops


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scale", [1.0, 8.0])
def test_value_and_gradient_equal_the_loops(seed, scale):
    rng = np.random.default_rng(seed)
    z, target = scale * rng.normal(size=(4, 5)), np.array([2, 0, 5, 1])
    x = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = softmax_binary_cross_entropy(x, target)
    assert abs(float(loss) - binary_loss_loops(z, target)) < 1e-9
    g = tape.gradient(loss, x).numpy()
    for b in range(4):
        for i in range(5):
            sides = []
            for step in (1e-5, -1e-5):
                moved = z.copy()
                moved[b, i] += step
                sides.append(binary_loss_loops(moved, target))
            # The error of a central difference: step², times third derivatives below 1.
            assert abs((sides[0] - sides[1]) / 2e-5 - g[b, i]) < 1e-6
    assert (g[1] == 0).all()


def test_a_certain_wrong_item_costs_what_it_must():
    """Item 2 has probability 1 - 2·exp(-50), which is 1 in float32: its term is 50 - log 2, not infinity."""
    z = tf.constant([[0.0, 50.0, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch(z)
        loss = softmax_binary_cross_entropy(z, tf.constant([1]))
    assert abs(float(loss) - (50 + 50 - math.log(2))) < 1e-4
    # d/dz of 2 z₂ - z₁ - log(e^z₁ + e^z₃) at these scores.
    np.testing.assert_allclose(tape.gradient(loss, z).numpy()[0], [-1.5, 2.0, -0.5], atol=1e-6)


def test_one_item_half_precision_and_no_target():
    assert float(softmax_binary_cross_entropy(tf.constant([[3.0]]), tf.constant([1]))) == 0
    loss = softmax_binary_cross_entropy(tf.zeros([2, 3], tf.float16), tf.constant([0, 0]))
    assert loss.dtype == tf.float32 and float(loss) == 0
    assert float(softmax_binary_cross_entropy(tf.zeros([0, 3]), tf.zeros([0], tf.int32))) == 0


def test_bad_shapes():
    with pytest.raises(ValueError, match=r"must be \[B, N\] and \[B\], received \(2, 3\), \(2, 1\)"):
        softmax_binary_cross_entropy(tf.zeros([2, 3]), tf.zeros([2, 1], tf.int32))
    with pytest.raises(ValueError, match=r"received \(2, 3\), \(1,\)"):
        softmax_binary_cross_entropy(tf.zeros([2, 3]), tf.ones([1], tf.int32))
