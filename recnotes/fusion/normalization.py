"""Normalization: bring columns to one scale before they are added."""

from __future__ import annotations

from numpy.typing import ArrayLike

from recnotes.fusion._columns import Array, matrix
from recnotes.fusion.ranks import descending_ranks


# --8<-- [start:normalization]
def z_score(scores: ArrayLike) -> Array:
    r"""Subtracts each column's mean and divides by its standard deviation.

    $$
    z_{bk} = \frac{s_{bk} - \mu_k}{\sigma_k}
    $$

    with scores $s$ and $z$ of shape $[B, T]$ and the mean and standard deviation (of the population) over the
    rows of shape $[T]$. A constant column, which orders nothing, becomes 0.

    Args:
        scores: one column an objective, ``[B, T]``, with a row or more.

    Returns:
        Scores ``[B, T]``.

    Raises:
        ValueError: the shape does not fit, there is no row, or a value is NaN or infinite.

    Example:
        >>> z_score([[1, 5], [3, 5]]).tolist()
        [[-1.0, 0.0], [1.0, 0.0]]
    """
    s = _rows(scores)
    return _divide(s - s.mean(axis=0), s.std(axis=0), s)


def min_max(scores: ArrayLike) -> Array:
    r"""Maps each column's lowest score to 0 and its highest to 1.

    $$
    z_{bk} = \frac{s_{bk} - \min_c s_{ck}}{\max_c s_{ck} - \min_c s_{ck}}
    $$

    with scores $s$ and $z$ of shape $[B, T]$. One outlier sets the scale of its column. A constant column,
    which orders nothing, becomes 0.

    Args:
        scores: one column an objective, ``[B, T]``, with a row or more.

    Returns:
        Scores ``[B, T]`` in [0, 1].

    Raises:
        ValueError: the shape does not fit, there is no row, or a value is NaN or infinite.

    Example:
        >>> min_max([[1, 5], [2, 5], [5, 5]]).tolist()
        [[0.0, 0.0], [0.25, 0.0], [1.0, 0.0]]
    """
    s = _rows(scores)
    return _divide(s - s.min(axis=0), s.max(axis=0) - s.min(axis=0), s)


def rank_share(scores: ArrayLike) -> Array:
    r"""Replaces each score by the share of the other rows that it beats.

    $$
    z_{bk} = \frac{B - r_{bk}}{B - 1}
    $$

    with the ranks $r$ of `descending_ranks` and $z$ of shape $[B, T]$. Added, the columns order rows as
    `borda_count` does. A constant column becomes ½; a single row 0.

    Args:
        scores: one column an objective, ``[B, T]``, with a row or more.

    Returns:
        Scores ``[B, T]`` in [0, 1].

    Raises:
        ValueError: the shape does not fit, there is no row, or a value is NaN or infinite.

    Example:
        >>> rank_share([[10, 5], [0, 5], [1, 5]]).tolist()
        [[1.0, 0.5], [0.0, 0.5], [0.5, 0.5]]
    """
    r = descending_ranks(_rows(scores))
    return (len(r) - r) / max(len(r) - 1, 1)


# --8<-- [end:normalization]


def _rows(scores: ArrayLike) -> Array:
    s = matrix(scores)
    if not len(s):
        raise ValueError(f"scores must hold a row or more, received shape {s.shape}")
    return s


def _divide(above: Array, below: Array, s: Array) -> Array:
    # Asked of the scores: the standard deviation of equal numbers may be rounded to more than 0.
    constant = (s == s[0]).all(axis=0)
    above = above.copy()
    above[:, constant] = 0.0
    below[constant] = 1.0
    return above / below
