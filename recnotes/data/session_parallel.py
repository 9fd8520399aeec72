"""Session-parallel mini-batches: each row of a batch walks through sessions one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np


# --8<-- [start:batches]
def session_parallel_batches(
    sessions: Sequence[Sequence[int]] | np.ndarray, batch_size: int
) -> Iterator[dict[str, np.ndarray]]:
    """Reads sessions of any length in batches of single steps, without padding them to one length.

    Row ``b`` of the batches is a slot. It holds a session, reads it item by item and takes the next session
    that none has taken yet when its own has ended; there the recurrent state has to start anew. Sessions are
    taken in the given order, those of fewer than two items have nothing to predict and are skipped. When no
    session is left, a slot gives zeros until the last slot is done.

    Args:
        sessions: item ids ``1 ... N``, oldest first; zeros are left out, so that padded rows will do.
        batch_size: number of slots ``B``.

    Yields:
        A dict of arrays ``[B]`` a step. ``"item"`` and ``"next"`` hold the int32 ids of the item read and of
        the one after it, 0 in an empty slot, ``"starts"`` whether the slot begins a session.

    Raises:
        ValueError: the batch size is not positive.

    Example:
        >>> for batch in session_parallel_batches([[1, 2, 3], [4, 5], [6, 7]], 2):
        ...     print(batch["item"], batch["next"], batch["starts"])
        [1 4] [2 5] [ True  True]
        [2 6] [3 7] [False  True]

    References:
        Hidasi et al., *Session-based Recommendations with Recurrent Neural Networks*, ICLR 2016,
        https://arxiv.org/abs/1511.06939. The authors' code (hidasib/GRU4Rec, ``gru4rec.py``) lets the batch
        shrink at the end and, where the batch holds all negatives, stops when one row is left: what that row
        has not read yet is not trained on in that epoch.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be positive, received {batch_size!r}")
    rows = [np.asarray(row, np.int32) for row in sessions]
    waiting = iter([row[row != 0] for row in rows if np.count_nonzero(row) > 1])
    slots: list[np.ndarray | None] = [next(waiting, None) for _ in range(batch_size)]
    step = [0] * batch_size
    while any(slot is not None for slot in slots):
        batch = {key: np.zeros(batch_size, np.int32) for key in ("item", "next")}
        batch["starts"] = np.zeros(batch_size, bool)
        for b, slot in enumerate(slots):
            if slot is None:
                continue
            t = step[b]
            batch["item"][b], batch["next"][b], batch["starts"][b] = slot[t], slot[t + 1], t == 0
            step[b] = t + 1
            if t + 2 == len(slot):
                slots[b], step[b] = next(waiting, None), 0
        yield batch


# --8<-- [end:batches]
