import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.data.multitask import two_tasks
from recnotes.models.mmoe import MMoE, OMoE
from recnotes.models.shared_bottom import SharedBottom
from recnotes.oracles import mmoe as oracle


def dense(B=6, n=5, seed=0):
    return {"dense": tf.constant(np.random.default_rng(seed).normal(size=(B, n)), tf.float32)}


def mixed(B=6, n=5):
    sparse = np.random.default_rng(1).integers(0, [7, 9], size=(B, 2))
    return {**dense(B, n), "sparse": tf.constant(sparse, tf.int32)}


def test_output_is_a_dict_of_logits():
    model = MMoE(("click", "like", "stay"), num_experts=4, vocabulary_sizes=(7, 9), embedding_dim=3, seed=0)
    outputs = model(mixed())
    assert {task: tuple(out.shape) for task, out in outputs.items()} == dict.fromkeys(model.tasks, (6,))
    gates = model.gates(mixed())
    assert list(gates) == model.tasks
    for gate in gates.values():
        np.testing.assert_allclose(tf.reduce_sum(gate, -1), 1, atol=1e-6)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("units", [(4,), (4, 3)])
def test_model_equals_the_loops(units, bias):
    model, inputs = MMoE(num_experts=3, expert_units=units, tower_units=(2,), gate_bias=bias, seed=0), dense()
    outputs = model(inputs)
    expected = oracle.mmoe_of_model(model, inputs)
    for task in model.tasks:
        np.testing.assert_allclose(outputs[task], expected[task], atol=1e-5)


def test_equal_gates_make_omoe():
    one, many, inputs = OMoE(num_experts=3, seed=0), MMoE(num_experts=3, seed=1), dense()
    one(inputs), many(inputs)
    kernel, bias, gate = one.mixture.get_weights()
    many.mixture.set_weights([kernel, bias, np.repeat(gate, 2, axis=0)])
    for ours, theirs in zip(many.towers, one.towers, strict=True):
        ours.set_weights(theirs.get_weights())
    for task in one.tasks:
        np.testing.assert_allclose(many(inputs)[task], one(inputs)[task], atol=1e-6)
    assert one.count_params() == many.count_params() - gate.size


def test_one_expert_makes_a_shared_bottom():
    inputs = dense()
    model = MMoE(num_experts=1, expert_units=(16,), seed=0)
    shared = SharedBottom(bottom_units=(16,), seed=1)
    model(inputs), shared(inputs)
    kernel, bias, _ = model.mixture.get_weights()
    shared.bottom.set_weights([kernel[0], bias[0]])
    for ours, theirs in zip(shared.towers, model.towers, strict=True):
        ours.set_weights(theirs.get_weights())
    for task in model.tasks:
        np.testing.assert_allclose(model(inputs)[task], shared(inputs)[task], atol=1e-6)


def test_parameters_of_the_papers_experiment():
    inputs = dense(n=100)
    counts = {}
    for model in (MMoE(seed=0), OMoE(seed=0), SharedBottom(seed=0)):
        model(inputs)
        counts[type(model).__name__] = model.count_params()
    towers = 2 * (16 * 8 + 8 + 8 + 1)
    assert counts["MMoE"] == 100 * 16 * 8 + 16 * 8 + 2 * 100 * 8 + towers
    assert counts["OMoE"] == counts["MMoE"] - 100 * 8
    assert counts["SharedBottom"] == 100 * 113 + 113 + 2 * (113 * 8 + 8 + 8 + 1)


@pytest.mark.parametrize("kind", [MMoE, OMoE, SharedBottom])
def test_gradient_reaches_every_weight(kind):
    model, inputs = kind(vocabulary_sizes=(7, 9), seed=0), mixed(B=40)
    with tf.GradientTape() as tape:
        loss = tf.add_n([tf.reduce_sum((out - 1) ** 2) for out in model(inputs).values()])
    for weight, gradient in zip(
        model.trainable_weights, tape.gradient(loss, [w.value for w in model.trainable_weights]), strict=True
    ):
        assert np.any(tf.convert_to_tensor(gradient).numpy() != 0), weight.path


def test_tower_of_one_task_is_not_moved_by_the_other():
    model, inputs = MMoE(seed=0), dense()
    model(inputs)
    with tf.GradientTape(persistent=True) as tape:
        loss = tf.reduce_sum(model(inputs)["task_1"] ** 2)
    others = [weight.value for weight in model.towers[1].trainable_weights]
    assert tape.gradient(loss, others) == [None] * 4
    gate = tape.gradient(loss, model.mixture.gate_kernel.value).numpy()
    assert np.any(gate[0] != 0) and not np.any(gate[1])


@pytest.mark.parametrize("kind", [MMoE, OMoE, SharedBottom])
def test_fit_learns_and_the_seed_decides(kind):
    data = two_tasks(512, 0.5, n=4, num_sinusoids=0, seed=0)
    y = {"task_1": data.y[:, 0], "task_2": data.y[:, 1]}
    losses = []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        model = kind(seed=3)
        model.compile(keras.optimizers.Adam(0.02), loss=dict.fromkeys(model.tasks, "mse"))
        history = model.fit({"dense": data.x}, y, batch_size=64, epochs=6, verbose=0)
        losses.append(history.history["loss"])
    assert losses[0] == losses[1]
    assert losses[0][-1] < 0.2 * losses[0][0]


@pytest.mark.parametrize("kind", [MMoE, OMoE, SharedBottom])
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(kind, tmp_path):
    model, inputs = kind(("a", "b", "c"), vocabulary_sizes=(7, 9), embedding_dim=3, seed=0), mixed()
    before = model.predict(inputs, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again) is kind
    after = again.predict(inputs, verbose=0)
    for task in model.tasks:
        np.testing.assert_array_equal(after[task], before[task])


def test_ids_out_of_range_name_the_field():
    bad = {"sparse": tf.constant([[0, 9]])}
    for names, expected in ((None, "field '1'"), (["user", "item"], "field 'item'")):
        for kind in (MMoE, OMoE, SharedBottom):
            with pytest.raises(ValueError, match=expected):
                kind(vocabulary_sizes=(7, 9), field_names=names, seed=0)(bad)


def test_gates_in_half_precision():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model, inputs = MMoE(num_experts=3, gate_bias=True, vocabulary_sizes=(7, 9), seed=0), mixed()
        outputs, gates = model(inputs), model.gates(inputs)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    for task in model.tasks:
        assert outputs[task].dtype == gates[task].dtype == tf.float16
        np.testing.assert_allclose(tf.reduce_sum(tf.cast(gates[task], tf.float32), -1), 1, atol=2e-3)


@pytest.mark.parametrize("kind", [MMoE, SharedBottom])
@pytest.mark.parametrize("tasks", [(), ("a", "a"), "ab"])
def test_bad_tasks(kind, tasks):
    with pytest.raises(ValueError, match="distinct names"):
        kind(tasks)


@pytest.mark.parametrize("features", [{}, {"other": tf.ones([2, 3])}, {"sparse": tf.zeros([2, 1], tf.int32)}])
def test_bad_features(features):
    with pytest.raises(ValueError, match="received"):
        MMoE(seed=0)(features)
