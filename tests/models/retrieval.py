"""The bench every model with several vectors a user has to pass."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.data.interests import interest_clicks
from recnotes.models.best_items import best_items

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
        ("target", inputs["target"][:, None], r"'target' must be \[B\]"),
        ("target", inputs["target"].astype(np.float32), "'target' must be integers"),
    ):
        with pytest.raises(ValueError, match=message):
            loss_of(model, {**inputs, key: value})
    for rows in (4, 1):
        with pytest.raises(ValueError, match=rf"the batch's rows, received \({rows},\)"):
            loss_of(model, {**inputs, "target": inputs["target"][:rows]})
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
    scored = model.scores({"history": history})
    for k, exclude in itertools.product((1, 3, N - 6), (True, False)):
        found = best_items(scored, history, k, exclude).numpy()
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


def recalls_on_planted_interests(kind, num_interests, seeds, learning_rate):
    """Recall@4 of held-out targets for each seed, where a user has two interests of two items each.

    Settings were chosen on seeds 1000 to 1002, which no test uses.
    """

    def build(seed):
        sizes = {"embedding_dim": 8, "max_length": 8, "num_interests": num_interests, "num_sampled": 40}
        model = kind(40, **sizes, embedding_stddev=0.3, seed=seed)
        model.build()
        return model

    found = []
    # One model, set back to each seed's start, is traced once.
    model = build(0)
    model.compile(keras.optimizers.Adam(learning_rate))
    for seed in seeds:
        data = interest_clicks(4000, 40, 20, num_interests=2, max_length=8, noise=0.0, seed=seed)
        yes = data.clicks > 0
        x = {"history": data.inputs["history"][yes], "target": data.inputs["item"][yes]}
        first, last = ({key: v[part] for key, v in x.items()} for part in (slice(1500), slice(1500, None)))
        model.set_weights(build(seed).get_weights())
        for state in model.optimizer.variables:
            if state is not model.optimizer._learning_rate:
                state.assign(tf.zeros_like(state))
        keras.utils.set_random_seed(seed)  # the order of the batches
        model.fit(first, batch_size=100, epochs=6, verbose=0)
        top = best_items(model.scores(last), last["history"], 4, exclude_seen=False).numpy()
        found.append(np.mean((top == last["target"][:, None]).any(axis=1)))
    return np.array(found)


def check_several_vectors_find_more_than_one(kind, learning_rate, margin):
    """Against one vector of the same width, trained the same way.

    On ten further seeds, 200 to 209, four vectors gained 0.16 to 0.25 (ComiRec-SA), 0.09 to 0.37
    (ComiRec-DR) and 0.15 to 0.22 (MIND).
    """
    one, four = (recalls_on_planted_interests(kind, k, range(5), learning_rate) for k in (1, 4))
    assert (four > one + margin).all(), (one, four)
