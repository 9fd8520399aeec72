import numpy as np
import pytest
import tensorflow as tf

from recnotes.models import AFM, FactorizationMachine
from recnotes.oracles.afm import afm_logit, afm_of_model
from recnotes.oracles.fm import vectors_of_model
from tests.models import ctr_bench as bench
from tests.models.ctr_bench import SIZES, draw, randomize

SMALL = {"embedding_dim": 3, "attention_units": 4}
NAMES = ["user", "item", "hour"]


def machine_of(model):
    fm = FactorizationMachine(SIZES, 2, embedding_dim=3)
    fm.build()
    for part in ("first_order", "embedding"):
        getattr(fm, part).set_weights(getattr(model, part).get_weights())
    fm.bias.assign(model.bias)
    return fm


@pytest.mark.parametrize("wiring", ["paper", "authors"])
@pytest.mark.parametrize("num_dense", [0, 2])
def test_equals_the_loops(wiring, num_dense):
    rng = np.random.default_rng(0)
    model = randomize(AFM(SIZES, num_dense, wiring=wiring, **SMALL), rng, 1.0)
    inputs = draw(rng, num_dense=num_dense)
    # float32 in the model, float64 in the loops
    np.testing.assert_allclose(model(inputs), afm_of_model(model, inputs), rtol=1e-4, atol=1e-4)


def test_gradient_equals_central_differences_of_the_loops():
    rng = np.random.default_rng(1)
    model = randomize(AFM(SIZES, 2, **SMALL), rng, 1.0)
    inputs = draw(rng, batch=1)
    p = {"w": model.pairs.w, "b": model.pairs.b, "h": model.pairs.h, "p": model.p}
    p = {name: np.asarray(weight, np.float64) for name, weight in p.items()}
    e = vectors_of_model(model.embedding, inputs)[0]
    with tf.GradientTape() as tape:
        y = model(inputs)[0]
    table = model.embedding.fields.table.value
    found = tf.convert_to_tensor(tape.gradient(y, table)).numpy()
    rows = inputs["sparse"][0] + np.cumsum([0, *SIZES[:-1]])
    for (f, row), d in ((pair, d) for pair in enumerate(rows) for d in range(3)):
        step = np.zeros_like(e)
        step[2 + f, d] = 1e-6
        slope = (afm_logit(0.0, e + step, p) - afm_logit(0.0, e - step, p)) / 2e-6
        # float32 in the model: measured 2.5e-6 at most, over six seeds
        assert abs(slope - found[row, d]) < 2e-5 * max(1, abs(slope))


def test_zero_attention_is_the_factorization_machine_with_its_pairs_averaged():
    rng = np.random.default_rng(2)
    model = randomize(AFM(SIZES, 2, **SMALL), rng)
    model.pairs.set_weights([np.zeros(w.shape) for w in model.pairs.trainable_weights])
    model.p.assign(np.ones(3))
    inputs, fm = draw(rng), machine_of(model)
    first = fm.bias + tf.reduce_sum(fm.first_order(inputs), axis=[1, 2])
    np.testing.assert_allclose(model(inputs), first + (fm(inputs) - first) / 10, rtol=1e-5, atol=1e-5)


def test_released_code_with_p_one_is_the_factorization_machine():
    rng = np.random.default_rng(3)
    model = randomize(AFM(SIZES, 2, wiring="authors", **SMALL), rng)
    model.p.assign(np.ones(3))
    inputs = draw(rng)
    np.testing.assert_allclose(model(inputs), machine_of(model)(inputs), rtol=1e-5, atol=1e-5)


def test_defaults_follow_the_paper():
    config = AFM([2]).get_config()
    assert config["embedding_dim"] == config["attention_units"] == 256
    assert config["pair_dropout"] == 0.2 and config["pooled_dropout"] == 0 and config["wiring"] == "paper"
    model = AFM(SIZES)
    model.build()
    assert np.all(model.p == 1) and np.all(model.first_order.fields.table == 0) and float(model.bias) == 0


@pytest.mark.parametrize("kind", ["pair_dropout", "pooled_dropout"])
def test_seeds_and_dropout(kind):
    inputs = draw(np.random.default_rng(4))
    rates = {"pair_dropout": 0.0, "embedding_stddev": 1.0, kind: 0.5}
    one, same, other = (AFM(SIZES, 2, seed=seed, **rates, **SMALL) for seed in (1, 1, 2))
    assert np.array_equal(one(inputs), same(inputs)) and not np.array_equal(one(inputs), other(inputs))
    assert not np.array_equal(one(inputs), one(inputs, training=True))


def test_penalty_joins_the_loss():
    model = AFM(SIZES, 2, attention_l2=0.5, seed=0, **SMALL)
    model(draw(np.random.default_rng(5)))
    np.testing.assert_allclose(sum(model.losses), 0.5 * np.sum(np.square(model.pairs.w)), rtol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_policy_keeps_the_logit_in_float32(policy):
    model = AFM(SIZES, 2, dtype=policy, **SMALL)
    assert model(draw(np.random.default_rng(6))).dtype == tf.float32
    assert model.pairs.compute_dtype == policy.removeprefix("mixed_")
    assert {str(w.dtype) for w in model.trainable_weights} == {"float32"}


def test_every_weight_gets_a_gradient():
    rng = np.random.default_rng(7)
    bench.check_every_weight_gets_a_gradient(randomize(AFM(SIZES, 2, **SMALL), rng), rng)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
@pytest.mark.parametrize("wiring", ["paper", "authors"])
def test_save_and_load(tmp_path, wiring):
    model = AFM(SIZES, 2, 3, 4, 0.1, 0.3, 0.01, wiring, 0.1, NAMES, seed=1)
    bench.check_save_and_load(model, np.random.default_rng(8), tmp_path / "m.keras")


def test_bad_input():
    bench.check_bad_input(AFM(SIZES, 2, field_names=NAMES, **SMALL))
    for kwargs, match in (
        ({"embedding_dim": 0}, "embedding_dim must be positive .* received 0 "),
        ({"pooled_dropout": 1.0}, "pooled_dropout in .* 1.0"),
        ({"num_dense": -1}, "num_dense must be"),
    ):
        with pytest.raises(ValueError, match=match):
            AFM(SIZES, **kwargs)


def test_beats_everything_of_first_order():
    bench.check_beats_everything_of_first_order(
        lambda sizes, n, seed: AFM(sizes, n, 8, 8, 0.0, embedding_stddev=0.3, seed=seed), epochs=4, rate=0.05
    )
