"""Trains a model that gives one logit a row, choosing the epoch on validation rows only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from experiments.card import FALLS, Curve, Metrics
from experiments.epochs import keep_best
from experiments.steps import compiled_epoch
from recnotes.metrics import auc, log_loss

Columns = Mapping[str, np.ndarray]
Rows = tuple[Columns, np.ndarray]


def ctr_metrics(label: np.ndarray, logit: np.ndarray) -> Metrics:
    """Computes AUC and log loss."""
    return {"auc": auc(label, logit), "log_loss": log_loss(label, logit)}


def rmse_metrics(label: np.ndarray, score: np.ndarray) -> Metrics:
    """Computes the root of the mean squared error on labels of ±1; scores beyond them are cut to ±1."""
    target = 2.0 * label - 1
    return {"rmse": float(np.sqrt(np.mean((np.clip(score, -1, 1) - target) ** 2)))}


def predict(model: keras.Model, inputs: Columns, batch_size: int = 8192) -> np.ndarray:
    """Computes the logits of all rows."""
    return model.predict({k: np.asarray(v) for k, v in inputs.items()}, batch_size=batch_size, verbose=0)


def binary_cross_entropy(label: tf.Tensor, logit: tf.Tensor) -> tf.Tensor:
    """Computes the mean cross-entropy."""
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(label, logit))


def squared_error(label: tf.Tensor, score: tf.Tensor) -> tf.Tensor:
    """Computes the mean squared error on labels of ±1."""
    return tf.reduce_mean(tf.square(score - (2 * label - 1)))


def shuffled(count: int, rng: np.random.Generator) -> np.ndarray:
    """Returns the order of an epoch's rows."""
    return rng.permutation(count)


def fit(
    model: keras.Model,
    train: Rows | Callable[[int], Rows],
    validation: Rows,
    *,
    seed: int,
    epochs: int,
    patience: int,
    monitor: str = "auc",
    batch_size: int = 4096,
    optimizer: keras.optimizers.Optimizer | None = None,
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] = binary_cross_entropy,
    measure: Callable[[np.ndarray, np.ndarray], Metrics] = ctr_metrics,
    table_l2: float = 0.0,
    decay: float = 0.1,
    report: Callable[[str], None] = print,
) -> tuple[Curve, int]:
    """Trains until validation stops to improve, and leaves the model with the weights of its best epoch.

    After an epoch without a new best the learning rate is multiplied by ``decay``; after ``patience`` of them
    in a row training ends.

    Args:
        model: a model that returns one logit a row.
        train: inputs and labels to fit on, or a function that draws them anew for each epoch, from 1, always
            as many.
        validation: inputs and labels for every choice.
        seed: seed of the order of the rows and of dropout.
        epochs: most epochs.
        patience: how many epochs without a new best end it.
        monitor: the validation metric that decides (default: "auc").
        batch_size: rows of a step (default: 4096).
        optimizer: None for Adam with rate 0.001 and gradients bounded to a norm of 10 (default: None).
        loss: mean loss of labels and outputs (default: binary_cross_entropy).
        measure: metrics of labels and outputs (default: ctr_metrics).
        table_l2: weight of half the squared norm of the embedding tables, all rows at every step
            (default: 0.0).
        decay: factor of the learning rate (default: 0.1).
        report: takes a line an epoch (default: print).

    Returns:
        The curve and the number of the best epoch.
    """
    keras.utils.set_random_seed(seed)
    optimizer = optimizer or keras.optimizers.Adam(1e-3, global_clipnorm=10.0)
    rng = np.random.default_rng(seed)

    def tensors(rows: Rows) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        return {k: tf.constant(column) for k, column in rows[0].items()}, tf.constant(rows[1], tf.float32)

    current = tensors(train(1) if callable(train) else train)
    model({name: column[:2] for name, column in current[0].items()}, training=False)
    tables = [weight for weight in model.trainable_weights if weight.name == "table"] if table_l2 else []

    def losses(batch: tuple[dict[str, tf.Tensor], tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        inputs, label = batch
        own = loss(label, model(inputs, training=True)) + tf.add_n([tf.zeros([]), *model.losses])
        penalty = tf.add_n([tf.zeros([]), *(tf.reduce_sum(tf.square(t)) for t in tables)])
        return own, own + table_l2 / 2 * penalty

    epoch = compiled_epoch(model, optimizer, batch_size, losses)

    def train_epoch(number: int) -> float:
        nonlocal current
        if callable(train) and number > 1:
            current = tensors(train(number))
        return epoch(current, shuffled(len(current[1]), rng))

    return keep_best(
        model,
        train_epoch,
        lambda: measure(validation[1], predict(model, validation[0])),
        epochs=epochs,
        patience=patience,
        monitor=monitor,
        missed=lambda: optimizer.learning_rate.assign(optimizer.learning_rate * decay),
        report=report,
    )


def best_of(
    candidates: Sequence[Mapping[str, Any]],
    train: Callable[[Mapping[str, Any]], tuple[keras.Model, Curve, int]],
    monitor: str = "auc",
) -> tuple[keras.Model, Curve, int, int]:
    """Trains once for each candidate and keeps what validation likes best.

    Args:
        candidates: settings to try.
        train: trains with one of them; returns the model, its curve and its best epoch.
        monitor: the validation metric that decides (default: "auc").

    Returns:
        Model, curve, best epoch and the candidate's number, from 0.
    """
    sign = -1 if monitor in FALLS else 1
    found: list[tuple[keras.Model, Curve, int, int]] = []
    for number, candidate in enumerate(candidates):
        print(f"candidate {number}: {dict(candidate)}", flush=True)
        found.append((*train(candidate), number))
    return max(found, key=lambda f: sign * f[1][f[2] - 1][monitor])
