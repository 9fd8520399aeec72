"""A multi-valued feature with planted truth: tags of known value, pooled by a known combiner."""

from typing import NamedTuple

import numpy as np


class Bags(NamedTuple):
    """Rows of tags and their labels, with the truth they were made from.

    Attributes:
        ids: int64 array `[K]`, the tags of all rows, one row after the other.
        segments: int64 array `[K]`, the row of each tag.
        weights: float32 array `[K]`, the weight of each tag, 1 everywhere unless drawn.
        labels: float32 array `[B]`.
        values: float32 array `[V]`, the planted value of each tag.
    """

    ids: np.ndarray
    segments: np.ndarray
    weights: np.ndarray
    labels: np.ndarray
    values: np.ndarray


def bags_of_tags(
    num_rows: int = 2000,
    num_tags: int = 20,
    max_tags: int = 8,
    combiner: str = "mean",
    weighted: bool = False,
    noise: float = 0.1,
    seed: int | None = None,
) -> Bags:
    r"""Draw rows of 1 to `max_tags` different tags whose label is their pooled value plus noise.

    With values $g_v \sim N(0, 1)$, $n_b$ uniform on $1, \dots, n_{\max}$ and weights $w_{b,j}$ (1, or uniform
    on $[0.2, 2]$ where `weighted`):

    $$
    y_b = \frac{1}{z_b} \sum_{j=1}^{n_b} w_{b,j}\, g_{v_{b,j}} + \epsilon_b, \qquad
    z_b = 1,\ \sum_j w_{b,j},\ \sqrt{\sum_j w_{b,j}^2}, \qquad \epsilon_b \sim N(0, \text{noise}^2)
    $$

    for `sum`, `mean`, `sqrtn`. A model that pools by the same combiner can find $g$ from $y$; another cannot.

    Args:
        num_rows: number of rows B (default: 2000).
        num_tags: number of tags V (default: 20).
        max_tags: greatest number of tags of a row, at most `num_tags` (default: 8).
        combiner: "sum", "mean" or "sqrtn" (default: "mean").
        weighted: whether the tags of a row have drawn weights (default: False).
        noise: standard deviation of the noise (default: 0.1).
        seed: seed of the draw; None draws anew each time (default: None).

    Returns:
        Bags with ids, segments and weights `[K]`, labels `[B]` and the planted values `[V]`.

    Raises:
        ValueError: If the combiner is another one, `num_rows` is not positive, or `max_tags` is not in
            `[1, num_tags]`.

    Example:
        >>> bags = bags_of_tags(num_rows=3, combiner="sum", noise=0.0, seed=0)
        >>> first = bags.ids[bags.segments == 0]
        >>> print(len(first), bool(abs(bags.labels[0] - bags.values[first].sum()) < 1e-6))
        4 True

    References:
        Made for this site.
    """
    if combiner not in ("sum", "mean", "sqrtn"):
        raise ValueError(f"combiner must be one of sum, mean, sqrtn, received {combiner!r}")
    if num_rows < 1:
        raise ValueError(f"num_rows must be positive, received {num_rows!r}")
    if not 1 <= max_tags <= num_tags:
        raise ValueError(f"max_tags must be in [1, {num_tags}], received {max_tags!r}")
    rng = np.random.default_rng(seed)
    values = rng.normal(size=num_tags).astype(np.float32)  # [V]
    lengths = rng.integers(1, max_tags + 1, size=num_rows)  # [B]
    ids = np.concatenate([rng.choice(num_tags, size=n, replace=False) for n in lengths])  # [K]
    segments = np.repeat(np.arange(num_rows), lengths)  # [K]
    weights = rng.uniform(0.2, 2.0, size=len(ids)) if weighted else np.ones(len(ids))  # [K]
    total: np.ndarray = np.bincount(segments, weights * values[ids])  # [B]
    if combiner == "mean":
        total = total / np.bincount(segments, weights)  # [B]
    elif combiner == "sqrtn":
        total = total / np.sqrt(np.bincount(segments, weights**2))  # [B]
    labels = total + noise * rng.normal(size=num_rows)  # [B]
    return Bags(ids, segments, weights.astype(np.float32), labels.astype(np.float32), values)
