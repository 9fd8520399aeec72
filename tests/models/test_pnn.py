import numpy as np
import pytest
import tensorflow as tf

from recnotes.models import PNN, DeepFM, FactorizationMachine
from recnotes.oracles.pnn import pnn_of_model, product_layer, product_layer_weights
from tests.layers.test_product_layer import IDS, KINDS
from tests.models import ctr_bench as bench
from tests.models.ctr_bench import SIZES, draw, randomize

SMALL = {"embedding_dim": 3, "hidden_units": [6, 4]}
NAMES = ["user", "item", "hour"]


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
@pytest.mark.parametrize("units", [[6, 4], [5]])
def test_equals_the_loops(kind, units):
    rng = np.random.default_rng(0)
    model = randomize(PNN(SIZES, 2, 3, units, **kind), rng)
    inputs = draw(rng)
    # float32 in the model, float64 in the loops
    np.testing.assert_allclose(model(inputs), pnn_of_model(model, inputs), rtol=1e-4, atol=1e-4)


def test_gradient_equals_central_differences_of_the_loops():
    rng = np.random.default_rng(1)
    model = randomize(PNN(SIZES, 2, activation="tanh", **SMALL), rng)
    inputs = draw(rng, batch=4)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(model(inputs))
    kernel = model.product.products.kernel
    found, start = tape.gradient(y, kernel.value).numpy(), np.array(kernel)
    for index in [(0, 0), (1, 1), (7, 2), (13, 3), (24, 5)]:
        slope = 0.0
        for sign in (1, -1):
            moved = start.copy()
            moved[index] += sign * 1e-2
            kernel.assign(moved)
            slope += sign * pnn_of_model(model, inputs).sum() / 2e-2
        # a step of 1e-2 outlives float32 storage (1e-7/1e-2) and errs by its square
        assert abs(slope - found[index]) < 1e-3 * max(1, abs(slope))


def test_without_products_it_is_a_network_on_the_embeddings():
    rng = np.random.default_rng(2)
    dnn = DeepFM(SIZES, 2, 3, [6, 4], use_fm=False)
    randomize(dnn, rng)
    inputs = draw(rng)
    for kind in KINDS:
        model = randomize(PNN(SIZES, 2, **SMALL, **kind), rng)
        model.embedding.set_weights(dnn.embedding.get_weights())
        first, *others = dnn.dnn.hidden_layers
        model.product.signals.set_weights(first.get_weights())
        weights = [w for layer in [*others, dnn.dnn.output_layer] for w in layer.get_weights()]
        model.dnn.set_weights(weights)
        if model.product.products is not None:
            model.product.products.set_weights([np.zeros(model.product.products.kernel.shape)])
        elif kind["product"] == "factorized":
            model.product.theta.assign(np.zeros(model.product.theta.shape))
        np.testing.assert_allclose(model(inputs), dnn(inputs), rtol=1e-5, atol=1e-5)


def test_one_linear_unit_with_uniform_weights_is_the_factorization_machine():
    rng = np.random.default_rng(3)
    model = randomize(PNN(SIZES, 2, 3, [1], pairs="above", activation="linear"), rng)
    fm = FactorizationMachine(SIZES, 2, embedding_dim=3)
    fm.build()
    fm.embedding.set_weights(model.embedding.get_weights())
    fm.bias.assign(1.5)
    model.product.signals.set_weights([np.zeros([15, 1]), np.ones(1)])
    model.product.products.set_weights([np.ones([10, 1])])
    model.dnn.set_weights([np.ones([1, 1]), np.array([0.5])])
    inputs = draw(rng)
    np.testing.assert_allclose(model(inputs), fm(inputs), rtol=1e-5, atol=1e-5)


def test_first_layer_reads_numeric_fields_too():
    rng = np.random.default_rng(4)
    model = randomize(PNN(SIZES, 2, **SMALL), rng)
    inputs = draw(rng)
    e = np.asarray(model.embedding(inputs), np.float64)
    assert e.shape == (5, 5, 3)
    expected = [product_layer(row, "inner", product_layer_weights(model.product)) for row in e]
    np.testing.assert_allclose(model.product(e.astype(np.float32)), expected, rtol=1e-4, atol=1e-4)


def test_defaults():
    config = PNN([2, 3]).get_config()
    assert config["product"] == "inner" and config["pairs"] == "all" and config["kernel_type"] == "mat"
    assert config["hidden_units"] == [500] and config["embedding_dim"] == 10 and config["dropout"] == 0


def test_seeds_and_dropout():
    inputs = draw(np.random.default_rng(5))
    one, same, other = (PNN(SIZES, 2, dropout=0.5, seed=seed, **SMALL) for seed in (1, 1, 2))
    assert np.array_equal(one(inputs), same(inputs)) and not np.array_equal(one(inputs), other(inputs))
    assert not np.array_equal(one(inputs), one(inputs, training=True))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_policy_keeps_the_logit_in_float32(policy):
    model = PNN(SIZES, 2, dtype=policy, **SMALL)
    assert model(draw(np.random.default_rng(6))).dtype == tf.float32
    assert model.product.compute_dtype == policy.removeprefix("mixed_")
    assert {str(w.dtype) for w in model.trainable_weights} == {"float32"}


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_every_weight_gets_a_gradient(kind):
    rng = np.random.default_rng(7)
    bench.check_every_weight_gets_a_gradient(randomize(PNN(SIZES, 2, **SMALL, **kind), rng), rng)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
@pytest.mark.parametrize("kind", [KINDS[2], KINDS[7]], ids=[IDS[2], IDS[7]])
def test_save_and_load(tmp_path, kind):
    model = PNN(SIZES, 2, activation="tanh", dropout=0.1, field_names=NAMES, seed=1, **kind, **SMALL)
    bench.check_save_and_load(model, np.random.default_rng(8), tmp_path / "m.keras")


def test_bad_input():
    bench.check_bad_input(PNN(SIZES, 2, field_names=NAMES, **SMALL))
    for kwargs, match in (
        ({"embedding_dim": 0}, "embedding_dim must be positive .* received 0 "),
        ({"hidden_units": []}, r"hidden_units not empty, received 10 and \[\]"),
        ({"num_dense": -1}, "num_dense must be"),
        ({"product": "cross"}, "product must be one of"),
        ({"product": "kernel", "pairs": "above"}, "pairs must be 'all' unless product is 'inner'"),
        ({"product": "inner", "kernel_type": "num"}, "kernel_type must be 'mat' unless product is 'kernel'"),
    ):
        with pytest.raises(ValueError, match=match):
            PNN(SIZES, **kwargs)


def test_beats_everything_of_first_order():
    bench.check_beats_everything_of_first_order(
        lambda sizes, n, seed: PNN(sizes, n, 8, [32], embedding_stddev=0.3, seed=seed), epochs=3
    )
