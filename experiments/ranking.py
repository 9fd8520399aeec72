"""Trains models that name the next item, and ranks: among all items, and among a few drawn ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import keras
import numpy as np
import tensorflow as tf

from experiments.epochs import Curve, Metrics, keep_best
from experiments.sequences import Questions, seen_items
from recnotes.losses.next_item import next_item_cross_entropy
from recnotes.metrics import hit_rate, ndcg
from recnotes.models import SASRec
from recnotes.models.multi_interest import MultiInterest
from recnotes.models.stmp import STMP

# Scores of all items after padded histories [B, L], and of some items [B, C], given as ids.
ScoreAll = Callable[[np.ndarray], np.ndarray]
ScoreSome = Callable[[np.ndarray, np.ndarray], np.ndarray]
Loss = Callable[[keras.Model, Mapping[str, tf.Tensor]], tf.Tensor]


def padded(questions: Questions, rows: np.ndarray, max_length: int) -> np.ndarray:
    """Returns the last items of some histories, padded on the right to the longest of them."""
    kept = [questions.history[row][-max_length:] for row in rows]
    out = np.zeros((len(kept), max(1, *map(len, kept))), np.int32)
    for row, history in zip(out, kept, strict=True):
        row[: len(history)] = history
    return out


def rank(
    score: ScoreAll, questions: Questions, num_items: int, max_length: int, k: int = 10, batch_size: int = 512
) -> Metrics:
    """Ranks all items that a user has not had, and with the same scores the drawn candidates.

    Args:
        score: gives ``[B, N]`` for histories ``[B, L]``.
        questions: what is asked.
        num_items: number of items ``N``.
        max_length: number of items read of a history.
        k: length of the list (default: 10).
        batch_size: users of a batch (default: 512).

    Returns:
        ``hr@k`` and ``ndcg@k``; where there are candidates ``sampled_hr@k`` and ``sampled_ndcg@k`` too.
    """
    totals: dict[str, float] = {}
    order = np.argsort(questions.history.lengths, kind="stable")  # histories of one length share a batch
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        scores = np.asarray(score(padded(questions, rows, max_length)))  # [B, N]
        target = questions.target[rows].astype(np.int64) - 1
        seen = seen_items([questions.history[row] for row in rows], num_items)
        seen[np.arange(len(rows)), target] = False  # an item that comes a second time can be found
        found = {f"hr@{k}": hit_rate(scores, target, k, seen), f"ndcg@{k}": ndcg(scores, target, k, seen)}
        if questions.candidates is not None:
            found |= sampled(np.take_along_axis(scores, questions.candidates[rows], axis=1), k)
        for name, value in found.items():
            totals[name] = totals.get(name, 0.0) + value * len(rows)
    return {name: total / len(order) for name, total in totals.items()}


def rank_candidates(
    score: ScoreSome, questions: Questions, max_length: int, k: int = 10, batch_size: int = 256
) -> Metrics:
    """Ranks the drawn candidates only, for models that must see each pair of user and item.

    Args:
        score: gives ``[B, C]`` for histories ``[B, L]`` and item ids ``[B, C]``.
        questions: what is asked, with candidates.
        max_length: number of items read of a history.
        k: length of the list (default: 10).
        batch_size: users of a batch (default: 256).

    Returns:
        ``sampled_hr@k`` and ``sampled_ndcg@k``.
    """
    if questions.candidates is None:
        raise ValueError("questions must have candidates, received None")
    totals: dict[str, float] = {}
    order = np.argsort(questions.history.lengths, kind="stable")
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        items = questions.candidates[rows].astype(np.int32) + 1
        for name, value in sampled(score(padded(questions, rows, max_length), items), k).items():
            totals[name] = totals.get(name, 0.0) + value * len(rows)
    return {name: total / len(order) for name, total in totals.items()}


def sampled(scores: np.ndarray, k: int) -> Metrics:
    """Computes the metrics of candidates' scores ``[B, C]``, the target first."""
    first = np.zeros(len(scores), np.int64)
    return {f"sampled_hr@{k}": hit_rate(scores, first, k), f"sampled_ndcg@{k}": ndcg(scores, first, k)}


def scores_of(model: keras.Model) -> ScoreAll:
    """Returns what a model gives every item; of several interests the best counts."""
    several, plain = isinstance(model, MultiInterest), isinstance(model, STMP)

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)])
    def score(history: tf.Tensor) -> tf.Tensor:
        out = model({"history": history}, **({} if several or plain else {"training": False}))
        if not several:
            return out
        return tf.reduce_max(tf.einsum("bmd,nd->bmn", out, model.items.table.value), axis=1)

    return lambda history: score(tf.constant(history, tf.int32)).numpy()


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
    rows_of = {name: tf.constant(column) for name, column in columns.items()}
    weights = list(model.trainable_weights)
    optimizer.build(weights)

    @tf.function
    def epoch_of(order: tf.Tensor) -> tf.Tensor:
        total = tf.constant(0.0)
        steps = (tf.shape(order)[0] + batch_size - 1) // batch_size
        for step in tf.range(steps):
            rows = order[step * batch_size : (step + 1) * batch_size]
            batch = {name: tf.gather(column, rows) for name, column in rows_of.items()}
            longest = tf.maximum(tf.reduce_max(tf.math.count_nonzero(batch["history"], 1, dtype=tf.int32)), 1)
            for name in ("history", "next"):
                if name in batch:
                    batch[name] = batch[name][:, :longest]
            with tf.GradientTape() as tape:
                own = loss(model, batch)
            optimizer.apply(tape.gradient(own, [weight.value for weight in weights]), weights)
            total += own
        return total / tf.cast(steps, tf.float32)

    return keep_best(
        model,
        lambda number: float(epoch_of(tf.constant(batches(length, batch_size, rng), tf.int32))),
        validate,
        epochs=epochs,
        patience=patience,
        monitor=monitor,
        every=every,
        report=report,
    )
