"""ESMM's loss by plain loops in float64, with its gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.parts import run, stacked

Array = NDArray[np.float64]


def funnel_loss(ctr: Array, cvr: Array, click: Array, bought: Array) -> tuple[float, Array, Array]:
    r"""Computes the loss over all impressions and its gradients by both logits.

    $$
    r = t - (1-t)\frac{pq}{1-pq}, \qquad
    \frac{\partial \mathcal{L}}{\partial a} = \frac1B \big[p - y - (1-p)\,r\big], \qquad
    \frac{\partial \mathcal{L}}{\partial c} = -\frac1B (1-q)\,r
    $$

    with the logits $a$, $c$, the clicks $y$ and the conversions after a click $t$ of shape $[B]$,
    $p = \sigma(a)$ and $q = \sigma(c)$; so is $r$.

    Args:
        ctr: logits of click ``[B]``.
        cvr: logits of conversion given click ``[B]``.
        click: 0 or 1, ``[B]``.
        bought: 0 or 1, ``[B]``.

    Returns:
        Loss, gradient by ``ctr`` ``[B]`` and by ``cvr`` ``[B]``.

    Example:
        >>> one, zero = np.ones(1), np.zeros(1)
        >>> loss, by_ctr, by_cvr = funnel_loss(zero, zero, one, one)
        >>> round(loss, 4), by_ctr.tolist(), by_cvr.tolist()  # log 2 + log 4
        (2.0794, [-1.0], [-0.5])
    """
    total, by_ctr, by_cvr = 0.0, np.zeros(len(ctr)), np.zeros(len(ctr))
    for b in range(len(ctr)):
        p, q = 1 / (1 + math.exp(-ctr[b])), 1 / (1 + math.exp(-cvr[b]))
        y, t = click[b], bought[b]
        total -= y * math.log(p) + (1 - y) * math.log(1 - p)
        total -= t * math.log(p * q) + (1 - t) * math.log(1 - p * q)
        pull = t - (1 - t) * p * q / (1 - p * q)
        by_ctr[b] = (p - y - (1 - p) * pull) / len(ctr)
        by_cvr[b] = -(1 - q) * pull / len(ctr)
    return float(total / len(ctr)), by_ctr, by_cvr


def esmm_of_model(model: Any, inputs: Mapping[str, Any]) -> dict[str, Array]:
    """Evaluates a `recnotes.models.ESMM` by the loops, with the model's weights.

    Args:
        model: a built ESMM.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

    Returns:
        Arrays ``[B]`` by task.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("esmm")
        >>> list(esmm_of_model(entry.build(), entry.inputs(2)))
        ['ctr', 'cvr', 'ctcvr']
    """
    rows = stacked(inputs, model.features.fields, "dense" in inputs)
    ctr = np.array([run(model.ctr_tower, x)[0] for x in rows])
    cvr = np.array([run(model.cvr_tower, x)[0] for x in rows])
    pairs = zip(ctr, cvr, strict=True)
    ctcvr = np.array([math.log(1 / (1 + math.exp(-a)) / (1 + math.exp(-c))) for a, c in pairs])
    return {"ctr": ctr, "cvr": cvr, "ctcvr": ctcvr}
