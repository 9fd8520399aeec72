import numpy as np
import pytest
import tensorflow as tf

from recnotes.models import DeepCrossing
from recnotes.oracles.deep_crossing import deep_crossing_of_model
from tests.models import ctr_bench as bench
from tests.models.ctr_bench import SIZES, draw, randomize

SMALL = {"embedding_dim": 3, "hidden_units": [6, 4]}
NAMES = ["user", "item", "hour"]


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("units", [[], [6, 4]])
def test_equals_the_loops(relu, units):
    rng = np.random.default_rng(0)
    model = randomize(DeepCrossing(SIZES, 2, 3, units, relu), rng)
    inputs = draw(rng)
    # float32 in the model, float64 in the loops
    np.testing.assert_allclose(model(inputs), deep_crossing_of_model(model, inputs), rtol=1e-4, atol=1e-4)


def test_units_with_zero_weights_leave_a_linear_model_of_the_embeddings():
    rng = np.random.default_rng(1)
    model, flat = DeepCrossing(SIZES, 0, **SMALL), DeepCrossing(SIZES, 0, 3, [])
    randomize(model, rng)
    flat.build()
    for unit in model.units:
        unit.set_weights([np.zeros(w.shape) for w in unit.weights])
    for part in ("embedding", "head"):
        getattr(flat, part).set_weights(getattr(model, part).get_weights())
    flat.bias.assign(model.bias)
    inputs = draw(rng)
    np.testing.assert_array_equal(model(inputs), flat(inputs))  # embeddings are not negative after ReLU


def test_defaults_follow_the_paper():
    config = DeepCrossing([2]).get_config()
    assert config["hidden_units"] == [512, 512, 256, 128, 64] and config["embedding_dim"] == 256
    assert config["embedding_relu"]


def test_seeds():
    inputs = draw(np.random.default_rng(2))
    one, same, other = (DeepCrossing(SIZES, 2, seed=seed, **SMALL) for seed in (1, 1, 2))
    assert np.array_equal(one(inputs), same(inputs)) and not np.array_equal(one(inputs), other(inputs))


def test_half_precision_policy_keeps_the_logit_in_float32():
    model = DeepCrossing(SIZES, 2, dtype="mixed_bfloat16", **SMALL)
    assert model(draw(np.random.default_rng(3))).dtype == tf.float32
    assert model.units[0].compute_dtype == "bfloat16"


def test_every_weight_gets_a_gradient():
    rng = np.random.default_rng(4)
    bench.check_every_weight_gets_a_gradient(randomize(DeepCrossing(SIZES, 2, **SMALL), rng), rng)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
@pytest.mark.parametrize("relu", [True, False])
def test_save_and_load(tmp_path, relu):
    model = DeepCrossing(SIZES, 2, 3, [6], relu, 0.1, NAMES, seed=1)
    bench.check_save_and_load(model, np.random.default_rng(5), tmp_path / "m.keras")


def test_bad_input():
    bench.check_bad_input(DeepCrossing(SIZES, 2, field_names=NAMES, **SMALL))
    with pytest.raises(ValueError, match="num_dense must be"):
        DeepCrossing(SIZES, -1)


def test_beats_everything_of_first_order():
    bench.check_beats_everything_of_first_order(
        lambda sizes, n, seed: DeepCrossing(sizes, n, 8, [64, 64], embedding_stddev=0.5, seed=seed),
        epochs=12,
        rate=0.01,
    )
