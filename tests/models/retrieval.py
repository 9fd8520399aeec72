"""The bench every model with several vectors a user has to pass."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

N, D = 9, 4


def draw(rng, batch=5, length=6):
    lengths = rng.integers(1, length + 1, batch)
    history = np.where(np.arange(length) < lengths[:, None], rng.integers(1, N + 1, (batch, length)), 0)
    return {"history": history.astype(np.int32), "target": rng.integers(1, N + 1, batch).astype(np.int32)}


def randomize(model, rng, scale=0.7):
    for weight in model.trainable_weights:
        weight.assign(scale * rng.normal(size=weight.shape))


def loss_of(model, inputs):
    inputs = {key: tf.constant(value) for key, value in inputs.items()}
    return model.compute_loss(inputs, y_pred=model(inputs, training=True))


def gradients(model, inputs):
    with tf.GradientTape() as tape:
        value = loss_of(model, inputs)
    found = tape.gradient(value, [w.value for w in model.trainable_weights])
    return value, [None if g is None else tf.convert_to_tensor(g).numpy() for g in found]


def check_padding(model, rng):
    """More padding, and padding in front, change neither interests nor gradients; no pad gets a gradient."""
    inputs = draw(rng)
    h = inputs["history"]
    forms = [np.pad(h, [(0, 0), (0, 3)]), np.pad(h, [(0, 0), (2, 0)])]
    forms.append(np.stack([h, np.zeros_like(h)], axis=2).reshape(len(h), -1))  # a pad after each item
    value, found = gradients(model, inputs)
    for form in forms:
        # Sums over another length may be associated differently.
        np.testing.assert_allclose(model(inputs), model({"history": form}), atol=1e-12)
        again, other = gradients(model, {**inputs, "history": form})
        np.testing.assert_allclose(value, again, atol=1e-12)
        for a, b in zip(found, other, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-12)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.square(model({"history": np.array([[3, 5, 0, 0]], np.int32)})))
    g = tf.convert_to_tensor(tape.gradient(y, model.items.table.value)).numpy()
    assert set(np.flatnonzero(np.abs(g).sum(axis=1)) + 1) == {3, 5}


def check_empty_history(model):
    inputs = {"history": np.zeros((2, 5), np.int32), "target": np.array([3, 0], np.int32)}
    assert (model(inputs).numpy() == 0).all()
    value, found = gradients(model, inputs)
    assert np.isfinite(value) and all(g is None or np.isfinite(g).all() for g in found)


def check_only_recent_items_are_read(model):
    """A model that reads six items."""
    long = np.array([[9, 9, 2, 5, 3, 1, 4, 6]], np.int32)
    np.testing.assert_allclose(model({"history": long}), model({"history": long[:, 2:]}), atol=1e-12)


def check_every_weight_gets_a_gradient(model, rng):
    _, found = gradients(model, draw(rng, batch=64))
    for weight, g in zip(model.trainable_weights, found, strict=True):
        assert g is not None and np.abs(g).max() > 0, weight.path


def check_bad_input(model, rng):
    inputs = draw(rng)
    for key, value, message in (
        ("history", inputs["history"][:, 0], "'history' must have rank 2"),
        ("history", inputs["history"] + N, r"ids of 'history' must be in \[0, 9\], received"),
        ("history", -inputs["history"], "ids of 'history'"),
        ("history", inputs["history"].astype(np.float32), "'history' must be integers"),
        ("target", inputs["target"] + N, "ids of 'target'"),
        ("target", -inputs["target"], "ids of 'target'"),
        ("target", inputs["target"][:, None], "'target' must have rank 1"),
        ("target", inputs["target"].astype(np.float32), "'target' must be integers"),
    ):
        with pytest.raises(ValueError, match=message):
            loss_of(model, {**inputs, key: value})
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        loss_of(model, {**inputs, "target": inputs["target"][:-1]})
    with pytest.raises(ValueError, match="key 'history'"):
        model({"target": inputs["target"]})
    with pytest.raises(ValueError, match="'history' and 'target'"):
        model.compute_loss({"history": tf.constant(inputs["history"])}, y_pred=model(inputs))
    assert model({"history": inputs["history"][:0]}).shape[0] == 0
    with pytest.raises(tf.errors.InvalidArgumentError, match="history"):
        model.predict({"history": inputs["history"] + N}, verbose=0)
    with pytest.raises((tf.errors.InvalidArgumentError, NotImplementedError)):
        tf.function(model, jit_compile=True)({"history": tf.constant(inputs["history"])})
    with pytest.warns(UserWarning, match="doesn't support `jit_compile=True`"):
        model.compile("adam", jit_compile=True)


def check_save_and_load(model, rng, path):
    inputs = draw(rng)
    model.compile("adam")
    model.fit(inputs, verbose=0)
    expected = model.predict({"history": inputs["history"]}, verbose=0)
    model.save(path / "m.keras")
    loaded = keras.models.load_model(path / "m.keras")
    np.testing.assert_array_equal(loaded.predict({"history": inputs["history"]}, verbose=0), expected)
    assert loaded.get_config() == model.get_config()


def check_a_seed_makes_training_repeat(build, rng):
    inputs, weights = draw(rng, batch=64), []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(1)  # the order of the batches
        model = build(seed=seed, num_sampled=3)
        model.compile(keras.optimizers.Adam(0.01))
        model.fit(inputs, epochs=2, batch_size=16, verbose=0)
        weights.append(model.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*weights[:2], strict=True))
    assert not np.array_equal(weights[0][0], weights[2][0])


def check_recommend(model, rng):
    """The best items of each interest, put together and sorted, are what is recommended."""
    history = draw(rng)["history"]
    v, e = model({"history": history}).numpy(), model.items.table.numpy()
    every = np.einsum("bmd,nd->bmn", v, e)
    for k, exclude in itertools.product((1, 3, N - 6), (True, False)):
        found = model.recommend(tf.constant(history), k, exclude_seen=exclude).numpy()
        for b in range(len(history)):
            scores = every[b].copy()
            if exclude:
                scores[:, history[b][history[b] > 0] - 1] = -np.inf
            union = {i for row in scores for i in np.argsort(-row, kind="stable")[:k]}
            best = sorted(union, key=lambda i: -scores[:, i].max())[:k]
            assert (found[b] - 1).tolist() == best


def central_differences(function, arrays, step=1e-6):
    """The gradient of a function of float64 arrays, entry by entry."""
    found = []
    for array in arrays:
        g = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            kept = array[index]
            sides = []
            for sign in (1, -1):
                array[index] = kept + sign * step
                sides.append(function())
            array[index] = kept
            g[index] = (sides[0] - sides[1]) / (2 * step)
        found.append(g)
    return found
