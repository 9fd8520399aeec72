"""Two scores for every user and movie of MovieLens-100K: P(watch), and P(like) of what is watched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

from experiments.card import Curve, Metrics
from experiments.cards.ncf import matrix_factorization
from experiments.pairs import Log, every_pair, pair, with_negatives
from experiments.training import fit
from recnotes.data.movielens import movielens_100k
from recnotes.metrics import ndcg
from recnotes.optimizers import LazyAdam


class Ratings(NamedTuple):
    """What is trained on and what is held out; ids from 0, and four masks ``[users, movies]``.

    Attributes:
        user: user of each training row.
        item: movie of each training row.
        good: 1 where the rating is 4 or 5.
        held: user, movie and ``good`` of the held-out rows.
        seen: the training rows.
        watched: the held-out rows.
        liked: those of them with ``good``.
        tail: those of them outside the head.
        novelty: bits, ``[movies]``.
    """

    user: np.ndarray
    item: np.ndarray
    good: np.ndarray
    held: tuple[np.ndarray, np.ndarray, np.ndarray]
    seen: np.ndarray
    watched: np.ndarray
    liked: np.ndarray
    tail: np.ndarray
    novelty: np.ndarray


def read(held_out: int) -> Ratings:
    """Reads the log, the last rows of every user held out; rows of one moment keep the order of the log."""
    data = movielens_100k()
    log = data.ratings
    order = np.lexsort((np.arange(len(log.user_id)), log.timestamp, log.user_id))
    user, item = log.user_id[order].astype(np.int32) - 1, log.item_id[order].astype(np.int32) - 1
    good = (log.rating[order] >= 4).astype(np.float32)
    after = np.bincount(user).cumsum()[user] - np.arange(len(user))  # 1 for a user's last row
    held = after <= held_out

    def mask(rows: np.ndarray) -> np.ndarray:
        marked = np.zeros((data.num_users, data.num_items), bool)
        marked[user[rows], item[rows]] = True
        return marked

    count = np.bincount(item[~held], minlength=data.num_items)
    most_rated = np.argsort(-count, kind="stable")
    before = np.cumsum(count[most_rated]) - count[most_rated]
    head = most_rated[before < count.sum() / 2]
    liked = mask(held & (good == 1))
    tail = liked.copy()
    tail[:, head] = False
    novelty = -np.log2((count + 1) / (count.sum() + len(count)))
    rows = (user[held], item[held], good[held])
    return Ratings(user[~held], item[~held], good[~held], rows, mask(~held), mask(held), liked, tail, novelty)


def train_watch(
    data: Ratings, users: np.ndarray, settings: Mapping[str, Any], seed: int, epochs: int
) -> tuple[keras.Model, Curve, int]:
    """Trains P(watch); the epoch is that of the best NDCG of what these users came to rate."""
    own, num_items = settings["watch"], data.seen.shape[1]
    log = Log(data.user, data.item, data.held[:2], data.held[:2], data.seen, data.seen)

    def measure(_: np.ndarray, logit: np.ndarray) -> Metrics:
        scores = logit.reshape(len(users), num_items)
        return {"ndcg@10": ndcg(scores, data.watched[users], 10, data.seen[users])}

    model = matrix_factorization(
        *data.seen.shape, embedding_dim=own["embedding_dim"], embedding_stddev=0.1, seed=seed
    )
    curve, best = fit(
        model,
        lambda epoch: with_negatives(log, own["negatives"], [seed, epoch]),
        (every_pair(users, num_items), np.zeros(0)),
        seed=seed,
        epochs=epochs,
        patience=settings["patience"],
        monitor="ndcg@10",
        batch_size=own["batch_size"],
        optimizer=LazyAdam(own["rate"]),
        measure=measure,
        table_l2=own["table_l2"],
        decay=1.0,
    )
    return model, curve, best


def train_like(
    data: Ratings, users: np.ndarray, settings: Mapping[str, Any], seed: int, epochs: int
) -> tuple[keras.Model, Curve, int]:
    """Trains P(like) on rated movies; the epoch is that of the best AUC on what these users came to rate."""
    own = settings["like"]
    user, item, good = data.held
    rows = np.isin(user, users)
    model = matrix_factorization(
        *data.seen.shape, embedding_dim=own["embedding_dim"], embedding_stddev=0.1, seed=seed
    )
    curve, best = fit(
        model,
        (pair(data.user, data.item), data.good),
        (pair(user[rows], item[rows]), good[rows]),
        seed=seed,
        epochs=epochs,
        patience=settings["patience"],
        batch_size=own["batch_size"],
        optimizer=LazyAdam(own["rate"]),
        table_l2=own["table_l2"],
        decay=1.0,
    )
    return model, curve, best
