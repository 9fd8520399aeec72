"""The bench every behavior model has to pass."""

import keras
import numpy as np
import pytest
import tensorflow as tf

N = 9
SIZES = [4, 3]


def draw(rng, batch=5, length=6):
    lengths = rng.integers(1, length + 1, batch)
    history = np.where(np.arange(length) < lengths[:, None], rng.integers(1, N + 1, (batch, length)), 0)
    return {
        "dense": rng.normal(size=(batch, 2)).astype(np.float32),
        "sparse": np.stack([rng.integers(0, size, batch) for size in SIZES], axis=1).astype(np.int32),
        "item": rng.integers(1, N + 1, batch).astype(np.int32),
        "history": history.astype(np.int32),
    }


def randomize(model, rng, scale=0.7):
    for weight in model.weights:
        if "seed" not in weight.path and "moving" not in weight.path:
            weight.assign(scale * rng.normal(size=weight.shape))


def check_padding(model, table, rng):
    """More padding changes nothing, items no row names get no gradient, an empty history is finite."""
    inputs = draw(rng)
    longer = {**inputs, "history": np.pad(inputs["history"], [(0, 0), (0, 3)])}
    # Sums over another length may be associated differently.
    np.testing.assert_allclose(model(inputs), model(longer), rtol=1e-5, atol=1e-6)
    row = {key: value[:1] for key, value in inputs.items()}
    row |= {"item": np.array([2], np.int32), "history": np.array([[3, 5, 0, 0]], np.int32)}
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(model(row))
    g = tf.convert_to_tensor(tape.gradient(y, table)).numpy()
    touched = np.flatnonzero(np.abs(g).sum(axis=1)) + 1
    assert set(touched) <= {2, 3, 5} and {3, 5} <= set(touched)
    empty = {**inputs, "history": np.zeros_like(inputs["history"])}
    with tf.GradientTape() as tape:
        y = model(empty)
        loss = tf.reduce_sum(y)
    assert np.isfinite(y).all()
    for g in tape.gradient(loss, [w.value for w in model.trainable_weights]):
        assert g is None or np.isfinite(tf.convert_to_tensor(g)).all()


def check_every_weight_gets_a_gradient(model, rng):
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.square(model(draw(rng, batch=64))))
    weights = model.trainable_weights
    for weight, g in zip(weights, tape.gradient(y, [w.value for w in weights]), strict=True):
        assert g is not None and np.abs(tf.convert_to_tensor(g)).max() > 0, weight.path


def check_bad_input(model, rng):
    inputs = draw(rng)
    for key, value, message in (
        ("item", inputs["item"][:, None], "'item' must have rank 1"),
        ("history", inputs["history"][:, 0], "'history' must have rank 2"),
        ("history", inputs["history"][:4], r"'history' must have rank 2 and 5 rows, received \(4, 6\)"),
        ("dense", inputs["dense"][:4], "'dense' must have rank 2 and 5 rows"),
        ("sparse", inputs["sparse"][:1], "'sparse' must have rank 2 and 5 rows"),
        ("item", inputs["item"] + N, "ids of 'item'"),
        ("history", inputs["history"] - 1 - N, "ids of 'history'"),
        ("item", inputs["item"].astype(np.float32), "integers"),
        ("sparse", inputs["sparse"] + np.array([0, 3], np.int32), "field 'hour'"),
    ):
        with pytest.raises(ValueError, match=message):
            model({**inputs, key: value})
    with pytest.raises(ValueError, match="keys"):
        model({key: value for key, value in inputs.items() if key != "history"})
    assert model({key: value[:0] for key, value in inputs.items()}).shape == (0,)
    wrong = {**inputs, "history": inputs["history"] + N}
    with pytest.raises(tf.errors.InvalidArgumentError, match="history"):
        model.predict(wrong, verbose=0)
    with pytest.raises((tf.errors.InvalidArgumentError, NotImplementedError)):
        tf.function(lambda x: model(x), jit_compile=True)({k: tf.constant(v) for k, v in inputs.items()})


def check_save_and_load(model, rng, path):
    inputs = draw(rng)
    model(inputs)
    model.save(path / "m.keras")
    loaded = keras.models.load_model(path / "m.keras")
    np.testing.assert_array_equal(model(inputs), loaded(inputs))
    assert loaded.get_config() == model.get_config()
