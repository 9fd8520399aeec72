import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers.fm import fm_pairwise
from recnotes.layers.product_layer import ProductLayer
from recnotes.oracles import pnn as oracle

KINDS = [
    {"product": "none"},
    {"product": "inner"},
    {"product": "inner", "pairs": "above"},
    {"product": "factorized"},
    {"product": "outer"},
    {"product": "outer_full"},
    *({"product": "kernel", "kernel_type": kind} for kind in ("mat", "vec", "num")),
]
IDS = ["-".join(kind.values()) for kind in KINDS]


def build(rng, fields=4, width=3, units=2, dtype="float64", **kwargs):
    layer = ProductLayer(units, dtype=dtype, **kwargs)
    layer.build((None, fields, width))
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    return layer


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_values_and_gradients_equal_the_loops(kind):
    rng = np.random.default_rng(0)
    layer = build(rng, **kind)
    p, e = oracle.product_layer_weights(layer), rng.normal(size=(2, 4, 3))
    above = layer.pairs == "above"
    weights = [layer.signals.kernel, layer.signals.bias]
    weights += [layer.products.kernel] if "wp" in p else []
    weights += [getattr(layer, name) for name in ("theta", "kernel") if name in p]
    variable = tf.Variable(e)
    with tf.GradientTape() as tape:
        y = layer(variable)
        total = tf.reduce_sum(y * [1.0, 2.0])

    def loops(e, p):
        return np.array([oracle.product_layer(row, layer.product, p, above) for row in e])

    np.testing.assert_allclose(y, loops(e, p), rtol=1e-10, atol=1e-10)
    gradients = tape.gradient(total, [variable, *(weight.value for weight in weights)])
    for name, gradient in zip(["e", *p], gradients, strict=True):
        array = e if name == "e" else p[name]
        for index in [np.unravel_index(k, array.shape) for k in range(0, array.size, 1 + array.size // 20)]:
            step = np.zeros_like(array)
            step[index] = 1e-4
            up, down = (
                loops(e + s, p) if name == "e" else loops(e, {**p, name: p[name] + s}) for s in (step, -step)
            )
            slope = float(np.sum((up - down) @ [1.0, 2.0])) / 2e-4
            # polynomials of degree at most 2 in each argument: the difference is exact but for rounding
            assert abs(slope - gradient[index].numpy()) < 1e-8 * max(1, abs(slope)), name


def test_factorized_is_inner_with_w_the_product_of_theta_and_itself():
    rng = np.random.default_rng(1)
    full, short = build(rng), build(rng, product="factorized")
    short.signals.set_weights(full.signals.get_weights())
    theta = np.asarray(short.theta)
    full.products.kernel.assign((theta[:, :, None] * theta[:, None, :]).reshape(2, -1).T)
    e = rng.normal(size=(5, 4, 3))
    np.testing.assert_allclose(full(e), short(e), rtol=1e-10, atol=1e-10)


def test_superposition_is_the_outer_product_with_one_w_for_all_pairs():
    rng = np.random.default_rng(2)
    full, short = build(rng, product="outer_full"), build(rng, product="outer")
    short.signals.set_weights(full.signals.get_weights())
    w = np.reshape(short.products.kernel, (1, 3, 1, 3, 2)) * np.ones((4, 1, 4, 1, 1))
    full.products.kernel.assign(w.reshape(144, 2))
    e = rng.normal(size=(5, 4, 3))
    np.testing.assert_allclose(full(e), short(e), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS[1:], ids=IDS[1:])
def test_zero_weights_of_the_products_leave_the_vectors(kind):
    rng = np.random.default_rng(3)
    layer, e = build(rng, **kind), rng.normal(size=(5, 4, 3))
    weight = layer.theta if kind["product"] == "factorized" else layer.products.kernel
    weight.assign(np.zeros(weight.shape))
    np.testing.assert_allclose(layer(e), layer.signals(e.reshape(5, 12)), rtol=1e-12)


def test_uniform_weights_are_the_factorization_machine():
    rng = np.random.default_rng(4)
    layer, e = build(rng, units=1, pairs="above"), rng.normal(size=(5, 4, 3))
    for weight, value in zip(layer.weights, (0, 0, 1), strict=True):
        weight.assign(np.full(weight.shape, float(value)))
    fm = fm_pairwise(tf.constant(e))
    np.testing.assert_allclose(layer(e)[:, 0], fm, rtol=1e-10, atol=1e-12)
    both = build(rng, units=1)
    for weight, value in zip(both.weights, (0, 0, 1), strict=True):
        weight.assign(np.full(weight.shape, float(value)))
    # Over all i and j every pair counts twice, and the squared lengths come along.
    np.testing.assert_allclose(both(e)[:, 0], 2 * fm + np.sum(e**2, axis=(1, 2)), rtol=1e-10)


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_seeds_config_and_policy(kind):
    e = tf.random.stateless_normal([2, 4, 3], [0, 1])
    one, same, other = (ProductLayer(3, seed=seed, **kind) for seed in (1, 1, 2))
    assert np.array_equal(one(e), same(e)) and not np.array_equal(one(e), other(e))
    again = ProductLayer.from_config(one.get_config())
    assert again.get_config() == one.get_config() and one.compute_output_shape((2, 4, 3)) == (2, 3)
    assert ProductLayer(3, dtype="mixed_bfloat16", **kind)(e).dtype == tf.bfloat16
    np.testing.assert_allclose(tf.function(one, jit_compile=True)(e), one(e), rtol=1e-4, atol=1e-6)


def test_bad_input():
    for kwargs, match in (
        ({"units": 0}, "units must be positive, received 0"),
        ({"units": 1, "product": "cross"}, "product must be one of .*kernel.*, received 'cross'"),
        ({"units": 1, "pairs": "below"}, "pairs must be one of"),
        ({"units": 1, "kernel_type": "matrix"}, "kernel_type must be one of"),
        ({"units": 1, "kernel_type": "vec"}, "'mat' unless product is 'kernel', received 'vec'"),
        ({"units": 1, "product": "outer", "pairs": "above"}, "'all' unless product is 'inner', received"),
    ):
        with pytest.raises(ValueError, match=match):
            ProductLayer(**kwargs)
    with pytest.raises(ValueError, match=r"e must be \[B, F, D\]"):
        ProductLayer(1)(tf.ones([2, 3]))
    for kind in ({"pairs": "above"}, {"product": "kernel"}):
        with pytest.raises(ValueError, match="at least 2 fields"):
            ProductLayer(1, **kind)(tf.ones([2, 1, 3]))
