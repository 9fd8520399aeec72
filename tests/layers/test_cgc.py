import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers.cgc import CGC
from recnotes.oracles.cgc import cgc


def parts(layer):
    weights = [[w.numpy() for w in expert.weights] for expert in layer.experts]
    pairs = [list(zip(w[::2], w[1::2], strict=True)) for w in weights]
    m = layer.num_specific
    groups = [pairs[m * k : m * (k + 1)] for k in range(layer.num_tasks)] + [pairs[m * layer.num_tasks :]]
    return groups, [gate.kernel.numpy() for gate in layer.gates]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shared_gate", [False, True])
def test_values_and_gradients_equal_the_loops(seed, shared_gate):
    rng = np.random.default_rng(seed)
    tasks, m, s, B, n, U = rng.integers(1, 4, 6).tolist()
    units = (U,) if seed < 3 else (U + 1, U)
    layer = CGC(tasks, m, s, units, shared_gate=shared_gate, seed=seed, dtype="float64")
    arrays = [rng.normal(size=(B, n)) for _ in range(tasks + 1)]
    xs = [tf.constant(x) for x in arrays]
    with tf.GradientTape() as tape:
        tape.watch(xs)
        outputs = layer(xs)
        total = tf.add_n([tf.reduce_sum(tf.sin(o)) for o in outputs])
    for got, want in zip(outputs, cgc(arrays, *parts(layer)), strict=True):
        np.testing.assert_allclose(got, want, atol=1e-12)
    for x, gradient in zip(arrays, tape.gradient(total, xs), strict=True):
        for index in np.ndindex(x.shape):
            ends = []
            for step in (1e-6, -2e-6):
                x[index] += step
                ends.append(sum(np.sin(o).sum() for o in cgc(arrays, *parts(layer))))
            x[index] += 1e-6
            got = 0.0 if gradient is None else gradient.numpy()[index]
            # Central differences of 1e-6 keep about nine digits.
            assert got == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-6)


def test_gates_sum_to_one_and_the_shared_one_sees_all_experts():
    layer = CGC(3, 2, 4, shared_gate=True, seed=0)
    x = tf.random.normal([5, 7], seed=1)
    layer([x] * 4)
    assert [gate.units for gate in layer.gates] == [6, 6, 6, 10]
    for expert in layer.experts:  # experts that say 1 are mixed to 1 exactly when a gate's row sums to 1
        kernel, bias = expert.get_weights()
        expert.set_weights([0 * kernel, 0 * bias + 1])
    for output in layer([x] * 4):
        np.testing.assert_allclose(output, 1, atol=1e-6)


def test_one_shared_expert_and_no_others_is_one_layer():
    layer = CGC(2, 0, 1, seed=0)
    x = tf.random.normal([5, 7], seed=1)
    a, b = layer([x] * 3)
    np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(a, layer.experts[0](x), rtol=1e-6)


@pytest.mark.parametrize(
    "bad",
    [{"num_tasks": 0}, {"num_specific": 0, "num_shared": 0}, {"num_shared": -1}, {"hidden_units": ()}],
)
def test_bad_arguments(bad):
    with pytest.raises(ValueError, match="received"):
        CGC(**{"num_tasks": 2, **bad})


def test_bad_number_of_inputs():
    with pytest.raises(ValueError, match="inputs must be 3 tensors, received 2"):
        CGC(2)([tf.ones([3, 5])] * 2)


def test_it_is_rebuilt_from_its_configuration_and_tells_its_shapes():
    layer = CGC(2, 1, 3, (6, 5), shared_gate=True, seed=4)
    again = CGC.from_config(layer.get_config())
    xs = [tf.random.normal([2, 7], seed=0)] * 3
    ours, theirs = layer(xs), again(xs)
    for one, two in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, two)  # the seed is part of it
    assert layer.compute_output_shape([(2, 7)] * 3) == [tuple(one.shape) for one in ours]
