"""Users and movies as pairs: a log, what a model reads of a pair, negatives, and all pairs to rank."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.draws import unmarked
from experiments.training import Columns, Rows


class Log(NamedTuple):
    """Ids from 0; ``trained`` and ``known`` are ``[users, items]``: training rows, and all before test."""

    user: np.ndarray
    item: np.ndarray
    validation: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]
    trained: np.ndarray
    known: np.ndarray


def pair(user: np.ndarray, item: np.ndarray) -> Columns:
    """Lays out what every model here reads."""
    user, item = user.astype(np.int32), item.astype(np.int32)
    return {"user": user, "item": item, "sparse": np.stack([user, item], axis=1)}


def with_negatives(log: Log, count: int, seed: list[int]) -> Rows:
    """Puts ``count`` movies without a training row of the user behind each positive."""
    user = np.repeat(log.user, count)
    item = unmarked(np.random.default_rng(seed), log.trained, user)
    label = np.zeros(len(user) + len(log.user), np.float32)
    label[: len(log.user)] = 1
    return pair(np.concatenate([log.user, user]), np.concatenate([log.item, item])), label


def every_pair(users: np.ndarray, num_items: int) -> Columns:
    """Pairs each user with all movies."""
    return pair(np.repeat(users, num_items), np.tile(np.arange(num_items), len(users)))


def left_out(log: Log, users: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Marks the movies that a ranking leaves out, ``[users, items]``: all known ones but the target."""
    marks = log.known[users].copy()
    marks[np.arange(len(users)), target] = False
    return marks
