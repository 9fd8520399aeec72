"""Histories of users of different length, kept end to end in one array."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

__all__ = ["Sequences"]


class Sequences:
    r"""A list of integer sequences that takes one array for all of them.

    Sequence $u$ is $\text{items}_{o_u}, \dots, \text{items}_{o_{u+1}-1}$ with the items of shape $[T]$ and
    the offsets $o$ of shape $[n+1]$. Slicing and iterating cost nothing: they return views that cannot be
    written to.

    Args:
        sequences: the sequences, in order.

    Example:
        >>> s = Sequences([[3, 1], [], [2, 2, 5]])
        >>> len(s), s.lengths.tolist(), s[2].tolist()
        (3, [2, 0, 3], [2, 2, 5])
    """

    def __init__(self, sequences: Iterable[Sequence[int] | np.ndarray]) -> None:
        rows = [np.asarray(row, np.int32).reshape(-1) for row in sequences]
        self.lengths = np.array([len(row) for row in rows], np.int64)
        self.offsets = np.concatenate([[0], np.cumsum(self.lengths)])
        self.items = np.concatenate(rows) if rows else np.zeros(0, np.int32)
        for array in (self.lengths, self.offsets, self.items):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> np.ndarray:
        if not -len(self) <= index < len(self):
            raise IndexError(f"index must be in [{-len(self)}, {len(self)}), received {index!r}")
        index %= len(self)
        return self.items[self.offsets[index] : self.offsets[index + 1]]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        return f"Sequences({len(self)} of {self.lengths.sum()} items)"

    def without_last(self, count: int) -> Sequences:
        """Returns the sequences without their last items.

        Args:
            count: how many items to leave away from each.

        Returns:
            New sequences; those with ``count`` items or fewer become empty.

        Raises:
            ValueError: ``count`` is negative.

        Example:
            >>> [s.tolist() for s in Sequences([[1, 2, 3], [4]]).without_last(1)]
            [[1, 2], []]
        """
        if count < 0:
            raise ValueError(f"count must not be negative, received {count!r}")
        return Sequences(row[: max(len(row) - count, 0)] for row in self)

    def padded(self, max_length: int) -> np.ndarray:
        """Returns the last items of each sequence as one array, padded on the right with 0.

        Args:
            max_length: longest history to keep.

        Returns:
            int32 array ``[n, max_length]``.

        Raises:
            ValueError: ``max_length`` is not positive.

        Example:
            >>> Sequences([[1, 2, 3], [4]]).padded(2).tolist()
            [[2, 3], [4, 0]]
        """
        if max_length < 1:
            raise ValueError(f"max_length must be positive, received {max_length!r}")
        padded = np.zeros((len(self), max_length), np.int32)
        for row, sequence in zip(padded, self, strict=True):
            kept = sequence[-max_length:]
            row[: len(kept)] = kept
        return padded
