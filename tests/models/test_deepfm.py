import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.models import DeepFM, FactorizationMachine, LogisticRegression
from recnotes.oracles.deepfm import deepfm_logit, weights_of
from recnotes.oracles.fm import one_hot_features

SIZES = [4, 3, 5]


def draw(rng, sizes=SIZES, num_dense=2, batch=5):
    sparse = np.stack([rng.integers(0, size, batch) for size in sizes], axis=1).astype(np.int32)
    return {"dense": rng.normal(size=(batch, num_dense)).astype(np.float32), "sparse": sparse}


def randomize(model, rng, scale=1.0):
    for weight in model.weights:
        if "seed" not in weight.path:
            weight.assign(scale * rng.normal(size=weight.shape))


def build(rng, **kwargs):
    model = DeepFM(SIZES, 2, **{"embedding_dim": 3, "hidden_units": [6, 4], "seed": 0, **kwargs})
    model.build()
    randomize(model, rng)
    return model


@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    num_dense=st.integers(0, 2),
    width=st.integers(1, 3),
    units=st.lists(st.integers(1, 4), max_size=2),
)
@settings(max_examples=15, deadline=None)
def test_equals_the_loops(sizes, num_dense, width, units):
    rng = np.random.default_rng(1)
    model = DeepFM(sizes, num_dense, width, units)
    model.build()
    randomize(model, rng)
    inputs = draw(rng, sizes, num_dense)
    fields, p = weights_of(model)
    x = one_hot_features(inputs["dense"].astype(np.float64), inputs["sparse"], sizes)
    loops = [deepfm_logit(row, fields, p) for row in x]
    np.testing.assert_allclose(model(inputs), loops, rtol=1e-4, atol=1e-4)


def test_gradient_equals_central_differences_of_the_loops():
    rng = np.random.default_rng(2)
    model = build(rng)
    inputs = draw(rng, batch=3)
    fields, p = weights_of(model)
    x = one_hot_features(inputs["dense"].astype(np.float64), inputs["sparse"], SIZES)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(model(inputs))
    part = model.embedding
    found = tape.gradient(y, [part.numeric.table.value, part.fields.table.value])
    found = np.concatenate([tf.convert_to_tensor(g).numpy() for g in found])
    for i, d in np.ndindex(p["v"].shape):
        step = np.zeros_like(p["v"])
        step[i, d] = 1e-6
        up, down = (
            sum(deepfm_logit(row, fields, {**p, "v": p["v"] + s}) for row in x) for s in (step, -step)
        )
        assert abs((up - down) / 2e-6 - found[i, d]) < 2e-3 * max(1, abs(found[i, d]))


def test_zero_network_leaves_the_factorization_machine():
    rng = np.random.default_rng(3)
    model, fm = build(rng), FactorizationMachine(SIZES, 2, embedding_dim=3)
    fm.build()
    model.dnn.output_layer.kernel.assign(np.zeros([4, 1]))
    for target, source in zip(fm.first_order.weights + fm.embedding.weights, model.weights[:4], strict=True):
        target.assign(source)
    fm.bias.assign(model.dnn.output_layer.bias[0])
    inputs = draw(rng)
    np.testing.assert_allclose(model(inputs), fm(inputs), rtol=1e-5, atol=1e-5)


def test_zero_vectors_leave_logistic_regression_and_a_constant():
    rng = np.random.default_rng(4)
    model, lr = build(rng), LogisticRegression(SIZES, 2)
    lr.build()
    for weight in model.embedding.weights:
        weight.assign(np.zeros(weight.shape))
    for target, source in zip(lr.first_order.weights, model.first_order.weights, strict=True):
        target.assign(source)
    lr.bias.assign(model.dnn(tf.zeros([1, 15]))[0, 0])
    inputs = draw(rng)
    np.testing.assert_allclose(model(inputs), lr(inputs), rtol=1e-5, atol=1e-5)


def test_embedding_gradient_is_the_sum_of_both_branches():
    rng = np.random.default_rng(5)
    model = build(rng)
    inputs = draw(rng)
    table = model.embedding.fields.table.value

    def gradient(*branches):
        saved = model.get_weights()
        if "dnn" not in branches:
            model.dnn.output_layer.kernel.assign(np.zeros([4, 1]))
        model.use_fm = "fm" in branches
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(model(inputs))
        g = tape.gradient(y, table)
        model.use_fm = True
        model.set_weights(saved)
        return np.zeros(table.shape) if g is None else tf.convert_to_tensor(g).numpy()

    both, fm, dnn = gradient("fm", "dnn"), gradient("fm"), gradient("dnn")
    assert np.abs(fm).max() > 0 and np.abs(dnn).max() > 0
    np.testing.assert_allclose(both, fm + dnn, rtol=1e-5, atol=1e-5)


def test_defaults_follow_the_paper():
    config = DeepFM([2]).get_config()
    assert config["hidden_units"] == [400, 400, 400] and config["embedding_dim"] == 10
    assert config["dropout"] == 0.5 and config["activation"] == "relu" and config["use_fm"]


def test_seed_makes_training_reproducible_and_parts_differ():
    rng = np.random.default_rng(6)
    inputs, clicks = draw(rng, batch=64), rng.integers(0, 2, 64).astype(np.float32)

    def train(seed):
        model = DeepFM(SIZES, 2, 4, [8], seed=seed)
        model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
        model.train_on_batch(inputs, clicks)
        return model(inputs).numpy()

    first, again, other = train(1), train(1), train(2)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_dropout_only_in_training():
    model = build(np.random.default_rng(7))
    inputs = draw(np.random.default_rng(7))
    np.testing.assert_array_equal(model(inputs), model(inputs, training=False))
    assert not np.array_equal(model(inputs), model(inputs, training=True))


def test_without_fm_only_the_network_is_left():
    model = build(np.random.default_rng(8))
    dnn = DeepFM(SIZES, 2, 3, [6, 4], use_fm=False)
    dnn.build()
    assert dnn.count_params() == model.count_params() - model.first_order.count_params()
    dnn.set_weights([w.numpy() for w in model.weights if "first_order" not in w.path])
    inputs = draw(np.random.default_rng(8))
    a0 = tf.reshape(model.embedding(inputs), [5, 15])
    np.testing.assert_allclose(dnn(inputs), model.dnn(a0)[:, 0], rtol=1e-6)


def test_every_weight_gets_a_gradient():
    rng = np.random.default_rng(9)
    model = build(rng)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.square(model(draw(rng, batch=64))))
    for weight, gradient in zip(
        model.trainable_weights,
        tape.gradient(y, [w.value for w in model.trainable_weights]),
        strict=True,
    ):
        assert gradient is not None and np.abs(tf.convert_to_tensor(gradient)).max() > 0, weight.path


def test_mixed_precision_keeps_the_logit_in_float32():
    inputs = draw(np.random.default_rng(10))
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        models = [DeepFM(SIZES, 2, 4, [8], seed=0), FactorizationMachine(SIZES, 2, 4, seed=0)]
        outputs = [model(inputs) for model in models]
    finally:
        keras.config.set_dtype_policy("float32")
    for model, output in zip(models, outputs, strict=True):
        assert output.dtype == tf.float32
        assert all(w.dtype == "float32" for w in model.trainable_weights)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
@pytest.mark.parametrize("use_fm", [True, False])
def test_save_and_load(tmp_path, use_fm):
    model = DeepFM(SIZES, 2, 3, [6, 4], "tanh", 0.25, 0.1, use_fm, ["user", "item", "hour"], seed=1)
    inputs = draw(np.random.default_rng(11))
    model(inputs)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(model(inputs), loaded(inputs))
    assert loaded.get_config() == model.get_config()
    wrong = {**inputs, "sparse": inputs["sparse"] + np.array([0, 3, 0], np.int32)}
    with pytest.raises(ValueError, match="field 'item'"):
        loaded(wrong)
    with pytest.raises(tf.errors.InvalidArgumentError, match="item"):
        loaded.predict(wrong, verbose=0)


def test_keras_falls_back_from_xla():
    model = DeepFM(SIZES, 2, 3, [4])
    with pytest.warns(UserWarning, match="jit_compile"):
        model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), jit_compile=True)
    assert model.jit_compile is False
