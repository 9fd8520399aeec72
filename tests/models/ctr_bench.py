"""What the tests of several CTR models share."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.data import planted_interactions
from recnotes.metrics import auc

SIZES = [4, 3, 5]


def draw(rng, sizes=SIZES, num_dense=2, batch=5):
    sparse = np.stack([rng.integers(0, size, batch) for size in sizes], axis=1).astype(np.int32)
    return {"dense": rng.normal(size=(batch, num_dense)).astype(np.float32), "sparse": sparse}


def randomize(model, rng, scale=0.5):
    model.build()
    for weight in model.trainable_weights:
        weight.assign(scale * rng.normal(size=weight.shape))
    return model


def check_every_weight_gets_a_gradient(model, rng):
    if not model.built:
        model.build()
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.square(1 + model(draw(rng, batch=64))))
    gradients = tape.gradient(y, [w.value for w in model.trainable_weights])
    for weight, gradient in zip(model.trainable_weights, gradients, strict=True):
        assert gradient is not None and np.abs(tf.convert_to_tensor(gradient)).max() > 0, weight.path


def check_save_and_load(model, rng, path):
    inputs = draw(rng)
    model(inputs)
    model.save(path)
    loaded = keras.models.load_model(path)
    np.testing.assert_array_equal(model(inputs), loaded(inputs))
    assert loaded.get_config() == model.get_config()
    again = type(model).from_config(model.get_config())
    again.build()
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]


def check_bad_input(model):
    """A model of fields "user", "item", "hour" with sizes SIZES and two numeric fields."""
    inputs = draw(np.random.default_rng(0))
    assert model({name: value[:0] for name, value in inputs.items()}).shape == (0,)
    for wrong in (3, -1):
        sparse = inputs["sparse"].copy()
        sparse[2, 1] = wrong
        with pytest.raises(ValueError, match=rf"field 'item' must be in \[0, 2\], received {wrong}"):
            model({**inputs, "sparse": sparse})
        with pytest.raises(tf.errors.InvalidArgumentError, match="item"):
            tf.function(model, autograph=False)(
                {name: tf.constant(v) for name, v in inputs.items()} | {"sparse": tf.constant(sparse)}
            )
    with pytest.raises(ValueError, match="must be integers"):
        model({**inputs, "sparse": inputs["sparse"].astype(np.float32)})
    with pytest.raises(ValueError, match="ids must be"):
        model({**inputs, "sparse": inputs["sparse"][:, :2]})
    with pytest.raises(ValueError, match="'dense'"):
        model({"sparse": inputs["sparse"]})
    for dense in (inputs["dense"][:, :1], inputs["dense"][:, 0]):
        with pytest.raises(ValueError, match=r"must be \[B, 2\]"):
            model({**inputs, "dense": dense})
    with pytest.raises(tf.errors.InvalidArgumentError, match="compile_with_jit_compile_False"):
        tf.function(model, autograph=False, jit_compile=True)({n: tf.constant(v) for n, v in inputs.items()})
    with pytest.warns(UserWarning, match="jit_compile"):
        model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), jit_compile=True)
    assert model.jit_compile is False


def check_beats_everything_of_first_order(make, epochs=6, batch=500, rate=0.02):
    """Five seeds: the model's AUC on unseen rows against that of the true first-order part of the logit.

    No model that adds up its fields can rank better than that part, which knows the truth.
    """
    margins = []  # fit without shuffling: the rows are independent draws, and a run repeats itself
    for seed in range(5):
        data = planted_interactions(9000, (12, 12, 2, 2, 2), seed=seed)
        train, test = data.split(6000)
        model = make(data.vocabulary_sizes, 2, seed=seed)
        model.compile(keras.optimizers.Adam(rate), keras.losses.BinaryCrossentropy(from_logits=True))
        model.fit(train.inputs, train.labels, batch_size=batch, epochs=epochs, shuffle=False, verbose=0)
        found = auc(test.labels, model(test.inputs).numpy())
        margins.append(found - auc(test.labels, test.parts()[:, 0]))
    assert min(margins) > 0.05, margins
