"""Models in `Balanced`: the step is what it says, on dense weights and tables; fits on planted tasks."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.balancing import MGDA, Balanced, DecayedWeights, GradNorm, PCGrad, UncertaintyWeights
from recnotes.data.multitask import two_tasks
from recnotes.metrics import auc
from recnotes.models.mmoe import MMoE
from recnotes.models.ple import PLE
from recnotes.models.shared_bottom import SharedBottom
from recnotes.optimizers import LazyAdam

METHODS = {
    "sum": lambda: None,
    "decay": lambda: DecayedWeights([1.0, 0.5], [0.9, 1.0]),
    "uncertainty": UncertaintyWeights,
    "gradnorm": GradNorm,
    "pcgrad": lambda: PCGrad(seed=0),
    "mgda": MGDA,
}


def data(B=12, n=5, seed=0):
    rng = np.random.default_rng(seed)
    x = {
        "dense": rng.normal(size=(B, n)).astype("float32"),
        "sparse": rng.integers(0, [7, 9], size=(B, 2)).astype("int32"),
    }
    return x, {task: rng.normal(size=B).astype("float32") for task in ("task_1", "task_2")}


def make(kind=SharedBottom, seed=0, **kwargs):
    return kind(vocabulary_sizes=(7, 9), embedding_dim=3, seed=seed, **kwargs)


def compiled(model, optimizer=None, loss="mse", eager=True):
    """Compiles; single steps run eagerly, where a graph would take ten times as long to make as to run."""
    optimizer = optimizer or keras.optimizers.SGD(0.1)
    model.compile(optimizer, loss=dict.fromkeys(("task_1", "task_2"), loss), run_eagerly=eager)
    return model


def one_step(balanced, x, y, sample_weight=None):
    """The logs of one step on all rows, in their order."""
    history = balanced.fit(
        x, y, sample_weight=sample_weight, batch_size=len(y["task_1"]), shuffle=False, verbose=0
    )
    return {name: values[0] for name, values in history.history.items()}


@pytest.mark.parametrize(("kind", "eager"), [(SharedBottom, False), (MMoE, True), (PLE, True)])
def test_the_sum_is_what_keras_trains(kind, eager):
    x, y = data()
    # Not Adam: Keras's squares repeated ids of a table one by one, and `Balanced` adds them up first.
    plain, ours = compiled(make(kind), eager=eager), compiled(Balanced(make(kind)), eager=eager)
    for model in (plain, ours):
        keras.utils.set_random_seed(0)
        model.fit(x, y, batch_size=4, epochs=2, verbose=0)
    for a, b in zip(ours.model.get_weights(), plain.get_weights(), strict=True):
        # The tasks' gradients are added in another order: a rounding or two a step, over six steps.
        np.testing.assert_allclose(a, b, atol=2e-6)


def hand_step(model, x, y, method):
    """One step of size 0.1 with full gradients, a table's as a full matrix."""
    values = [w.value for w in model.trainable_weights]
    with tf.GradientTape(persistent=True) as tape:
        outputs = model(x)
        losses = [tf.reduce_mean((outputs[t] - y[t]) ** 2) for t in model.tasks]
    found = [tape.gradient(loss, values) for loss in losses]
    shared = [i for i in range(len(values)) if all(g[i] is not None for g in found)]
    flat = np.stack(
        [np.concatenate([tf.convert_to_tensor(g[i]).numpy().reshape(-1) for i in shared]) for g in found]
    ).astype(float)
    if method == "mgda":
        d = flat[0] - flat[1]
        gamma = np.clip(-d @ flat[1] / (d @ d), 0, 1)
        a = np.array([gamma, 1 - gamma])
    elif method == "pcgrad":
        inner = min(flat[0] @ flat[1], 0)
        a = 1 - inner / (flat**2).sum(axis=1)
    else:
        a = {"sum": np.ones(2), "decay": np.array([1.0, 0.5]), "uncertainty": np.full(2, 0.5)}.get(
            method, np.ones(2)
        )
    towers = np.ones(2) if method in ("mgda", "pcgrad") else a
    steps = []
    for i, w in enumerate(values):
        parts = [
            0 if g[i] is None else weight * tf.convert_to_tensor(g[i]).numpy()
            for g, weight in zip(found, a if i in shared else towers, strict=True)
        ]
        steps.append(w.numpy() - 0.1 * (parts[0] + parts[1]))
    return steps, a, np.array(losses)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", [SharedBottom, PLE])
def test_a_step_equals_the_step_by_hand(kind, method):
    x, y = data()
    y["task_2"] = -y["task_1"] * 3  # tasks that conflict
    balanced = compiled(Balanced(make(kind), METHODS[method]()))
    balanced.model(x)
    expected, a, losses = hand_step(balanced.model, x, y, method)
    logs = one_step(balanced, x, y)
    np.testing.assert_allclose([logs["task_1_weight"], logs["task_2_weight"]], a, rtol=1e-4)
    np.testing.assert_allclose(logs["loss"], losses.sum(), rtol=1e-5)
    for weight, value in zip(balanced.model.trainable_weights, expected, strict=True):
        np.testing.assert_allclose(weight.numpy(), value, atol=2e-6, err_msg=weight.path)
    if method == "pcgrad":
        assert min(a) > 1  # they did conflict


def test_a_tables_gradient_stays_sparse():
    x, y = data()
    balanced = compiled(Balanced(make(), PCGrad(seed=0)))
    balanced(x)
    seen = {}

    class Spy(keras.optimizers.SGD):
        def update_step(self, gradient, variable, learning_rate):
            seen[tuple(variable.shape)] = gradient
            super().update_step(gradient, variable, learning_rate)

    balanced.compile(Spy(0.1), loss=dict.fromkeys(y, "mse"), run_eagerly=True)
    one_step(balanced, x, y)
    assert isinstance(seen[7 + 9, 3], tf.IndexedSlices)
    assert sum(isinstance(g, tf.IndexedSlices) for g in seen.values()) == 1


def test_with_a_row_wise_optimizer_metrics_and_validation():
    x, y = data()
    y = {task: (label > 0).astype("float32") for task, label in y.items()}
    balanced = Balanced(make(), UncertaintyWeights(["classification"] * 2))
    loss = dict.fromkeys(y, keras.losses.BinaryCrossentropy(from_logits=True))
    metrics = {task: [keras.metrics.AUC(from_logits=True, name="auc")] for task in y}
    balanced.compile(LazyAdam(0.03), loss=loss, metrics=metrics, run_eagerly=True)
    history = balanced.fit(x, y, batch_size=12, epochs=12, verbose=0, validation_data=(x, y)).history
    assert history["val_loss"][-1] < history["val_loss"][0]
    for task in y:
        expected = auc(y[task], balanced.model(x)[task].numpy())
        np.testing.assert_allclose(history[f"val_{task}_auc"][-1], expected, atol=0.06)  # of 200 thresholds


def test_rows_outside_a_tasks_sample_space_do_not_count():
    x, y = data()
    delta = {"task_1": np.ones(12, "float32"), "task_2": (np.arange(12) < 5).astype("float32")}
    hidden = {**y, "task_2": np.where(delta["task_2"] > 0, y["task_2"], np.nan)}
    logs, weights = [], []
    for labels in (y, hidden):
        balanced = compiled(Balanced(make(seed=1)))
        logs.append(one_step(balanced, x, labels, delta))
        weights.append(balanced.model.get_weights())
    assert logs[0] == logs[1]
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)
    outputs = make(seed=1)(x)
    expected = np.mean((outputs["task_1"] - y["task_1"]) ** 2) + np.mean(
        (outputs["task_2"] - y["task_2"])[:5] ** 2
    )
    np.testing.assert_allclose(logs[0]["loss"], expected, rtol=1e-5)
    again = compiled(Balanced(make(seed=1)))
    again(x)
    np.testing.assert_allclose(
        again.evaluate(x, hidden, sample_weight=delta, batch_size=12, verbose=0), expected, rtol=1e-5
    )


def test_a_loss_object_is_taken_per_row():
    x, y = data()
    y = {task: (label > 0).astype("float32") for task, label in y.items()}
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    balanced = compiled(Balanced(make(seed=1), UncertaintyWeights(["classification"] * 2)), loss=loss)
    outputs = make(seed=1)(x)
    expected = sum(
        np.mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y[t], logits=outputs[t])) for t in y
    )
    np.testing.assert_allclose(one_step(balanced, x, y)["loss"], expected, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
@pytest.mark.parametrize("method", METHODS)
def test_save_and_load(method, tmp_path):
    x, y = data()
    balanced = compiled(Balanced(make(), METHODS[method]()), keras.optimizers.Adam(0.01))
    one_step(balanced, x, y)
    balanced.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again.balancer) is type(balanced.balancer)
    assert again.balancer.get_config() == balanced.balancer.get_config()
    for a, b in zip(again.variables, balanced.variables, strict=True):
        if "seed" not in a.path:  # Keras does not save where a generator of numbers stands
            np.testing.assert_array_equal(a, b)
    first, second = one_step(balanced, x, y), one_step(again, x, y)
    for name, value in first.items():
        np.testing.assert_allclose(second[name], value, rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x, y: Balanced(keras.Sequential()), "model must have tasks"),
        (lambda x, y: Balanced(make(), "pcgrad"), "balancer must be a Balancer or None, received 'pcgrad'"),
        (
            lambda x, y: compiled(Balanced(make())).task_losses({**y, "buy": y["task_1"]}, y),
            r"labels must be a dict of \['task_1', 'task_2'\], received \['buy', 'task_1', 'task_2'\]",
        ),
        (
            lambda x, y: compiled(Balanced(make())).task_losses(None, y),
            "labels must .* received <class 'NoneTy",
        ),
        (
            lambda x, y: compiled(Balanced(make())).task_losses(y, {"task_1": y["task_1"]}),
            r"outputs must be a dict of .*, received \['task_1'\]",
        ),
        (
            lambda x, y: compiled(Balanced(make())).task_losses({**y, "task_2": y["task_2"][:1]}, y),
            r"labels of 'task_2' must be \[B\] with B = 12, received \(1,\)",
        ),
        (
            lambda x, y: compiled(Balanced(make())).task_losses({**y, "task_2": np.ones([12, 2])}, y),
            r"labels of 'task_2' must be \[B\] with B = 12, received \(12, 2\)",
        ),
        (
            lambda x, y: compiled(Balanced(make())).task_losses(y, y, {"task_1": None, "task_2": np.ones(3)}),
            r"sample_weight of 'task_2' must be \[B\] with B = 12, received \(3,\)",
        ),
        (
            lambda x, y: one_step(compiled(Balanced(make())), x, {"task_1": y["task_1"]}),
            "labels must be a dict",
        ),
        (
            lambda x, y: compiled(Balanced(make())).task_losses(y, y, {"task_1": y["task_1"]}),
            "sample_weight must be a dict",
        ),
        (
            lambda x, y: one_step(compiled(Balanced(make(tasks=("task_1", "b")))), x, y),
            "loss must be a dict",
        ),
        (
            lambda x, y: one_step(
                compiled(Balanced(make()), keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())), x, y
            ),
            "optimizer must not scale losses",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call(*data())


def test_losses_of_the_model_itself_are_refused():
    x, y = data()
    model = make()
    model.bottom.activity_regularizer = keras.regularizers.L2(0.1)
    with pytest.raises(ValueError, match="losses of its own"):
        one_step(compiled(Balanced(model)), x, y)


def test_xla_is_refused():
    x, y = data()
    balanced = Balanced(make())
    with pytest.warns(UserWarning, match="doesn't support `jit_compile=True`"):
        balanced.compile("sgd", loss=dict.fromkeys(y, "mse"), jit_compile=True)
    assert not balanced.jit_compile and one_step(balanced, x, y)["loss"] > 0


@pytest.mark.parametrize("eager", [True, False])
def test_a_label_that_counts_and_is_no_number_names_its_task(eager):
    x, y = data()
    y["task_2"][3] = np.nan
    balanced = compiled(Balanced(make()), eager=eager)
    with pytest.raises(tf.errors.InvalidArgumentError, match="labels of 'task_2' where sample_weight"):
        one_step(balanced, x, y)
    delta = {"task_1": np.ones(12, "float32"), "task_2": np.full(12, np.nan, "float32")}
    with pytest.raises(tf.errors.InvalidArgumentError, match="sample_weight of 'task_2'"):
        one_step(balanced, x, y, delta)
    delta["task_2"] = np.linspace(-0.5, 1, 12, dtype="float32")
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="sample_weight of .*task_2.* must be at least 0"
    ):
        one_step(balanced, x, y, delta)
    y["task_2"][:] = 1e30  # its square is infinite
    with pytest.raises(tf.errors.InvalidArgumentError, match="loss of 'task_2'"):
        one_step(balanced, x, y)


def test_labels_in_columns_count_like_labels_in_rows():
    x, y = data()
    columns = {task: label[:, None] for task, label in y.items()}
    found = [compiled(Balanced(make(seed=1))).evaluate(x, labels, verbose=0) for labels in (y, columns)]
    assert found[0] == found[1]


def test_compiling_again_after_a_failed_fit():
    x, y = data()
    balanced = Balanced(make(), UncertaintyWeights())
    balanced.compile("sgd", loss={"task_1": "mse"})
    with pytest.raises(ValueError, match="loss must be a dict"):
        one_step(balanced, x, y)
    assert one_step(compiled(balanced, eager=False), x, y)["task_1_weight"] == 0.5


UNITS = np.array([1.0, 10.0])


def relative_errors(balancer, learning_rate, batch_size, epochs, B=512):
    """Errors of both tasks over their variance on new rows, for five seeds; one compilation serves all.

    The tasks have nothing in common but a bottom of 6 units, and the second's labels are ten times as large.
    """

    def bottom(seed):
        model = SharedBottom(bottom_units=(6,), tower_units=(), seed=seed)
        model.build({"dense": (None, 8)})
        return model

    balanced = compiled(Balanced(bottom(0), balancer), keras.optimizers.Adam(learning_rate), eager=False)
    balanced.build({"dense": (None, 8)})
    balanced.optimizer.build(balanced.trainable_variables)
    state = [*balanced.optimizer.variables, *balanced.balancer.variables]
    start = [variable.numpy() for variable in state]
    errors = []
    for seed in range(5):
        d = two_tasks(2 * B, cosine=0.0, n=8, num_sinusoids=0, seed=seed)
        for variable, value in zip(state, start, strict=True):
            variable.assign(value)
        balanced.model.set_weights(bottom(seed).get_weights())
        keras.utils.set_random_seed(seed)
        y = {f"task_{k + 1}": UNITS[k] * d.y[:B, k] for k in range(2)}
        balanced.fit({"dense": d.x[:B]}, y, batch_size=batch_size, epochs=epochs, verbose=0)
        p = balanced({"dense": tf.constant(d.x[B:], tf.float32)})
        p = np.stack([p["task_1"], p["task_2"]], axis=1) / UNITS
        errors.append(np.mean((p - d.clean[B:]) ** 2, axis=0) / d.clean[B:].var(axis=0))
    return np.array(errors)


def test_uncertainty_beats_the_sum_where_units_differ():
    setting = {"learning_rate": 0.03, "batch_size": 16, "epochs": 5}
    plain, weighed = relative_errors(None, **setting), relative_errors(UncertaintyWeights(), **setting)
    assert (weighed.sum(axis=1) < plain.sum(axis=1)).all()
    assert (weighed[:, 0] < 0.8 * plain[:, 0]).all()


def test_gradnorm_pcgrad_and_mgda_against_the_sum_where_units_differ():
    setting = {"learning_rate": 0.02, "batch_size": 64, "epochs": 4}
    plain = relative_errors(None, **setting)
    for balancer in (GradNorm(), PCGrad(seed=0)):
        weighed = relative_errors(balancer, **setting)
        assert (weighed.sum(axis=1) < plain.sum(axis=1)).all(), type(balancer)
        assert (weighed[:, 0] < plain[:, 0]).all(), type(balancer)
    # MGDA favors the task with short gradients so much that the other pays: no gain in the sum is claimed.
    weighed = relative_errors(MGDA(), **setting)
    assert (weighed[:, 0] < 0.5 * plain[:, 0]).all() and (weighed[:, 1] > plain[:, 1]).all()
    assert (weighed < 1).all()  # both are below their variance all the same
