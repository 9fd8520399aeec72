"""The border of fusion: a matrix of scores, a column an objective, and one weight for each."""

from __future__ import annotations

import numbers

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def finite(name: str, values: ArrayLike) -> Array:
    """Return values as float64, refusing what is no number, NaN and infinity by name."""
    try:
        given = np.asarray(values)
        x = given.astype(np.float64) if given.dtype.kind in "biufO" else None
    except (TypeError, ValueError):  # rows of several lengths, or objects that are no numbers
        x = None
    if x is None:  # words and complex numbers too
        raise ValueError(f"{name} must be real numbers, received {values!r}")
    if not np.isfinite(x).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
        raise ValueError(f"{name} must be finite, received {float(x[at])!r} at {at}")
    return x


def matrix(scores: ArrayLike, name: str = "scores") -> Array:
    """Return scores ``[B, T]``."""
    s = finite(name, scores)
    if s.ndim != 2 or not s.shape[1]:
        raise ValueError(f"{name} must have shape [B, T] with a column or more, received {s.shape}")
    return s


def per_column(name: str, values: ArrayLike, scores: Array) -> Array:
    """Return one number a column, ``[T]``."""
    w = finite(name, values)
    if w.shape != scores.shape[1:]:
        raise ValueError(f"{name} must hold one number a column, {scores.shape[1]}, received shape {w.shape}")
    return w


def number(name: str, value: ArrayLike) -> float:
    """Return one finite number."""
    x = finite(name, value)
    if x.ndim:
        raise ValueError(f"{name} must be one number, received shape {x.shape}")
    return float(x)


def positive_integers(**counts: int) -> None:
    """Refuse a count that is none."""
    for name, count in counts.items():
        if not isinstance(count, numbers.Integral) or count < 1:
            raise ValueError(f"{name} must be a positive integer, received {count!r}")
