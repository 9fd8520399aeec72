"""Impressions, clicks and conversions with known probabilities, conversion known only after a click."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from recnotes.data.multitask import task_vectors

Array = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Funnel:
    """Impressions together with the truth that made them.

    Args:
        x: float64 ``[B, n]``, the features, standard normal.
        click: float64 ``[B]``, 0 or 1.
        bought: float64 ``[B]``, 0 or 1: clicked and converted.
        ctr: float64 ``[B]``, the true probability of a click.
        cvr: float64 ``[B]``, the true probability of a conversion given a click, for every impression.
    """

    x: Array
    click: Array
    bought: Array
    ctr: Array
    cvr: Array


def conversion_funnel(
    num_examples: int,
    cosine: float,
    n: int = 8,
    scale: float = 1.5,
    click_bias: float = -1.0,
    conversion_bias: float = -1.0,
    seed: int = 0,
) -> Funnel:
    r"""Generates impressions of which some are clicked and some of those converted.

    $$
    p = \sigma(w_1^\top x + \beta_1), \qquad q = \sigma(w_2^\top x + \beta_2), \qquad
    y \sim \text{Bernoulli}(p), \qquad t \mid y \sim y \cdot \text{Bernoulli}(q)
    $$

    with $x \sim N(0, I)$ of shape $[n]$, $w_1, w_2$ of shape $[n]$ whose cosine is given, the click $y$ and
    the conversion $t$. With a positive cosine clicked rows convert more often than the others would.

    Args:
        num_examples: number of impressions.
        cosine: cosine of the two weight vectors, between −1 and 1.
        n: number of features, at least 2 (default: 8).
        scale: length of both weight vectors (default: 1.5).
        click_bias: logit of click at $x = 0$ (default: -1.0).
        conversion_bias: logit of conversion at $x = 0$ (default: -1.0).
        seed: decides everything that is drawn (default: 0).

    Returns:
        A `Funnel`.

    Raises:
        ValueError: ``num_examples`` is negative, or `task_vectors` refuses its arguments.

    Example:
        >>> data = conversion_funnel(1000, cosine=0.5)
        >>> data.x.shape, bool((data.bought <= data.click).all())
        ((1000, 8), True)
    """
    if num_examples < 0:
        raise ValueError(f"num_examples must not be negative, received {num_examples!r}")
    directions, rows, draws = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(3))
    w = task_vectors(n, cosine, scale, directions)
    x = rows.normal(size=(num_examples, n))
    ctr, cvr = 1 / (1 + np.exp(-(x @ w.T + [click_bias, conversion_bias]).T))
    chance = draws.random((num_examples, 2))
    click = (chance[:, 0] < ctr).astype(np.float64)
    bought = click * (chance[:, 1] < cvr)
    return Funnel(x=x, click=click, bought=bought, ctr=ctr, cvr=cvr)
