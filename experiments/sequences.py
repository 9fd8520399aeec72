"""Histories of users as the cards use them: who trains, what is asked at the end, what a row is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recnotes.data.sequences import Sequences
from recnotes.data.sessions import next_item_pairs, pack_sequences, prefix_pairs
from recnotes.metrics import sample_candidates

Columns = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Questions:
    """What comes after each of these histories?

    Attributes:
        history: the items each user has had, all of them: those a full ranking leaves out.
        target: int32 ``[n]``, the item that followed.
        candidates: int64 ``[n, C]``, columns of the items that a sampled ranking ranks, the target's first;
            None for no sampled ranking.
    """

    history: Sequences
    target: np.ndarray
    candidates: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.target)

    def sample(self, count: int, seed: int = 0) -> Questions:
        """Returns at most ``count`` of the questions, drawn without replacement.

        The first users of a file need not be like the others, hence a draw.
        """
        if count >= len(self):
            return self
        rows = np.sort(np.random.default_rng(seed).choice(len(self), count, replace=False))
        candidates = None if self.candidates is None else self.candidates[rows]
        return Questions(Sequences(self.history[row] for row in rows), self.target[rows], candidates)


@dataclass(frozen=True, eq=False)
class NextItems:
    """A log split for naming the next item.

    Attributes:
        train: what is fitted on.
        validation: for every choice.
        test: to look at once.
        num_items: number of items ``N``.
        order: int64 ``[N]``, the old id of each item, where `by_popularity` numbered them anew.
    """

    train: Sequences
    validation: Questions
    test: Questions
    num_items: int
    order: np.ndarray | None = None


def by_popularity(sequences: Sequences, train: Sequences, num_items: int) -> tuple[Sequences, np.ndarray]:
    """Numbers items by falling frequency in the training part, as log-uniform samplers presume.

    Args:
        sequences: what to number anew.
        train: where items are counted.
        num_items: number of items ``N``.

    Returns:
        The sequences, and the old id of each item ``[N]``.

    Example:
        >>> rows, order = by_popularity(Sequences([[1, 3, 2]]), Sequences([[3, 2, 3]]), 3)
        >>> rows[0].tolist(), order.tolist()
        ([3, 1, 2], [3, 2, 1])
    """
    count = np.bincount(train.items, minlength=num_items + 1)[1:]
    order = np.argsort(-count, kind="stable") + 1  # [N]
    number = np.zeros(num_items + 1, np.int32)
    number[order] = np.arange(1, num_items + 1)
    return Sequences(number[row] for row in sequences), order


def leave_one_out(sequences: Sequences, num_items: int, negatives: int = 99, seed: int = 0) -> NextItems:
    """Asks for each user's last item at test and for the one before it at validation.

    Sampled negatives are uniform over the items that the user had not had by then, with replacement, and stay
    the same for every model and seed. Those of validation know nothing of the test item, not even that it is
    none of them.

    Args:
        sequences: the items of each user, three or more, in order of time.
        num_items: number of items ``N``.
        negatives: how many negatives a sampled ranking has, 0 for none (default: 99).
        seed: seed of the negatives (default: 0).

    Returns:
        The split, items numbered by popularity in its training part.

    Raises:
        ValueError: a user has fewer than three items.
    """
    if len(sequences) and sequences.lengths.min() < 3:
        raise ValueError(f"sequences must have at least 3 items each, received {sequences.lengths.min()}")
    rows, order = by_popularity(sequences, sequences.without_last(2), num_items)
    ends = rows.offsets[1:]
    parts = []
    for left in (2, 1):
        target, had = rows.items[ends - left], rows.without_last(left - 1)
        candidates = not_had(had, target, num_items, negatives, seed + left) if negatives else None
        parts.append(Questions(rows.without_last(left), target, candidates))
    return NextItems(rows.without_last(2), parts[0], parts[1], num_items, order)


def not_had(
    rows: Sequences, target: np.ndarray, num_items: int, negatives: int, seed: int, batch_size: int = 1024
) -> np.ndarray:
    """Draws the columns of a sampled ranking ``[n, 1+negatives]``: the target, then no item of the row."""
    parts = []
    for start in range(0, len(rows), batch_size):
        batch = slice(start, start + batch_size)
        had = seen_items([rows[row] for row in range(*batch.indices(len(rows)))], num_items)  # [B, N]
        columns = target[batch].astype(np.int64) - 1
        parts.append(sample_candidates(columns, num_items, negatives, had, seed * 1_000_003 + start))
    return np.concatenate(parts) if parts else np.zeros((0, 1 + negatives), np.int64)


def seen_items(histories: list[np.ndarray], num_items: int) -> np.ndarray:
    """Marks the items of each history.

    Example:
        >>> seen_items([np.array([2]), np.array([], np.int32)], 3).tolist()
        [[False, True, False], [False, False, False]]
    """
    seen = np.zeros((len(histories), num_items), bool)
    for row, history in zip(seen, histories, strict=True):
        row[history - 1] = True
    return seen


def shifted(sequences: Sequences, max_length: int) -> Columns:
    """Returns one row a user: the history, and at each step the item that came next."""
    rows = [row.tolist() for row in sequences if len(row) > 1]
    return next_item_pairs(pack_sequences(rows, max_length + 1))


def beginnings(sequences: Sequences, max_length: int) -> Columns:
    """Returns one row for each item but a user's first: the items before it, at most ``max_length``.

    Example:
        >>> rows = beginnings(Sequences([[4, 5, 6, 7]]), 2)
        >>> rows["history"].tolist(), rows["target"].tolist()
        ([[4, 0], [4, 5], [5, 6]], [5, 6, 7])
    """
    longest = int(sequences.lengths.max(initial=1))
    rows = [row.tolist() for row in sequences if len(row) > 1]
    pairs = prefix_pairs(pack_sequences(rows, max(longest, 2)))
    history = pairs["history"]  # [m, L]
    length = (history != 0).sum(axis=1)  # [m]
    start = np.maximum(length - max_length, 0)  # [m]
    columns = start[:, None] + np.arange(min(max_length, history.shape[1]))  # [m, n]
    return {"history": np.take_along_axis(history, columns, axis=1), "target": pairs["target"]}
