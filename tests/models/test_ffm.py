import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.models import FFM, FactorizationMachine, LogisticRegression
from recnotes.oracles import ffm as oracle
from recnotes.oracles.fm import one_hot_features
from tests.models import ctr_bench as bench
from tests.models.ctr_bench import SIZES, draw, randomize

NAMES = ["user", "item", "hour"]
FIELD_OF = [0, 1, *np.repeat([2, 3, 4], SIZES)]


@pytest.mark.parametrize("use_linear", [False, True])
@pytest.mark.parametrize("normalize", [False, True])
def test_equals_the_loops(normalize, use_linear):
    rng = np.random.default_rng(0)
    model = randomize(FFM(SIZES, 2, 3, normalize, use_linear), rng)
    inputs = draw(rng)
    loops = oracle.ffm_of_model(model, inputs)
    np.testing.assert_allclose(model(inputs), loops, rtol=1e-4, atol=1e-5)  # float32 against float64


@pytest.mark.parametrize("normalize", [False, True])
def test_one_step_of_adagrad_is_the_step_of_libffm(normalize):
    for label in (0, 1):
        rng = np.random.default_rng(label)
        model = randomize(FFM(SIZES, 2, 3, normalize), rng)
        inputs = draw(rng, batch=1)
        table = np.asarray(model.embedding.table, np.float64)
        x = one_hot_features(inputs["dense"].astype(np.float64), inputs["sparse"], SIZES)[0]
        # The authors' sums of squares start at 1; their penalty, once a pair, has no counterpart in Keras.
        expected, _ = oracle.libffm_step(
            x, FIELD_OF, 2 * label - 1, table, np.ones(table.shape), decay=0.0, normalize=normalize
        )
        adagrad = keras.optimizers.Adagrad(0.2, initial_accumulator_value=1.0, epsilon=1e-12)
        model.compile(adagrad, keras.losses.BinaryCrossentropy(from_logits=True))
        model.train_on_batch(inputs, np.array([label], np.float32))
        assert np.abs(expected - table).max() > 1e-3
        np.testing.assert_allclose(model.embedding.table, expected, rtol=1e-5, atol=1e-6)


def test_the_penalty_of_libffm_falls_on_pairs_only():
    rng = np.random.default_rng(1)
    v, x = rng.normal(size=(len(FIELD_OF), 5, 2)), np.zeros(len(FIELD_OF))
    x[[0, 2, 7]] = 1.0
    moved, squares = oracle.libffm_step(x, FIELD_OF, 1, v, np.ones(v.shape), decay=0.1)
    touched = (moved != v).any(axis=(1, 2))
    assert np.flatnonzero(touched).tolist() == [0, 2, 7] and (squares >= 1).all()
    assert (moved[0, 0] == v[0, 0]).all() and (moved[0, 4] == v[0, 4]).all()  # no pair with these fields


def test_equal_field_tables_are_the_pairwise_term_of_a_factorization_machine():
    rng = np.random.default_rng(2)
    fm, ffm = FactorizationMachine(SIZES, 2, 3), FFM(SIZES, 2, 3, use_linear=True)
    randomize(fm, rng)
    ffm.build()
    vectors = np.concatenate([w.numpy() for w in (fm.embedding.numeric.table, fm.embedding.fields.table)])
    ffm.embedding.table.assign(np.repeat(vectors[:, None], 5, axis=1))
    ffm.first_order.set_weights(fm.first_order.get_weights())
    ffm.bias.assign(fm.bias)
    inputs = draw(rng)
    np.testing.assert_allclose(ffm(inputs), fm(inputs), rtol=1e-5, atol=1e-5)


def test_zero_vectors_leave_logistic_regression_or_nothing():
    rng = np.random.default_rng(3)
    inputs = draw(rng)
    lr, ffm, pure = LogisticRegression(SIZES, 2), FFM(SIZES, 2, use_linear=True), FFM(SIZES, 2)
    for model in (lr, ffm, pure):
        randomize(model, rng)
    for model in (ffm, pure):
        model.embedding.table.assign(np.zeros(model.embedding.table.shape))
    ffm.first_order.set_weights(lr.first_order.get_weights())
    ffm.bias.assign(lr.bias)
    np.testing.assert_allclose(ffm(inputs), lr(inputs), rtol=1e-6, atol=1e-6)
    assert pure(inputs).numpy().tolist() == [0] * 5


def test_number_of_parameters():
    assert FFM([100, 50], 2, 4).get_config()["use_linear"] is False
    model = FFM([100, 50], 2, 4)
    model.build()
    assert model.count_params() == 152 * 4 * 4  # features · fields · width


def test_every_vector_but_those_for_the_own_field_gets_a_gradient():
    rng = np.random.default_rng(4)
    model = randomize(FFM(SIZES, 2, 3, use_linear=True), rng)
    bench.check_every_weight_gets_a_gradient(model, rng)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.square(1 + model(draw(rng, batch=256))))
    gradient = tf.convert_to_tensor(tape.gradient(y, model.embedding.table.value)).numpy()
    for row, field in enumerate(FIELD_OF):
        assert (np.abs(gradient[row]).max(axis=1) > 0).tolist() == [f != field for f in range(5)]


def test_half_precision_policy_keeps_the_logit_in_float32():
    model = FFM(SIZES, 2, use_linear=True, dtype="mixed_bfloat16")
    assert model(draw(np.random.default_rng(5))).dtype == tf.float32
    assert model.embedding.compute_dtype == "bfloat16"


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
@pytest.mark.parametrize("use_linear", [True, False])
def test_save_and_load(tmp_path, use_linear):
    model = FFM(SIZES, 2, 3, True, use_linear, NAMES, seed=1)
    bench.check_save_and_load(model, np.random.default_rng(5), tmp_path / "m.keras")


def test_bad_input():
    bench.check_bad_input(FFM(SIZES, 2, field_names=NAMES))


def test_beats_everything_of_first_order():
    bench.check_beats_everything_of_first_order(
        lambda sizes, n, seed: FFM(sizes, n, 4, use_linear=True, seed=seed)
    )
