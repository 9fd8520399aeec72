"""What ranking metrics are given, looked at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

TIES = ("expected", "best", "worst")


def checked(scores: ArrayLike, relevant: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the scores, and the rows and columns of the relevant items, row after row."""
    r = np.asarray(scores)
    if r.ndim != 2:
        raise ValueError(f"scores must be [B, N], received shape {r.shape}")
    if np.isnan(r).any():
        raise ValueError(f"scores must not be NaN, received {int(np.isnan(r).sum())} of them")
    rel = np.asarray(relevant)
    if rel.dtype == bool:
        if rel.shape != r.shape:
            raise ValueError(f"relevant must have shape {r.shape}, received {rel.shape}")
        b, i = np.nonzero(rel)
        return r, b, i
    if rel.shape != r.shape[:1]:
        raise ValueError(f"target must have shape {r.shape[:1]}, received {rel.shape}")
    if not len(rel):
        return r, *(np.zeros(0, np.int64),) * 2
    if not np.issubdtype(rel.dtype, np.integer):
        raise ValueError(f"relevant must be bools or integer columns, received {rel.dtype}")
    if not (0 <= rel.min() and rel.max() < r.shape[1]):
        raise ValueError(f"target must be columns in [0, {r.shape[1]}), received {rel.min()} to {rel.max()}")
    return r, np.arange(len(rel)), rel


def one_column(target: ArrayLike) -> np.ndarray:
    """Returns the column of each row's one relevant item."""
    columns = np.asarray(target)
    if columns.dtype == bool or columns.ndim != 1:
        raise ValueError(f"target must be one column for each row, received shape {columns.shape}")
    if len(columns) and not np.issubdtype(columns.dtype, np.integer):
        raise ValueError(f"target must be integers, received {columns.dtype}")
    return columns


def positive(k: int) -> int:
    """Returns a length of a list that is one."""
    if not (isinstance(k, int | np.integer) and k >= 1):
        raise ValueError(f"k must be a positive integer, received {k!r}")
    return k


def check_ties(ties: str) -> str:
    """Returns a known way to break ties."""
    if ties not in TIES:
        raise ValueError(f"ties must be one of {TIES}, received {ties!r}")
    return ties
