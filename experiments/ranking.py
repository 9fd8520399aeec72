"""Ranks the item that followed a history: among all items, and among a few drawn ones."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from experiments.card import Metrics
from experiments.sequences import Questions, seen_items
from recnotes.metrics import hit_rate, ndcg
from recnotes.models.multi_interest import MultiInterest
from recnotes.models.stmp import STMP

# Scores of all items after padded histories [B, L], and of some items [B, C], given as ids.
ScoreAll = Callable[[np.ndarray], np.ndarray]
ScoreSome = Callable[[np.ndarray, np.ndarray], np.ndarray]


def padded(questions: Questions, rows: np.ndarray, max_length: int) -> np.ndarray:
    """Returns the last items of some histories, padded on the right to the longest of them."""
    kept = [questions.history[row][-max_length:] for row in rows]
    out = np.zeros((len(kept), max(1, *map(len, kept))), np.int32)
    for row, history in zip(out, kept, strict=True):
        row[: len(history)] = history
    return out


def averaged(questions: Questions, batch_size: int, measure: Callable[[np.ndarray], Metrics]) -> Metrics:
    """Averages metrics over questions that are measured in batches, those of one length together.

    Args:
        questions: what is asked.
        batch_size: questions of a batch.
        measure: gives the metrics of the questions in these rows.

    Returns:
        The mean of each metric over the questions.
    """
    totals: Metrics = {}
    order = np.argsort(questions.history.lengths, kind="stable")
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        for name, value in measure(rows).items():
            totals[name] = totals.get(name, 0.0) + value * len(rows)
    return {name: total / len(order) for name, total in totals.items()}


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

    def measure(rows: np.ndarray) -> Metrics:
        scores = np.asarray(score(padded(questions, rows, max_length)))  # [B, N]
        target = questions.target[rows].astype(np.int64) - 1
        seen = seen_items([questions.history[row] for row in rows], num_items)
        seen[np.arange(len(rows)), target] = False  # an item that comes a second time can be found
        found = {f"hr@{k}": hit_rate(scores, target, k, seen), f"ndcg@{k}": ndcg(scores, target, k, seen)}
        if questions.candidates is not None:
            found |= sampled(np.take_along_axis(scores, questions.candidates[rows], axis=1), k)
        return found

    return averaged(questions, batch_size, measure)


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

    Raises:
        ValueError: the questions have no candidates.
    """
    candidates = questions.candidates
    if candidates is None:
        raise ValueError("questions must have candidates, received None")

    def measure(rows: np.ndarray) -> Metrics:
        items = candidates[rows].astype(np.int32) + 1
        return sampled(score(padded(questions, rows, max_length), items), k)

    return averaged(questions, batch_size, measure)


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
