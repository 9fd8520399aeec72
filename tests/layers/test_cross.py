import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.data.polynomials import planted_polynomial
from recnotes.layers.cross import CrossNetwork
from recnotes.layers.cross_v2 import CrossNetworkV2
from recnotes.oracles import cross as oracle

KINDS = [{}, {"rank": 2}, {"rank": 2, "num_experts": 3}, {"rank": 2, "num_experts": 3, "gate": "sigmoid"}]
KINDS += [{"rank": 1, "num_experts": 2, "shared_gates": True, "activation": "sigmoid"}]


def build(layer, width, rng, scale=0.5):
    layer.build((None, width))
    for weight in layer.weights:
        weight.assign(scale * rng.normal(size=weight.shape))
    return layer


def loops(layer, x0):
    """One example through a V2 layer, by the oracle."""
    xl = x0
    for step in layer.steps:
        p = {name: np.asarray(weight, np.float64) for name, weight in step.items()}
        if "h" in p:
            z = xl @ p["h"]
            gates = 1 / (1 + np.exp(-z)) if layer.gate == "sigmoid" else np.exp(z) / np.exp(z).sum()
            g = np.tanh if layer.activation == "tanh" else lambda z: 1 / (1 + np.exp(-z))
            experts = [(p["u"][i].T, p["c"][i].T, p["v"][i]) for i in range(len(gates))]
            xl = oracle.cross_mixture(x0, xl, experts, gates, p["b"], g)
        else:
            w = p["w"].T if "w" in p else p["u"].T @ p["v"].T  # W = U Vᵀ, in the paper's order
            xl = oracle.cross_matrix(x0, xl, w, p["b"])
    return xl


def test_hand_computed():
    layer = CrossNetwork(1, dtype="float64")
    layer.build((None, 2))
    layer.set_weights([np.array([[3.0], [1.0]]), np.array([10.0, 20.0])])
    # x0 (x0 · w) + b + x0 with x0 · w = 5
    assert layer(tf.constant([[1.0, 2.0]], tf.float64)).numpy().tolist() == [[5 + 10 + 1, 10 + 20 + 2]]
    v2 = CrossNetworkV2(1, dtype="float64")
    v2.build((None, 2))
    v2.steps[0]["w"].assign([[1.0, 0.0], [2.0, 1.0]])  # column j makes output j
    v2.steps[0]["b"].assign([1.0, 3.0])
    assert v2(tf.constant([[1.0, 2.0]], tf.float64)).numpy().tolist() == [[1 * (5 + 1) + 1, 2 * (2 + 3) + 2]]


@pytest.mark.parametrize("seed", range(4))
def test_dcn_equals_the_loops(seed):
    rng = np.random.default_rng(seed)
    width = int(rng.integers(1, 6))
    layer = build(CrossNetwork(int(rng.integers(1, 4)), dtype="float64"), width, rng)
    x0 = rng.normal(size=(3, width))
    expected = []
    for row in x0:
        xl = row
        for w, b in zip(layer.kernels, layer.biases, strict=True):
            xl = oracle.cross(row, xl, np.asarray(w)[:, 0], np.asarray(b))
        expected.append(xl)
    np.testing.assert_allclose(layer(tf.constant(x0)), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_v2_equals_the_loops(kind):
    rng = np.random.default_rng(5)
    for width in (1, 4):
        layer = build(CrossNetworkV2(2, dtype="float64", **kind), width, rng)
        x0 = rng.normal(size=(3, width))
        expected = [loops(layer, row) for row in x0]
        np.testing.assert_allclose(layer(tf.constant(x0)), expected, rtol=1e-12, atol=1e-12)


def test_dcn_gradients_equal_the_closed_form():
    rng = np.random.default_rng(6)
    layer = build(CrossNetwork(1, dtype="float64"), 4, rng)
    x, g = tf.constant(rng.normal(size=(1, 4))), rng.normal(size=4)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(layer(x) * g)
    found = tape.gradient(y, [x, layer.kernels[0].value, layer.biases[0].value])
    expected = oracle.cross_gradients(x.numpy()[0], np.asarray(layer.kernels[0])[:, 0], g)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.ravel(a), b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_v2_gradients_equal_central_differences_of_the_loops(kind):
    rng = np.random.default_rng(7)
    layer = build(CrossNetworkV2(2, dtype="float64", **kind), 3, rng)
    x = tf.constant(rng.normal(size=(2, 3)))
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.square(layer(x)))
    for weight, found in zip(
        layer.trainable_weights, tape.gradient(y, [w.value for w in layer.trainable_weights]), strict=True
    ):
        before = weight.numpy()
        position = tuple(rng.integers(0, size) for size in before.shape)
        values = []
        for sign in (1, -1):
            step = before.copy()
            step[position] += sign * 1e-5
            weight.assign(step)
            values.append(sum((loops(layer, row) ** 2).sum() for row in x.numpy()))
        weight.assign(before)
        # The error of a central difference is of the order of the step squared, 1e-10.
        np.testing.assert_allclose(
            found.numpy()[position], (values[0] - values[1]) / 2e-5, atol=1e-6, rtol=1e-6
        )
        assert np.abs(found).max() > 0, weight.path


def test_one_and_two_layers_expand_to_the_polynomial_of_the_paper():
    rng = np.random.default_rng(8)
    layer = build(CrossNetwork(2, dtype="float64"), 3, rng)
    for b in layer.biases:
        b.assign(np.zeros(3))
    w0, w1 = (np.asarray(w)[:, 0] for w in layer.kernels)
    x = rng.normal(size=(5, 3))
    a, b = x @ w0, x @ w1
    # x1 = x0 (1 + a); x2 = x0 (x1 · w1) + x1 = x0 (1 + a + b + a b)
    np.testing.assert_allclose(layer(tf.constant(x)), x * (1 + a + b + a * b)[:, None], rtol=1e-12)


def test_without_biases_dcn_is_a_multiple_of_its_input():
    rng = np.random.default_rng(9)
    layer = build(CrossNetwork(4, dtype="float64"), 5, rng)
    x0 = rng.normal(size=(6, 5))
    free = layer(tf.constant(x0)).numpy() / x0
    assert np.ptp(free, axis=1).min() > 1e-3  # with biases it is not
    for b in layer.biases:
        b.assign(np.zeros(5))
    ratio = layer(tf.constant(x0)).numpy() / x0
    np.testing.assert_allclose(ratio, np.repeat(ratio[:, :1], 5, axis=1), rtol=1e-10)


def test_equal_rows_make_v2_dcn_bias_aside():
    rng = np.random.default_rng(10)
    v1 = build(CrossNetwork(3, dtype="float64"), 4, rng)
    v2 = build(CrossNetworkV2(3, dtype="float64"), 4, rng)
    for i, step in enumerate(v2.steps):
        v1.biases[i].assign(np.zeros(4))
        step["b"].assign(np.zeros(4))
        step["w"].assign(np.asarray(v1.kernels[i]) @ np.ones((1, 4)))  # all rows of W are wᵀ
    x0 = tf.constant(rng.normal(size=(5, 4)))
    np.testing.assert_allclose(v2(x0), v1(x0), rtol=1e-12, atol=1e-12)
    # A rank-one W whose rows differ is no DCN.
    v2.steps[0]["w"].assign(np.asarray(v1.kernels[0]) @ np.arange(4.0)[None])
    assert np.abs(v2(x0) - v1(x0)).max() > 1e-2


def test_full_rank_equals_dense():
    rng = np.random.default_rng(11)
    dense = build(CrossNetworkV2(2, dtype="float64"), 4, rng)
    low = build(CrossNetworkV2(2, rank=4, dtype="float64"), 4, rng)
    for a, b in zip(dense.steps, low.steps, strict=True):
        u, s, v = np.linalg.svd(np.asarray(a["w"]))
        b["v"].assign(u * s)
        b["u"].assign(v)
        b["b"].assign(a["b"])
    x0 = tf.constant(rng.normal(size=(5, 4)))
    np.testing.assert_allclose(low(x0), dense(x0), rtol=1e-10, atol=1e-10)


def test_one_linear_expert_is_the_low_rank_layer():
    rng = np.random.default_rng(12)
    low = build(CrossNetworkV2(2, rank=2, dtype="float64"), 4, rng)
    mixture = build(CrossNetworkV2(2, 2, 1, activation="linear", dtype="float64"), 4, rng)
    for a, b in zip(low.steps, mixture.steps, strict=True):
        b["c"].assign(np.eye(2)[None])  # a softmax over one gate is 1
        b["u"].assign(np.asarray(a["u"])[None])
        b["v"].assign(np.asarray(a["v"])[None])
        b["b"].assign(a["b"])
    x0 = tf.constant(rng.normal(size=(5, 4)))
    np.testing.assert_allclose(mixture(x0), low(x0), rtol=1e-12, atol=1e-12)


def test_the_bias_of_v2_can_cancel_its_input():
    layer = CrossNetworkV2(1, dtype="float64")
    layer.build((None, 3))
    layer.steps[0]["w"].assign(np.zeros((3, 3)))
    layer.steps[0]["b"].assign(-np.ones(3))
    assert np.abs(layer(tf.ones([2, 3], tf.float64))).max() == 0


def test_every_matrix_starts_at_the_scale_of_he():
    mixture = CrossNetworkV2(1, rank=60, num_experts=4, seed=0)
    full = CrossNetworkV2(1, seed=0)
    for layer in (mixture, full):
        layer.build((None, 200))
    for name, fan_in in (("v", 200), ("c", 60), ("u", 60)):
        for matrix in mixture.steps[0][name].numpy():  # 3,600 draws at least: 5 % is four sigma
            assert matrix.std() == pytest.approx(np.sqrt(2 / fan_in), rel=0.05)
    assert full.steps[0]["w"].numpy().std() == pytest.approx(np.sqrt(2 / 200), rel=0.05)


def test_shared_gates_are_one_weight():
    counts = []
    for shared in (False, True):
        layer = CrossNetworkV2(3, rank=2, num_experts=2, shared_gates=shared)
        layer.build((None, 5))
        counts.append(layer.count_params())
        assert (layer.steps[0]["h"] is layer.steps[2]["h"]) == shared
    assert counts[0] - counts[1] == 2 * 5 * 2


def test_the_oracle_of_the_copied_head():
    assert oracle.deepctr_logit(1.0, np.array([2.0]), np.array([3.0]), np.array([1.0, 2.0])) == 9.0


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
@pytest.mark.parametrize(
    "make", [CrossNetwork, *[lambda s, k=k: CrossNetworkV2(2, seed=s, **k) for k in KINDS]]
)
def test_seed_save_and_load(tmp_path, make):
    inputs = keras.Input([4])
    model = keras.Model(inputs, make(3)(inputs) if make is not CrossNetwork else CrossNetwork(2, 3)(inputs))
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    np.testing.assert_array_equal(model(x), loaded(x))
    assert loaded.layers[-1].get_config() == model.layers[-1].get_config()
    fresh = type(model.layers[-1]).from_config(model.layers[-1].get_config())
    np.testing.assert_array_equal(fresh(x), model(x))
    assert model.output_shape == (None, 4)


@pytest.mark.parametrize(
    ("kwargs", "name"),
    [
        ({"num_layers": 0}, "num_layers"),
        ({"rank": 0}, "rank"),
        ({"num_experts": 2}, "rank"),
        ({"rank": 1, "num_experts": 0}, "num_experts"),
        ({"gate": "tanh"}, "gate"),
    ],
)
def test_bad_arguments(kwargs, name):
    with pytest.raises(ValueError, match=f"{name} must be"):
        CrossNetworkV2(**kwargs)


def test_bad_input():
    with pytest.raises(ValueError, match="num_layers must be"):
        CrossNetwork(0)
    for layer in (CrossNetwork(), CrossNetworkV2()):
        with pytest.raises(ValueError, match=r"must be \[B, D\]"):
            layer(tf.zeros([2, 3, 4]))
        assert layer.__class__()(tf.zeros([0, 3])).shape == (0, 3)


def test_v2_fits_what_dcn_cannot():
    """Over 5 seeds, on a quadratic whose rows have nothing in common (the mean of its squares is 1)."""
    for seed in range(5):
        data = planted_polynomial("mixed", 2000, seed)
        errors = []
        for layer in (CrossNetwork(1, seed), CrossNetworkV2(1, seed=seed)):
            head = keras.layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(seed))
            model = keras.Sequential([layer, head])
            model.compile(keras.optimizers.Adam(0.03), "mse")
            x, y = tf.constant(data.x), tf.constant(data.y[:, None])
            steps = tf.data.Dataset.from_tensors((x, y)).repeat(300)
            model.fit(steps, epochs=1, shuffle=False, verbose=0)
            errors.append(float(tf.reduce_mean(tf.square(model(x) - y))))
        assert errors[1] < 0.1 * errors[0], (seed, errors)
