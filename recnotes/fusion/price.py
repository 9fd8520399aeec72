"""Price-weighted score: expected revenue of an impression, with a dial for how much the price counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from recnotes.fusion._columns import Array, finite, number


# --8<-- [start:price]
def price_weighted(ctr: ArrayLike, cvr: ArrayLike, price: ArrayLike, exponent: float = 1.0) -> Array:
    r"""Multiplies the chance of a purchase by the price to a power.

    $$
    f_b = \text{ctr}_b \cdot \text{cvr}_b \cdot \text{price}_b^{\,a}
    $$

    with all of shape $[B]$. With $a = 1$ it is the expected revenue of an impression, if both probabilities
    are calibrated; with $a = 0$ the chance of a purchase. It is `power_product` with weights 1, 1 and $a$,
    so that the currency does not change the order.

    Args:
        ctr: probability of a click, ``[B]``.
        cvr: probability of a purchase after a click, ``[B]``.
        price: positive, ``[B]``.
        exponent: $a$ (default: 1.0).

    Returns:
        Fused scores ``[B]``.

    Raises:
        ValueError: the shapes differ, a value is NaN or infinite, a probability is not in [0, 1], or a price
            is not positive, or the exponent is not one number.

    Example:
        >>> price_weighted([0.5, 0.25], [0.5, 0.5], [4, 16], exponent=0.5).tolist()
        [0.5, 0.5]
    """
    p, q, m = finite("ctr", ctr), finite("cvr", cvr), finite("price", price)
    if p.ndim != 1 or not p.shape == q.shape == m.shape:
        raise ValueError(
            f"ctr, cvr and price must have one shape [B], received {p.shape}, {q.shape} and {m.shape}"
        )
    for name, chance in (("ctr", p), ("cvr", q)):
        if ((chance < 0) | (chance > 1)).any():
            raise ValueError(
                f"{name} must be in [0, 1], received {float(chance.min())!r} to {float(chance.max())!r}"
            )
    if (m <= 0).any():
        raise ValueError(f"price must be positive, received {float(m.min())!r}")
    return p * q * np.power(m, number("exponent", exponent))


# --8<-- [end:price]
