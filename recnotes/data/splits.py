"""Split a log of interactions into training, validation and test rows, by position, by time or at random.

Every function takes whole columns and returns row numbers, so that any further column splits the same way.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Split", "leave_one_out", "random_rows", "temporal"]


class Split(NamedTuple):
    """Row numbers of the three parts; together they name every row at most once.

    Attributes:
        train: int64 row numbers to fit on.
        validation: int64 row numbers for every choice: early stopping, sizes, thresholds.
        test: int64 row numbers to look at once.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def leave_one_out(user_id: ArrayLike, timestamp: ArrayLike, *, min_length: int = 3) -> Split:
    r"""Hold out each user's last interaction for test and the one before it for validation.

    With a user's rows $r_1,\dots,r_n$ in order of time, $r_1,\dots,r_{n-2}$ train, $r_{n-1}$ validates and
    $r_n$ tests. Rows of one user with the same timestamp keep the order of the log. A user with
    fewer than ``min_length`` rows stays in training as a whole.

    The split is per user: another user's training rows may be later than this user's test row. Where that
    matters (a model that sees global popularity or trends), use `temporal`.

    Args:
        user_id: integers ``[n]``, the user of each row.
        timestamp: numbers ``[n]``, the time of each row.
        min_length: fewest rows a user needs to be held out, at least 3 (default: 3).

    Returns:
        Row numbers. Training rows are sorted by user and time; validation and test rows by user, so that
        entry ``k`` of both belongs to the same user.

    Raises:
        ValueError: the columns differ in length or hold something else than numbers, or ``min_length`` < 3.

    Example:
        >>> leave_one_out([7, 7, 7, 7, 9], [30, 10, 20, 40, 10]).test
        array([3])
        >>> leave_one_out([7, 7, 7, 7, 9], [30, 10, 20, 40, 10]).train
        array([1, 2, 4])

    References:
        He et al. Neural Collaborative Filtering. WWW 2017, https://arxiv.org/abs/1708.05031 (the last item
        tests; the authors' code ships the split as files). Kang and McAuley. Self-Attentive Sequential
        Recommendation. ICDM 2018, https://arxiv.org/abs/1808.09781 (the form used here).
    """
    users, times = _columns(user_id=user_id, timestamp=timestamp)
    if min_length < 3:
        raise ValueError(f"min_length must be at least 3, received {min_length!r}")
    order = np.lexsort((np.arange(len(users)), times, users))
    _, start, count = np.unique(users[order], return_index=True, return_counts=True)
    held = count >= min_length
    last = (start + count - 1)[held]
    train = np.ones(len(order), bool)
    train[last] = train[last - 1] = False
    return Split(order[train], order[last - 1], order[last])


def temporal(timestamp: ArrayLike, *, validation: float = 0.1, test: float = 0.1) -> Split:
    r"""Cut the log at two moments: everything before trains, nothing after is ever seen.

    Rows with equal timestamps are never separated: the cut moves to the beginning of the moment it would fall
    into, so that $\max t_{train} < \min t_{validation}$ and $\max t_{validation} < \min t_{test}$. The
    held-out parts are therefore as large as asked for, or larger by the ties.

    Args:
        timestamp: numbers ``[n]``, the time of each row.
        validation: fraction of the rows between the two cuts, from 0 to below 1 (default: 0.1).
        test: fraction of the rows after the second cut, from 0 to below 1 (default: 0.1).

    Returns:
        Row numbers, each part sorted by time (the order of the log among equals).

    Raises:
        ValueError: the fractions are out of range or leave nothing to train on.

    Example:
        >>> temporal([5, 1, 2, 3, 4], validation=0.2, test=0.2)
        Split(train=array([1, 2, 3]), validation=array([4]), test=array([0]))
    """
    (times,) = _columns(timestamp=timestamp)
    _fractions(validation, test)
    order = np.argsort(times, kind="stable")
    cuts = []
    end = len(order)
    for fraction in (test, validation):
        cut = end - round(fraction * len(order))
        if cut < end:  # An empty part takes nothing, not even a tie.
            cut = int(np.searchsorted(times[order], times[order[max(cut, 0)]], side="left"))
        cuts.append(cut)
        end = cut
    if end <= 0 and len(order):
        raise ValueError(
            f"the cuts must leave rows to train on, received validation={validation}, test={test}"
        )
    return Split(order[: cuts[1]], order[cuts[1] : cuts[0]], order[cuts[0] :])


def random_rows(num_rows: int, *, validation: float = 0.1, test: float = 0.1, seed: int = 0) -> Split:
    """Draw the held-out rows at random, whatever they hold.

    This is the split of most click-through papers. It leaks by design: a user's later rows train a model that
    is tested on earlier ones, and copies of one row may fall on both sides.

    Args:
        num_rows: number of rows of the log.
        validation: fraction of the rows to validate on, from 0 to below 1 (default: 0.1).
        test: fraction of the rows to test on, from 0 to below 1 (default: 0.1).
        seed: seed of the permutation (default: 0).

    Returns:
        Row numbers, each part in increasing order.

    Raises:
        ValueError: ``num_rows`` is negative, or the fractions are out of range.

    Example:
        >>> [len(part) for part in random_rows(10, validation=0.2, test=0.1)]
        [7, 2, 1]
    """
    if num_rows < 0:
        raise ValueError(f"num_rows must not be negative, received {num_rows!r}")
    _fractions(validation, test)
    order = np.random.default_rng(seed).permutation(num_rows)
    n_test, n_validation = round(test * num_rows), round(validation * num_rows)
    parts = np.split(order, [n_test, n_test + n_validation])
    return Split(np.sort(parts[2]), np.sort(parts[1]), np.sort(parts[0]))


def _columns(**columns: ArrayLike) -> list[np.ndarray]:
    arrays = {name: np.asarray(column) for name, column in columns.items()}
    for name, array in arrays.items():
        if array.ndim != 1:
            raise ValueError(f"{name} must have rank 1, received shape {array.shape!r}")
        if array.dtype.kind not in "iuf" and array.size:
            raise ValueError(f"{name} must hold numbers, received dtype {array.dtype!r}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite, received NaN or infinity")
    if len({len(array) for array in arrays.values()}) > 1:
        lengths = {name: len(array) for name, array in arrays.items()}
        raise ValueError(f"columns must be of one length, received {lengths!r}")
    return list(arrays.values())


def _fractions(validation: float, test: float) -> None:
    if not (0 <= validation < 1 and 0 <= test < 1 and validation + test < 1):
        raise ValueError(
            f"validation and test must be fractions summing to less than 1, received {validation!r}, {test!r}"
        )
