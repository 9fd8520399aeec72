"""Numbers and a known quadratic of them: what a cross layer must find, with nothing else in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Entry (i, j), j ≥ i, is the coefficient of x_i x_j.
POLYNOMIALS = {
    "star": ((1, 1, 1, 1), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)),
    "mixed": ((1, 0.1, 0), (0, 0, 1), (0, 0, 0.1)),
}


@dataclass(frozen=True)
class PolynomialData:
    """Examples and the polynomial they were made from.

    Attributes:
        x: variables, float32 ``[B, n]``.
        y: values of the polynomial, scaled to a mean square of 1, float32 ``[B]``.
        coefficients: upper triangle ``[n, n]``; entry ``(i, j)`` belongs to the product of variables i and
            j, after scaling.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    coefficients: NDArray[np.float64]


def planted_polynomial(
    coefficients: str | Sequence[Sequence[float]] = "mixed", num_examples: int = 10_000, seed: int = 0
) -> PolynomialData:
    r"""Draws variables and computes a homogeneous quadratic of them.

    $$
    y_b = \sum_{i \le j} A_{ij} \, x_{bi} \, x_{bj}, \qquad x_{bi} \sim U(-1, 1)
    $$

    with $x$ of shape $[B, n]$, $A$ of shape $[n, n]$ and $y$ of shape $[B]$. $A$ is scaled so that the mean
    of $y^2$ is 1. Of the two built-in polynomials "star" is $x_1^2 + x_1 x_2 + x_1 x_3 + x_1 x_4$, in which
    one variable is part of every product, and "mixed" is $x_1^2 + 0.1 x_1 x_2 + x_2 x_3 + 0.1 x_3^2$, which
    one weight a variable cannot say.

    Args:
        coefficients: "star", "mixed", or an upper triangle ``[n, n]`` (default: "mixed").
        num_examples: number of examples (default: 10_000).
        seed: seed of the variables (default: 0).

    Returns:
        The examples with their polynomial.

    Raises:
        ValueError: the coefficients are no upper triangle or all zero, or there are no examples.

    Example:
        >>> data = planted_polynomial("star", 1000, seed=0)
        >>> data.x.shape, data.y.shape, float(np.mean(data.y**2).round(3))
        ((1000, 4), (1000,), 1.0)

    References:
        Wang et al., *DCN V2*, WWW 2021, https://arxiv.org/abs/2008.13535, which compares cross layers on
        polynomials of this kind.
    """
    if isinstance(coefficients, str) and coefficients not in POLYNOMIALS:
        raise ValueError(f"coefficients must be one of {sorted(POLYNOMIALS)}, received {coefficients!r}")
    if num_examples < 1:
        raise ValueError(f"num_examples must be positive, received {num_examples!r}")
    a = np.array(POLYNOMIALS[coefficients] if isinstance(coefficients, str) else coefficients, np.float64)
    if a.ndim != 2 or a.shape[0] != a.shape[1] or np.tril(a, -1).any() or not a.any():
        raise ValueError(f"coefficients must be an upper triangle, not all zero, received {coefficients!r}")
    x = np.random.default_rng(seed).uniform(-1, 1, (num_examples, len(a))).astype(np.float32)
    y = np.einsum("bi,ij,bj->b", x, a, x, dtype=np.float64)
    scale = np.sqrt(np.mean(y**2))
    return PolynomialData(x=x, y=(y / scale).astype(np.float32), coefficients=a / scale)
