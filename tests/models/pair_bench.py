"""What the tests of the models of a user and an item share."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.data import planted_interactions
from recnotes.metrics import auc

USERS, ITEMS = 5, 7


def draw(rng, batch=6, users=USERS, items=ITEMS):
    return {
        "user": rng.integers(0, users, batch).astype(np.int32),
        "item": rng.integers(0, items, batch).astype(np.int32),
    }


def randomize(model, rng, scale=1.0):
    if not model.built:
        model.build()
    for weight in model.trainable_weights:
        weight.assign(scale * rng.normal(size=weight.shape))
    return model


def check_equals_the_loops(make, oracle):
    """Values in float32; gradients of every weight, against differences of the loops, in float64."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        model, inputs = randomize(make(), rng), draw(rng)
        # Float32 sums of a few dozen products of size about one.
        np.testing.assert_allclose(model(inputs), oracle(model, inputs), rtol=1e-4, atol=1e-4)
    rng = np.random.default_rng(3)
    model, inputs, g = randomize(make(dtype="float64"), rng), draw(rng), rng.normal(size=6)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.cast(model(inputs), tf.float64) * g)
    for weight, found in zip(
        model.trainable_weights, tape.gradient(y, [w.value for w in model.trainable_weights]), strict=True
    ):
        values, found = weight.numpy(), tf.convert_to_tensor(found).numpy()
        for index in np.ndindex(values.shape):
            sides = []
            for step in (1e-6, -1e-6):
                moved = values.copy()
                moved[index] += step
                weight.assign(moved)
                sides.append(oracle(model, inputs) @ g)
            weight.assign(values)
            # Differences of float64 values of size 10 over 2e-6; the logit's gradient passes float32.
            assert abs((sides[0] - sides[1]) / 2e-6 - found[index]) < 1e-5 * max(1, abs(found[index]))


def check_every_weight_gets_a_gradient(model):
    inputs = draw(np.random.default_rng(0), 64)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.square(1 + model(inputs)))
    gradients = tape.gradient(y, [w.value for w in model.trainable_weights])
    for weight, gradient in zip(model.trainable_weights, gradients, strict=True):
        assert gradient is not None and np.abs(tf.convert_to_tensor(gradient)).max() > 0, weight.path
    # Only what was looked up is touched.
    assert isinstance(gradients[0], tf.IndexedSlices)


def check_save_and_load(model, path):
    inputs = draw(np.random.default_rng(1))
    model(inputs)
    model.save(path)
    loaded = keras.models.load_model(path)
    np.testing.assert_array_equal(model(inputs), loaded(inputs))
    assert loaded.get_config() == model.get_config()


def check_bad_input(model, missing="must have the keys 'user' and 'item'", form=r"must be \[B\]"):
    inputs = draw(np.random.default_rng(2))
    assert model({name: ids[:0] for name, ids in inputs.items()}).shape == (0,)
    for name, size in (("user", USERS), ("item", ITEMS)):
        for wrong in (size, -1):
            ids = inputs[name].copy()
            ids[2] = wrong
            with pytest.raises(
                ValueError, match=rf"field '{name}' must be in \[0, {size - 1}\], received {wrong}"
            ):
                model({**inputs, name: ids})
            with pytest.raises(tf.errors.InvalidArgumentError, match=name):
                tf.function(model, autograph=False)(
                    {key: tf.constant(value) for key, value in {**inputs, name: ids}.items()}
                )
        with pytest.raises(ValueError, match=missing):
            model({key: ids for key, ids in inputs.items() if key != name})
        with pytest.raises(ValueError, match=f"ids of '{name}' must be integers"):
            model({**inputs, name: inputs[name].astype(np.float32)})
        with pytest.raises(ValueError, match=f"ids of '{name}' {form}"):
            model({**inputs, name: inputs[name][:, None]})
    with pytest.raises(ValueError, match="one length, received 6, 5"):
        model({**inputs, "item": inputs["item"][:5]})
    with pytest.raises(tf.errors.InvalidArgumentError, match="compile_with_jit_compile_False"):
        tf.function(model, autograph=False, jit_compile=True)({k: tf.constant(v) for k, v in inputs.items()})
    with pytest.warns(UserWarning, match="jit_compile"):
        model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), jit_compile=True)
    assert model.jit_compile is False


def clicks(seed):
    """Users and items whose logit has a part of rank 3 that no sum of a user's and an item's weight holds."""
    data = planted_interactions(9000, (12, 12, 2, 2, 2), linear_scale=0.3, triple_scale=0.0, seed=seed)
    parts = []
    for part in data.split(6000):
        user, item = part.inputs["sparse"][:, 0], part.inputs["sparse"][:, 1]
        parts.append(({"user": user, "item": item}, part.labels, part.parts()[:, 0]))
    return parts


def fit(model, x, y, epochs, rate):
    """Without shuffling: the rows are independent draws, and a run repeats itself."""
    model.compile(keras.optimizers.Adam(rate), keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(x, y, batch_size=250, epochs=epochs, shuffle=False, verbose=0)
    return model


def check_beats_everything_of_first_order(make, epochs=6, rate=0.02):
    """Five seeds: AUC on unseen rows against that of the true first-order part of the logit.

    No model that adds a weight of the user to a weight of the item can rank better than that part, which
    knows the truth, and even a numeric field that these models do not see.
    """
    margins = []
    for seed in range(5):
        (x, y, _), (test_x, test_y, first_order) = clicks(seed)
        model = fit(make(12, 12, seed=seed), x, y, epochs, rate)
        margins.append(auc(test_y, model(test_x).numpy()) - auc(test_y, first_order))
    assert min(margins) > 0.05, margins
