"""Calibration: whether predicted probabilities are the shares of clicks that follow."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def calibration_error(labels: ArrayLike, probabilities: ArrayLike, num_bins: int = 10) -> float:
    r"""Returns the expected calibration error over bins of equal width.

    $$
    \text{ECE} = \sum_{m=1}^{M} \frac{|I_m|}{B}\, \Big|
        \frac{1}{|I_m|} \sum_{b \in I_m} y_b - \frac{1}{|I_m|} \sum_{b \in I_m} p_b \Big|
    $$

    with labels $y$ and probabilities $p$ of shape $[B]$ and $I_m$ the rows with
    $\frac{m-1}{M} < p_b \le \frac{m}{M}$, 0 in the first. It depends on the bins, and a constant prediction
    of the mean has none: it says nothing of the order.

    Args:
        labels: 0 or 1, or a probability between, ``[B]``.
        probabilities: ``[B]``.
        num_bins: number ``M`` of bins (default: 10).

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: the shapes differ or are empty, a value is NaN or not in [0, 1], or ``num_bins`` is not
            positive.

    Example:
        >>> round(calibration_error([1, 0, 1, 1], [0.7, 0.7, 0.95, 0.95]), 3)  # ½ · |.5 − .7| + ½ · |1 − .95|
        0.125

    References:
        Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017,
        https://arxiv.org/abs/1706.04599, equation 3.
    """
    y, p = _probabilities(labels, probabilities)
    if num_bins < 1:
        raise ValueError(f"num_bins must be positive, received {num_bins!r}")
    edges = np.arange(1, num_bins) / num_bins
    bins = np.searchsorted(edges, p, side="left")
    gaps = np.bincount(bins, weights=y - p, minlength=num_bins)
    return float(np.abs(gaps).sum() / len(y))


def calibration_ratio(labels: ArrayLike, probabilities: ArrayLike) -> float:
    r"""Returns predicted over observed clicks, 1 for a model that is right on average.

    $$
    \text{ratio} = \frac{\sum_b p_b}{\sum_b y_b}
    $$

    with labels $y$ and probabilities $p$ of shape $[B]$.

    Args:
        labels: 0 or 1, or a probability between, ``[B]``.
        probabilities: ``[B]``.

    Returns:
        A ratio of 0 or more.

    Raises:
        ValueError: the shapes differ or are empty, a value is NaN or not in [0, 1], or no label is above 0.

    Example:
        >>> calibration_ratio([1, 0, 0, 1], [0.5, 0.25, 0.25, 0.5])
        0.75

    References:
        He et al., *Practical Lessons from Predicting Clicks on Ads at Facebook*, ADKDD 2014,
        https://doi.org/10.1145/2648584.2648589, section 2.
    """
    y, p = _probabilities(labels, probabilities)
    if not y.sum():
        raise ValueError(f"labels must hold a positive, received none of {len(y)}")
    return float(p.sum() / y.sum())


def _probabilities(labels: ArrayLike, probabilities: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    y, p = np.asarray(labels, np.float64), np.asarray(probabilities, np.float64)
    if y.ndim != 1 or y.shape != p.shape or not len(y):
        raise ValueError(
            f"labels and probabilities must have one shape [B], not empty, received {y.shape} and {p.shape}"
        )
    for name, array in (("labels", y), ("probabilities", p)):
        wrong = ~((array >= 0) & (array <= 1))  # true for NaN
        if wrong.any():
            row = int(wrong.argmax())
            raise ValueError(f"{name} must be in [0, 1], received {float(array[row])!r} at row {row}")
    return y, p
