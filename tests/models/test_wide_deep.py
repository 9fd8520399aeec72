import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.data import planted_interactions
from recnotes.metrics import auc
from recnotes.models import DeepFM, LogisticRegression, WideDeep
from recnotes.oracles.wide_deep import wide_deep_of_model
from tests.models import ctr_bench as bench
from tests.models.ctr_bench import SIZES, draw, randomize

SMALL = {"embedding_dim": 3, "hidden_units": [6, 4]}
NAMES = ["user", "item", "hour"]
CROSSES = [[0, 1], [2, 0, 1]]


@pytest.mark.parametrize("crosses", [[], CROSSES])
def test_equals_the_loops(crosses):
    rng = np.random.default_rng(0)
    model = randomize(WideDeep(SIZES, 2, crosses=crosses, **SMALL), rng)
    inputs = draw(rng)
    # float32 in the model, float64 in the loops
    np.testing.assert_allclose(model(inputs), wide_deep_of_model(model, inputs), rtol=1e-4, atol=1e-4)


def test_the_gradient_of_the_wide_part_is_the_count_of_each_value_and_combination():
    model = randomize(WideDeep([2, 3], 0, crosses=[[0, 1]], **SMALL), np.random.default_rng(1))
    ids = tf.constant([[1, 2], [1, 2], [0, 1]])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(model({"sparse": ids}))
    found = tape.gradient(y, [model.wide.fields.table.value, model.cross_weights.table.value])
    assert all(isinstance(gradient, tf.IndexedSlices) for gradient in found)
    first, cross = (tf.convert_to_tensor(gradient).numpy()[:, 0].tolist() for gradient in found)
    assert first == [1, 2, 0, 1, 2] and cross == [0, 1, 0, 0, 0, 2]


def test_every_combination_has_its_own_number():
    model = WideDeep(SIZES, crosses=CROSSES)
    ids = np.array(list(itertools.product(*map(range, SIZES))), np.int32)
    numbers = model.cross_ids(tf.constant(ids)).numpy()
    assert sorted(set(numbers[:, 0])) == list(range(4 * 3)) and sorted(numbers[:, 1]) == list(range(60))


def test_zero_network_leaves_logistic_regression():
    rng = np.random.default_rng(2)
    model, lr = randomize(WideDeep(SIZES, 2, **SMALL), rng), LogisticRegression(SIZES, 2)
    lr.build()
    model.dnn.output_layer.kernel.assign(np.zeros([4, 1]))
    lr.first_order.set_weights(model.wide.get_weights())
    lr.bias.assign(model.dnn.output_layer.bias[0])
    inputs = draw(rng)
    np.testing.assert_allclose(model(inputs), lr(inputs), rtol=1e-5, atol=1e-5)


def test_zero_wide_part_leaves_the_network_of_deepfm():
    rng = np.random.default_rng(3)
    model, dnn = randomize(WideDeep(SIZES, 0, **SMALL), rng), DeepFM(SIZES, 0, 3, [6, 4], use_fm=False)
    dnn.build()
    model.wide.set_weights([np.zeros(w.shape) for w in model.wide.weights])
    dnn.embedding.fields.table.assign(model.embedding.table)
    for target, source in zip(dnn.dnn.trainable_weights, model.dnn.trainable_weights, strict=True):
        target.assign(source)
    inputs = draw(rng)
    np.testing.assert_allclose(model(inputs), dnn(inputs), rtol=1e-6, atol=1e-6)


def test_defaults():
    config = WideDeep([2]).get_config()
    assert config["embedding_dim"] == 32 and config["hidden_units"] == [1024, 512, 256]
    assert config["activation"] == "relu" and config["crosses"] == []


def test_seeds_and_dropout():
    inputs = draw(np.random.default_rng(2))
    one, same, other = (WideDeep(SIZES, 2, dropout=0.5, seed=seed, **SMALL) for seed in (1, 1, 2))
    assert np.array_equal(one(inputs), same(inputs)) and not np.array_equal(one(inputs), other(inputs))
    assert not np.array_equal(one(inputs), one(inputs, training=True))


def test_half_precision_policy_keeps_the_logit_in_float32():
    model = WideDeep(SIZES, 2, crosses=CROSSES, dtype="mixed_bfloat16", **SMALL)
    assert model(draw(np.random.default_rng(3))).dtype == tf.float32


def test_every_weight_gets_a_gradient():
    rng = np.random.default_rng(4)
    model = randomize(WideDeep(SIZES, 2, crosses=CROSSES, **SMALL), rng)
    bench.check_every_weight_gets_a_gradient(model, rng)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
@pytest.mark.parametrize("crosses", [[], CROSSES])
def test_save_and_load(tmp_path, crosses):
    model = WideDeep(SIZES, 2, 3, [6], crosses, "tanh", 0.25, 0.1, NAMES, seed=1)
    bench.check_save_and_load(model, np.random.default_rng(5), tmp_path / "m.keras")


@pytest.mark.parametrize("crosses", [[], CROSSES])
def test_bad_input(crosses):
    bench.check_bad_input(WideDeep(SIZES, 2, crosses=crosses, field_names=NAMES, **SMALL))


@pytest.mark.parametrize("cross", [[0], [], [0, 0], [0, 3], [-1, 0]])
def test_bad_crosses(cross):
    with pytest.raises(ValueError, match="crosses must"):
        WideDeep(SIZES, crosses=[cross])


def test_a_cross_lets_the_wide_part_remember_pairs():
    """Five seeds, against the true first-order part of the logit; the network is too small to help."""
    for seed in range(5):
        data = planted_interactions(9000, (12, 12, 2, 2, 2), seed=seed)
        train, test = data.split(6000)
        model = WideDeep(data.vocabulary_sizes, 2, 2, [2], [[0, 1]], seed=seed)
        model.compile(keras.optimizers.Adam(0.03), keras.losses.BinaryCrossentropy(from_logits=True))
        model.fit(train.inputs, train.labels, batch_size=500, epochs=5, shuffle=False, verbose=0)
        found = auc(test.labels, model(test.inputs).numpy())
        assert found > auc(test.labels, test.parts()[:, 0]) + 0.05, seed
