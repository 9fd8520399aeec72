"""Plain loops of CAN's co-action unit, as printed and as the authors' code computes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.parts import profiles, run

Array = NDArray[np.float64]


def co_action(
    P: Array,
    entries: Sequence[Array],
    units: Sequence[int],
    orders: int,
    sigma: Callable[[float], float] = np.tanh,
    wiring: str = "paper",
) -> Array:
    r"""Evaluates the co-action of one candidate and one history, weight by weight.

    $$
    h_{i,o} = \sigma\Big(\sum_{j} W_{i,jo}\, h_{i-1,j} + b_{i,o}\Big), \qquad h_{0,j} = p_j^{\,c}
    $$

    with the candidate's parameters $P$ of shape $[T]$, read one after the other, the entries $p$ of shape
    $[I]$ and the order $c$. The result is the sum over entries and orders of all layers; where ``wiring`` is
    "authors", without biases, with a linear last layer, and order after order in place of their sum.

    Args:
        P: parameters ``[T]``: each layer's kernel row by row, then its bias.
        entries: the real entries of the history, ``[I]`` each.
        units: widths of the layers.
        orders: number of powers.
        sigma: activation (default: np.tanh).
        wiring: "paper" or "authors" (default: "paper").

    Returns:
        The co-action, one axis.

    Example:
        >>> P, entry = np.array([1.0, 10.0, 0.5]), np.array([2.0, 3.0])
        >>> co_action(P, [entry], [1], 2, sigma=float).tolist()  # 2 + 30 + ½ and 4 + 90 + ½
        [127.0]

    References:
        https://github.com/CAN-Paper/Co-Action-Network, ``script/model.py``.
    """
    result: list[float] = []
    for order in range(1, orders + 1):
        total = [0.0] * sum(units)
        for entry in entries:
            h = [float(value) ** order for value in entry]
            place, layers = 0, []
            for number, width in enumerate(units, 1):
                z = [0.0] * width
                for value in h:
                    for o in range(width):
                        z[o] += float(P[place]) * value
                        place += 1
                if wiring == "paper":
                    for o in range(width):
                        z[o] += float(P[place])
                        place += 1
                linear = wiring == "authors" and number == len(units)
                h = z if linear else [float(sigma(value)) for value in z]
                layers.append(h)
            flat = [value for layer in layers for value in layer]
            total = [a + b for a, b in zip(total, flat, strict=True)]
        if wiring == "authors" or order == 1:
            result += total
        else:
            result = [a + b for a, b in zip(result, total, strict=True)]
    return np.array(result)


def can_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.CAN` by the loops, with the model's weights.

    Args:
        model: a built CAN.
        inputs: ``{"item": [B], "history": [B, L], "dense": [B, n], "sparse": [B, F]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("can")
        >>> can_of_model(entry.build(), entry.inputs(2)).shape
        (2,)
    """
    tables = (model.embedding.items.table, model.parameters.table, model.entries.table)
    items, P, p = (np.asarray(table, np.float64) for table in tables)
    part = model.co_action
    sigma = np.tanh if part.activation == "tanh" else float
    logits = []
    for b, x in enumerate(profiles(model.embedding, inputs)):
        item, real = int(inputs["item"][b]), [int(i) for i in inputs["history"][b] if i != 0]
        y = co_action(P[item - 1], [p[i - 1] for i in real], part.units, part.orders, sigma, part.wiring)
        k = sum((items[i - 1] for i in real), np.zeros(items.shape[1]))
        logits.append(run(model.dnn, np.concatenate([y, k, items[item - 1], x]))[0])
    return np.array(logits)
