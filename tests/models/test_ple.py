import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.balancing import Balanced, DecayedWeights
from recnotes.data.multitask import two_tasks
from recnotes.models.mmoe import MMoE, OMoE
from recnotes.models.ple import PLE
from recnotes.models.shared_bottom import SharedBottom
from recnotes.oracles.cgc import ple_of_model


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


def relative_errors(make, B=512):
    """Errors of both tasks over their variance on new rows, for five seeds; one compilation serves all.

    The tasks have nothing in common, and the second's labels are ten times as large.
    """
    model = make(0)
    model.build({"dense": (None, 8)})
    model.compile(keras.optimizers.Adam(0.02), loss=dict.fromkeys(model.tasks, "mse"))
    model.optimizer.build(model.trainable_variables)
    start = [variable.numpy() for variable in model.optimizer.variables]
    units, errors = np.array([1.0, 10.0]), []
    for seed in range(5):
        d = two_tasks(2 * B, cosine=0.0, n=8, num_sinusoids=0, seed=seed)
        for variable, value in zip(model.optimizer.variables, start, strict=True):
            variable.assign(value)
        fresh = make(seed)
        fresh.build({"dense": (None, 8)})
        model.set_weights(fresh.get_weights())
        keras.utils.set_random_seed(seed)
        y = {f"task_{k + 1}": units[k] * d.y[:B, k] for k in range(2)}
        model.fit({"dense": d.x[:B]}, y, batch_size=64, epochs=4, verbose=0)
        p = model({"dense": tf.constant(d.x[B:], tf.float32)})
        p = np.stack([p["task_1"], p["task_2"]], axis=1) / units
        errors.append(np.mean((p - d.clean[B:]) ** 2, axis=0) / d.clean[B:].var(axis=0))
    return np.array(errors)


def test_fit_beats_a_shared_bottom_as_wide_as_an_expert():
    """Experts of its own keep a task from paying for another with larger labels.

    PLE has 208 weights and that bottom 68. A shared bottom of 19 units, with 211 weights, has smaller errors
    than PLE on all five seeds (0.25 against 0.46 on the first): of equal size, PLE does not win on these.
    """
    ple = relative_errors(
        lambda seed: PLE(
            num_levels=1, num_specific=1, num_shared=1, expert_units=(6,), tower_units=(), seed=seed
        )
    )
    shared = relative_errors(lambda seed: SharedBottom(bottom_units=(6,), tower_units=(), seed=seed))
    assert (ple.sum(axis=1) < 0.95 * shared.sum(axis=1)).all()  # 0.44 to 0.76 against 0.52 to 1.39
    assert (ple[:, 0] < 0.6 * shared[:, 0]).all()  # the task with small labels


def test_the_papers_joint_loss_and_decaying_weights():
    inputs, missing = mixed(), np.nan
    y = {"task_1": np.arange(6.0), "task_2": np.array([1.0, missing, 2.0, missing, missing, 0.0])}
    delta = {"task_1": np.ones(6), "task_2": np.isfinite(y["task_2"]).astype(float)}
    balancer = DecayedWeights([1.0, 0.5], ratios=[1.0, 0.8])
    model = Balanced(PLE(vocabulary_sizes=(7, 9), seed=0), balancer)
    model.compile(keras.optimizers.SGD(0.0), loss=dict.fromkeys(y, "mse"), run_eagerly=True)
    outputs = {task: p.numpy().astype(float) for task, p in model(inputs).items()}
    own = [np.mean((outputs["task_1"] - y["task_1"]) ** 2), 0.0]
    for b in (0, 2, 5):
        own[1] += (outputs["task_2"][b] - y["task_2"][b]) ** 2 / 3
    history = model.fit(
        inputs, y, sample_weight=delta, batch_size=6, epochs=3, shuffle=False, verbose=0
    ).history
    np.testing.assert_allclose(history["loss"], sum(own), rtol=1e-5)
    np.testing.assert_allclose(history["task_1_weight"], 1)
    np.testing.assert_allclose(history["task_2_weight"], [0.5, 0.4, 0.32], rtol=1e-6)


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


@pytest.mark.parametrize(("levels", "units"), [(1, (4, 3)), (3, (5, 4, 3)), (2, (3,))])
def test_model_equals_the_loops_at_any_depth(levels, units):
    model = PLE(("a", "b", "c"), levels, 2, 1, units, (3, 2), vocabulary_sizes=(7, 9), seed=0)
    outputs, expected = model(mixed()), ple_of_model(model, mixed())
    for task in model.tasks:
        np.testing.assert_allclose(outputs[task], expected[task], atol=1e-5)  # float32 against float64


@pytest.mark.parametrize("kind", [PLE, MMoE, OMoE, SharedBottom])
def test_a_missing_feature_is_named(kind):
    model = kind(vocabulary_sizes=(7, 9), seed=0)
    model(mixed())
    for missing, given in (("dense", "sparse"), ("sparse", "dense")):
        with pytest.raises(ValueError, match=f'Missing data for input "{missing}"'):
            model({given: mixed()[given]})
