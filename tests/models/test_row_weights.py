import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.models import LogisticRegression
from recnotes.registry import find, model_names

FAMILIES = ("ctr", "behavior", "pair", "multitask")
# ESMM has a loss of its own, which refuses weights.
LOGITS = [name for name in model_names() if find(name).family in FAMILIES and name != "esmm"]
B = 16


def cross_entropy(labels, logits):
    return np.maximum(logits, 0) - labels * logits + np.log1p(np.exp(-np.abs(logits)))


@pytest.mark.parametrize("name", LOGITS)
@pytest.mark.parametrize("rank", [1, 2])
def test_weights_count_row_by_row(name, rank):
    entry = find(name)
    model = entry.build()
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(weight + rng.normal(size=weight.shape) / 4)
    x = entry.inputs(B)
    weights = rng.uniform(size=B) * (np.arange(B) % 3 > 0)
    outputs = model(x)
    tasks = outputs if isinstance(outputs, dict) else {"": outputs}
    labels = {task: rng.integers(0, 2, B).astype(np.float32) for task in tasks}
    losses = {task: cross_entropy(labels[task], logits.numpy()) for task, logits in tasks.items()}
    expected = sum(np.mean(weights * loss) for loss in losses.values())
    compiling, _ = entry.training(B)
    model.compile("sgd", **compiling)
    y = {task: label if rank == 1 else label[:, None] for task, label in labels.items()}
    w = dict.fromkeys(tasks, weights)
    if not isinstance(outputs, dict):
        y, w = y[""], weights
    found = model.evaluate(x, y, sample_weight=w, batch_size=B, verbose=0, return_dict=True)["loss"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)  # float32 sums of 16 numbers
    assert abs(expected - sum(np.mean(loss) * np.mean(weights) for loss in losses.values())) > 1e-4


def test_class_weights_train_one_class_only():
    model = LogisticRegression([2])
    model.compile(keras.optimizers.SGD(1.0), loss=keras.losses.BinaryCrossentropy(from_logits=True))
    x, y = {"sparse": np.array([[0], [1]])}, np.array([0.0, 1.0])
    model.fit(x, y, class_weight={0: 0.0, 1: 1.0}, batch_size=2, verbose=0)
    table = model.first_order.fields.table.numpy().ravel()
    np.testing.assert_allclose(table, [0.0, 0.25])  # ½ (1 − σ(0)); row 0 has weight 0


def test_metrics_are_weighted_too():
    model = LogisticRegression([2])
    model.compile("sgd", loss="mse", weighted_metrics=[keras.metrics.MeanAbsoluteError(name="mae")])
    x, y = {"sparse": np.array([[0], [1]])}, np.array([1.0, 4.0])
    found = model.evaluate(x, y, sample_weight=np.array([3.0, 1.0]), verbose=0, return_dict=True)
    np.testing.assert_allclose(found["mae"], (3 * 1 + 1 * 4) / 4)


def test_labels_may_change_their_rank_between_calls():
    model = LogisticRegression([2])
    model.compile("sgd", loss="mse")
    x, y = {"sparse": np.array([[0], [1]])}, np.array([1.0, 4.0])
    found = [model.evaluate(x, label, verbose=0) for label in (y, y[:, None], y)]
    np.testing.assert_allclose(found, 8.5)


def test_labels_of_another_length_are_refused():
    model = LogisticRegression([2])
    model.compile("sgd", loss="mse")
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        model.train_on_batch({"sparse": np.array([[0], [1]])}, np.zeros([3]))
