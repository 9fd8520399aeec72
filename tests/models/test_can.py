import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.data.interests import interest_clicks
from recnotes.metrics.ctr import auc
from recnotes.models.can import CAN
from recnotes.models.din import DIN
from recnotes.oracles.can import can_of_model
from tests.models.behavior import (
    SIZES,
    N,
    check_bad_input,
    check_every_weight_gets_a_gradient,
    check_padding,
    check_save_and_load,
    draw,
    randomize,
)


def build(rng, **kwargs):
    kwargs = {"embedding_dim": 3, "hidden_units": [5, 4], "co_action_width": 3, "seed": 0, **kwargs}
    model = CAN(N, SIZES, 2, field_names=["user", "hour"], co_action_units=[4, 2], **kwargs)
    model.build()
    randomize(model, rng)
    return model


@pytest.mark.parametrize("wiring", ["paper", "authors"])
def test_equals_the_loops(wiring):
    rng = np.random.default_rng(1)
    model, inputs = build(rng, wiring=wiring), draw(rng)
    # float32 sums of a few dozen terms of size 10 against float64.
    np.testing.assert_allclose(model(inputs), can_of_model(model, inputs), rtol=1e-4, atol=1e-4)


def test_zero_parameters_leave_the_base_model():
    rng = np.random.default_rng(2)
    model, inputs = build(rng), draw(rng)
    base = DIN(N, SIZES, 2, 3, [5, 4], activation="relu", use_attention=False)
    base.build()
    model.parameters.table.assign(np.zeros(model.parameters.table.shape))
    base.embedding.set_weights(model.embedding.get_weights())
    weights = model.dnn.get_weights()
    base.dnn.set_weights([weights[0][model.co_action.output_width :], *weights[1:]])
    np.testing.assert_allclose(model(inputs), base(inputs), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("wiring", ["paper", "authors"])
def test_bench(wiring):
    rng = np.random.default_rng(3)
    model = build(rng, wiring=wiring)
    check_padding(model, model.embedding.items.table.value, rng)
    check_every_weight_gets_a_gradient(model, rng)
    check_bad_input(model, rng)


def test_entries_of_padding_get_no_gradient():
    rng = np.random.default_rng(4)
    model, inputs = build(rng), draw(rng, batch=1)
    inputs |= {"item": np.array([2], np.int32), "history": np.array([[3, 5, 0, 0]], np.int32)}
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(model(inputs))
    tables = [model.entries.table.value, model.parameters.table.value]
    for g, touched in zip(tape.gradient(y, tables), ({3, 5}, {2}), strict=True):
        rows = np.abs(tf.convert_to_tensor(g).numpy()).sum(axis=1)
        assert set((np.flatnonzero(rows) + 1).tolist()) == touched


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
@pytest.mark.parametrize("options", [{}, {"wiring": "authors"}, {"co_action_activation": None, "orders": 1}])
def test_save_and_load(tmp_path, options):
    rng = np.random.default_rng(5)
    check_save_and_load(build(rng, dropout=0.2, **options), rng, tmp_path)


def test_seed_makes_the_start_reproducible():
    inputs = draw(np.random.default_rng(6))
    first, again, other = (CAN(N, SIZES, 2, seed=seed)(inputs).numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_mixed_precision_keeps_the_logit_in_float32():
    inputs = draw(np.random.default_rng(7))
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = CAN(N, SIZES, 2, seed=0)
        assert model(inputs).dtype == tf.float32
    finally:
        keras.config.set_dtype_policy("float32")


def test_fit_beats_sum_pooling_on_planted_interests():
    for seed in range(5):
        data = interest_clicks(4000, seed=seed)
        first, last = (
            {k: v[part] for k, v in data.inputs.items()} for part in (slice(3000), slice(3000, None))
        )
        reached = []
        for model in (
            CAN(30, (), 0, 8, (16,), embedding_stddev=0.1, seed=seed),
            DIN(30, (), 0, 8, (16,), activation="relu", use_attention=False, embedding_stddev=0.1, seed=seed),
        ):
            keras.utils.set_random_seed(seed)  # the order of the batches
            model.compile(keras.optimizers.Adam(0.02), keras.losses.BinaryCrossentropy(from_logits=True))
            model.fit(first, data.clicks[:3000], batch_size=100, epochs=6, verbose=0)
            reached.append(auc(data.clicks[3000:], model(last).numpy()))
        best = auc(data.clicks[3000:], data.probability[3000:])
        assert reached[0] > reached[1] + 0.04 and reached[0] < best + 0.01
