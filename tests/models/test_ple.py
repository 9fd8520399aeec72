import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.data.multitask import two_tasks
from recnotes.models.ple import PLE
from recnotes.models.shared_bottom import SharedBottom


def mixed(B=6, n=5):
    rng = np.random.default_rng(0)
    return {
        "dense": tf.constant(rng.normal(size=(B, n)), tf.float32),
        "sparse": tf.constant(rng.integers(0, [7, 9], size=(B, 2)), tf.int32),
    }


def gradients(model, inputs, task):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(inputs)[task] ** 2)
    return dict(
        zip(
            [w.path for w in model.trainable_weights],
            tape.gradient(loss, [w.value for w in model.trainable_weights]),
            strict=True,
        )
    )


def test_without_shared_experts_the_tasks_are_separate_nets():
    model, inputs = PLE(num_levels=1, num_shared=0, seed=0), {"dense": mixed()["dense"]}
    model(inputs)
    by_path = gradients(model, inputs, "task_1")
    level, m = model.levels[0], model.levels[0].num_specific
    for part in (*level.experts[m:], level.gates[1], model.towers[1]):
        for weight in part.weights:
            assert by_path[weight.path] is None
    for part in (*level.experts[:m], level.gates[0], model.towers[0]):
        for weight in part.weights:
            assert by_path[weight.path] is not None


def test_shared_gate_carries_the_gradient_to_the_other_task():
    model, inputs = PLE(num_levels=2, seed=0), {"dense": mixed(B=40)["dense"]}
    model(inputs)
    by_path = gradients(model, inputs, "task_1")
    for expert in model.levels[0].experts:
        assert np.any(by_path[expert.weights[0].path].numpy() != 0)
    assert by_path[model.levels[1].experts[2].weights[0].path] is None  # the last level's, of task 2


def test_one_shared_expert_makes_a_shared_bottom():
    inputs = {"dense": mixed()["dense"]}
    model = PLE(num_levels=1, num_specific=0, num_shared=1, seed=0)
    shared = SharedBottom(bottom_units=(16,), seed=1)
    model(inputs), shared(inputs)
    shared.bottom.set_weights(model.levels[0].experts[0].get_weights())
    for ours, theirs in zip(shared.towers, model.towers, strict=True):
        ours.set_weights(theirs.get_weights())
    for task in model.tasks:
        np.testing.assert_allclose(model(inputs)[task], shared(inputs)[task], atol=1e-6)


def test_gradient_reaches_every_weight():
    model, inputs = PLE(vocabulary_sizes=(7, 9), seed=0), mixed(B=60)
    model(inputs)
    with tf.GradientTape() as tape:
        loss = tf.add_n([tf.reduce_sum((out - 1) ** 2) for out in model(inputs).values()])
    found = tape.gradient(loss, [w.value for w in model.trainable_weights])
    for weight, gradient in zip(model.trainable_weights, found, strict=True):
        assert np.any(tf.convert_to_tensor(gradient).numpy() != 0), weight.path


def test_fit_beats_the_mean():
    for seed in range(5):
        data = two_tasks(512, 0.5, n=4, num_sinusoids=0, seed=seed)
        keras.utils.set_random_seed(seed)
        model = PLE(num_levels=1, seed=seed)
        model.compile(keras.optimizers.Adam(0.04), loss=dict.fromkeys(model.tasks, "mse"))
        y = {"task_1": data.y[:, 0], "task_2": data.y[:, 1]}
        losses = model.fit({"dense": data.x}, y, batch_size=128, epochs=6, verbose=0).history["loss"]
        assert losses[-1] < 0.3 * data.y.var(axis=0).sum(), seed


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    model, inputs = PLE(("a", "b", "c"), vocabulary_sizes=(7, 9), embedding_dim=3, seed=0), mixed()
    before = model.predict(inputs, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.get_config() == model.get_config()
    for task, value in again.predict(inputs, verbose=0).items():
        np.testing.assert_array_equal(value, before[task])


def test_ids_out_of_range_name_the_field():
    with pytest.raises(ValueError, match="field 'item'"):
        PLE(vocabulary_sizes=(7, 9), field_names=["user", "item"])({"sparse": tf.constant([[0, 9]])})


@pytest.mark.parametrize("bad", [{"num_levels": 0}, {"num_shared": 0}, {"tasks": ("a", "a")}])
def test_bad_arguments(bad):
    with pytest.raises(ValueError, match="received"):
        PLE(**bad)
