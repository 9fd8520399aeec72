import numpy as np
import tensorflow as tf

from recnotes.layers.experts import apply_experts, gate_weights, mix_experts


def test_gradient_of_an_expert_is_scaled_by_its_gate():
    g = tf.constant([[[0.9, 0.1, 0.0]]])
    f = tf.Variable(np.random.default_rng(0).normal(size=(1, 3, 4)).astype("float32"))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(mix_experts(g, f))
    np.testing.assert_allclose(tape.gradient(total, f)[0, :, 0], [0.9, 0.1, 0.0])


def test_functions_take_an_input_for_each_expert():
    rng = np.random.default_rng(6)
    x, kernel = rng.normal(size=(5, 3, 4)), rng.normal(size=(3, 4, 2))
    expected = np.stack([x[:, i] @ kernel[i] for i in range(3)], axis=1)
    np.testing.assert_allclose(apply_experts(tf.constant(x), tf.constant(kernel)), expected)
    bias = tf.constant(rng.normal(size=(2, 3)))
    gates = gate_weights(tf.zeros([1, 4], tf.float64), tf.zeros([2, 4, 3], tf.float64), bias)
    np.testing.assert_allclose(gates[0], tf.nn.softmax(bias))
