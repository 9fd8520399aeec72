"""Trains models that name the next item, on the loss they bring along or on one given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from experiments.card import Curve, Metrics, Trial
from experiments.epochs import keep_best
from experiments.steps import compiled_epoch
from recnotes.losses.next_item import next_item_cross_entropy
from recnotes.models import SASRec

Loss = Callable[[keras.Model, Mapping[str, tf.Tensor]], tf.Tensor]


def own_loss(model: keras.Model, batch: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """Computes the loss that a model brings along."""
    return model.compute_loss(x=dict(batch), y_pred=model(dict(batch), training=True))


def read_loss(model: keras.Model, batch: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """Computes the loss of a model whose call knows no training mode: STAMP, ComiRec, MIND."""
    return model.compute_loss(x=dict(batch), y_pred=model(dict(batch)))


def full_cross_entropy(model: SASRec, batch: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """Computes SASRec's cross-entropy over all items without the scores of padded steps.

    It equals the model's own loss, whose scores ``[B, L, N]`` cover the padding too.
    """
    f, mask, _ = model.encode(batch["history"], training=True)
    following = tf.where(mask, batch["next"], 0)  # [B, L]
    steps = tf.where(following > 0)  # [S, 2]
    output = model.output_table or model.embedding
    scores = tf.matmul(tf.gather_nd(f, steps), tf.cast(output.item_table, f.dtype), transpose_b=True)
    return next_item_cross_entropy(scores[:, None], tf.gather_nd(following, steps)[:, None])


def batches(length: np.ndarray, batch_size: int, rng: np.random.Generator, pool: int = 16) -> np.ndarray:
    """Orders rows so that those of a batch are about as long, and batches come in any order.

    Args:
        length: length of each row ``[n]``.
        batch_size: rows of a batch.
        rng: generator.
        pool: batches' worth of random rows that are sorted by length (default: 16).

    Returns:
        The rows; each ``batch_size`` of them in turn are a batch, the last may be short.

    Example:
        >>> sorted(batches(np.array([3, 1, 2]), 2, np.random.default_rng(0)).tolist())
        [0, 1, 2]
    """
    order = rng.permutation(len(length))
    step = pool * batch_size
    parts = [order[start : start + step] for start in range(0, len(order), step)]
    parts = [part[np.argsort(length[part], kind="stable")] for part in parts]
    order = np.concatenate(parts)
    whole = len(order) // batch_size * batch_size
    full = order[:whole].reshape(-1, batch_size)
    return np.concatenate([rng.permutation(full, axis=0).reshape(-1), order[whole:]])


def cut(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Cuts ``"history"`` and, if there, ``"next"`` to the longest history of the batch."""
    longest = tf.maximum(tf.reduce_max(tf.math.count_nonzero(batch["history"], 1, dtype=tf.int32)), 1)
    return {name: c[:, :longest] if name in ("history", "next") else c for name, c in batch.items()}


def fit(
    model: keras.Model,
    columns: Mapping[str, np.ndarray],
    validate: Callable[[], Metrics],
    *,
    seed: int,
    epochs: int,
    patience: int,
    optimizer: keras.optimizers.Optimizer,
    batch_size: int = 256,
    loss: Loss = own_loss,
    monitor: str = "ndcg@10",
    every: int = 1,
    report: Callable[[str], None] = print,
) -> tuple[Curve, int]:
    """Trains until validation stops to improve, and leaves the model with the weights of its best epoch.

    Args:
        model: the model, built.
        columns: rows to fit on; ``"history"`` and, if there, ``"next"`` are cut to a batch's longest row.
        validate: computes the validation metrics.
        seed: seed of the order of the rows and of dropout.
        epochs: most epochs.
        patience: how many validations without a new best end it.
        optimizer: the optimizer.
        batch_size: rows of a step (default: 256).
        loss: mean loss of a batch (default: own_loss).
        monitor: the validation metric that decides, the higher the better (default: "ndcg@10").
        every: epochs between two validations (default: 1).
        report: takes a line a validation (default: print).

    Returns:
        The curve, one entry a validation, and the number of the best epoch.
    """
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    length = (columns["history"] != 0).sum(axis=1)
    tensors = {name: tf.constant(column) for name, column in columns.items()}

    def losses(batch: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        found = loss(model, cut(batch))
        return found, found

    epoch = compiled_epoch(model, optimizer, batch_size, losses)
    return keep_best(
        model,
        lambda number: epoch(tensors, batches(length, batch_size, rng)),
        validate,
        epochs=epochs,
        patience=patience,
        monitor=monitor,
        every=every,
        report=report,
    )


def trial(
    model: keras.Model,
    columns: Mapping[str, np.ndarray],
    validate: Callable[[], Metrics],
    test: Callable[[], Metrics],
    settings: Mapping[str, Any],
    seed: int,
    epochs: int | None,
    *,
    optimizer: keras.optimizers.Optimizer,
    loss: Loss,
    monitor: str = "ndcg@10",
) -> Trial:
    """Builds a model, trains one seed of it by a card's settings, and then looks at the test rows once.

    Args:
        model: the model.
        columns: rows to fit on, see `fit`.
        validate: computes the validation metrics.
        test: computes the test metrics.
        settings: those of the card: ``epochs`` and ``batch_size``; ``patience`` (all epochs are trained
            without it) and ``every`` (each epoch validates without it).
        seed: seed of the order of the rows and of dropout.
        epochs: most epochs, None for those of the settings.
        optimizer: the optimizer.
        loss: mean loss of a batch.
        monitor: the validation metric that decides, the higher the better (default: "ndcg@10").

    Returns:
        The curve, the best epoch and the test metrics there.
    """
    model.build(None)
    most = epochs or settings["epochs"]
    curve, best = fit(
        model,
        columns,
        validate,
        seed=seed,
        epochs=most,
        patience=settings.get("patience", most),
        optimizer=optimizer,
        batch_size=settings["batch_size"],
        loss=loss,
        monitor=monitor,
        every=settings.get("every", 1),
    )
    return Trial(curve, best, test())
