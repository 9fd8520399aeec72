"""The two forms of MovieLens-1M: the published sequences, and the official log."""

from __future__ import annotations

import functools

import numpy as np

from experiments.sequences import NextItems, Questions, leave_one_out
from recnotes.data import movielens_1m_files
from recnotes.data.sequences import Sequences


@functools.cache
def published() -> tuple[NextItems, Questions]:
    """Returns the published sequences: the split, and the last movie of all users."""
    log = movielens_1m_files.movielens_1m_sequences()
    chosen = log.validation_user
    whole = [np.append(row, last) for row, last in zip(log.validation, log.validation_target, strict=True)]
    histories = list(log.train)
    for user, history in zip(chosen.tolist(), whole, strict=True):
        histories[user] = history
    validation = Questions(log.validation, log.validation_target)
    test = Questions(Sequences(whole), log.test_target[chosen])
    return NextItems(log.train, validation, test, log.num_items), Questions(
        Sequences(histories), log.test_target
    )


@functools.cache
def complete() -> tuple[NextItems, None]:
    """Returns the official log as sequences: movies with five ratings or more, ties in the log's order."""
    log = movielens_1m_files.movielens_1m()
    item = np.where(np.bincount(log.item_id)[log.item_id] >= 5, log.item_id, 0)  # [n]
    number = np.cumsum(np.isin(np.arange(item.max() + 1), item[item > 0])).astype(np.int32)
    rows: list[list[int]] = [[] for _ in range(log.num_users)]
    for row in np.argsort(log.timestamp, kind="stable"):
        if item[row]:
            rows[log.user_id[row] - 1].append(int(number[item[row]]))
    split = leave_one_out(Sequences(rows), int(number[-1]), negatives=0)
    return (
        NextItems(split.train, split.validation.sample(512), split.test, split.num_items, split.order),
        None,
    )
