import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.layers.experts import mix_experts
from recnotes.layers.mixture import MixtureOfExperts
from recnotes.oracles import mmoe as oracle


def weights(rng, B, n, E, U, G):
    return (
        rng.normal(size=(B, n)),
        rng.normal(size=(E, n, U)),
        rng.normal(size=(E, U)),
        rng.normal(size=(G, n, E)),
    )


def layer_like(kernel, bias, gate_kernel, **kwargs):
    (E, n, U), G = kernel.shape, gate_kernel.shape[0]
    layer = MixtureOfExperts(E, G, (U,), dtype="float64", **kwargs)
    layer.build((None, n))
    layer.set_weights([kernel, bias, gate_kernel])
    return layer


def test_by_hand():
    # Two experts that double and negate, a gate that is even and one that is 3 : 1.
    layer = layer_like(
        np.array([[[2.0]], [[-1.0]]]), np.zeros((2, 1)), np.array([[[0.0, 0.0]], [[np.log(3), 0.0]]])
    )
    out = layer(tf.constant([[1.0]], tf.float64)).numpy()
    np.testing.assert_allclose(out[0, :, 0], [0.5 * 2 + 0.5 * 0, 0.75 * 2 + 0.25 * 0])  # relu(-1) = 0


@settings(max_examples=15, deadline=None)
@given(st.tuples(*[st.integers(1, 5)] * 5), st.integers(0, 2**16))
def test_values_and_gradients_equal_the_loops(sizes, seed):
    rng = np.random.default_rng(seed)
    arrays = weights(rng, *sizes)
    upstream = rng.normal(size=(sizes[0], sizes[4], sizes[3]))
    x = tf.constant(arrays[0])
    layer = layer_like(*arrays[1:])
    with tf.GradientTape() as tape:
        tape.watch(x)
        out = layer(x)
        total = tf.reduce_sum(out * upstream)
    np.testing.assert_allclose(out, oracle.mmoe(*arrays), atol=1e-12)
    variables = [weight.value for weight in layer.trainable_weights]
    gradients = tape.gradient(total, [x, *variables])
    for got, want in zip(gradients, oracle.mmoe_gradient(*arrays, upstream), strict=True):
        np.testing.assert_allclose(got, want, atol=1e-11)


def test_gate_rows_are_distributions():
    x = tf.constant(np.random.default_rng(0).normal(scale=50, size=(7, 5)), tf.float32)
    gates = MixtureOfExperts(6, 3, seed=0).gates(x).numpy()
    assert gates.shape == (7, 3, 6)
    assert (gates >= 0).all()
    np.testing.assert_allclose(gates.sum(-1), 1, atol=1e-6)


def test_equal_gates_are_one_gate():
    arrays = weights(np.random.default_rng(1), B=6, n=5, E=4, U=3, G=1)
    one = layer_like(*arrays[1:])(arrays[0])
    three = layer_like(*arrays[1:3], np.repeat(arrays[3], 3, axis=0))(arrays[0])
    for k in range(3):
        np.testing.assert_array_equal(three[:, k], one[:, 0])


def test_one_expert_is_a_dense_layer():
    arrays = weights(np.random.default_rng(2), B=6, n=5, E=1, U=3, G=2)
    out = layer_like(*arrays[1:])(arrays[0])
    dense = np.maximum(arrays[0] @ arrays[1][0] + arrays[2][0], 0)
    np.testing.assert_allclose(out[:, 0], dense, atol=1e-14)
    np.testing.assert_array_equal(out[:, 0], out[:, 1])


def test_order_of_experts_does_not_matter():
    x, kernel, bias, gate = weights(np.random.default_rng(3), B=6, n=5, E=4, U=3, G=2)
    order = [2, 0, 3, 1]
    shuffled = layer_like(kernel[order], bias[order], gate[:, :, order])(x)
    np.testing.assert_allclose(shuffled, layer_like(kernel, bias, gate)(x), atol=1e-13)


def test_equal_experts_leave_gates_without_gradient():
    x, kernel, bias, gate = weights(np.random.default_rng(4), B=6, n=5, E=4, U=3, G=2)
    layer = layer_like(np.repeat(kernel[:1], 4, 0), np.repeat(bias[:1], 4, 0), gate)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(x) ** 2)
    np.testing.assert_allclose(tape.gradient(total, layer.gate_kernel.value), 0, atol=1e-10)


def test_seed_decides_everything():
    x = tf.ones([2, 5])
    same = [MixtureOfExperts(3, 2, seed=7)(x).numpy() for _ in range(2)]
    np.testing.assert_array_equal(*same)
    assert np.any(MixtureOfExperts(3, 2, seed=8)(x).numpy() != same[0])
    assert np.any(MixtureOfExperts(3, 2)(x).numpy() != MixtureOfExperts(3, 2)(x).numpy())


def test_experts_of_several_layers():
    rng = np.random.default_rng(5)
    layer = MixtureOfExperts(3, 2, (4, 6), seed=0)
    x = rng.normal(size=(5, 7)).astype("float32")
    out = layer(x)
    w0, w1 = (kernel.numpy() for kernel in layer.expert_kernels)
    for i in range(3):
        expected = np.maximum(np.maximum(x @ w0[i], 0) @ w1[i], 0)
        np.testing.assert_allclose(layer.experts(x)[:, i], expected, atol=1e-5)
    assert out.shape == layer.compute_output_shape((5, 7)) == (5, 2, 6)


def test_gate_bias_is_off_unless_asked_for():
    layer, biased = MixtureOfExperts(3, 2, seed=0), MixtureOfExperts(3, 2, gate_bias=True, seed=0)
    zero = tf.zeros([1, 5])
    np.testing.assert_allclose(layer.gates(zero), 1 / 3)  # x = 0 leaves every gate even
    biased.gates(zero)
    biased.gate_offset.assign([[np.log(2), 0, 0]] * 2)
    np.testing.assert_allclose(biased.gates(zero)[0, 0], [0.5, 0.25, 0.25], atol=1e-6)
    assert len(biased.weights) == len(layer.weights) + 1


@pytest.mark.parametrize(
    "bad", [{"num_experts": 0}, {"num_gates": 0}, {"hidden_units": ()}, {"hidden_units": (0,)}]
)
def test_bad_arguments(bad):
    with pytest.raises(ValueError, match="received"):
        MixtureOfExperts(**{"num_experts": 2, "num_gates": 2, **bad})


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    inputs = keras.Input([5])
    layer = MixtureOfExperts(3, 2, (4, 6), activation="tanh", gate_bias=True, seed=1, name="m")
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    x = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    np.testing.assert_array_equal(again(x), model(x))
    assert again.get_layer("m").get_config() == layer.get_config()


def test_gates_and_experts_of_numpy_rows():
    layer = MixtureOfExperts(3, 2, (4,), seed=0)
    x = np.random.default_rng(0).normal(size=(6, 5))
    gates, experts = layer.gates(x), layer.experts(x)
    assert gates.dtype == experts.dtype == tf.float32
    np.testing.assert_allclose(layer(x), mix_experts(gates, experts), atol=1e-6)
