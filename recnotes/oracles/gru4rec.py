"""GRU4Rec in plain loops: the recurrent network and the loss of a batch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.top_k_gains import ranking_loss_loops

Array = NDArray[np.float64]


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def weights_of(model: Any) -> dict[str, Any]:
    """Copies the weights of a `recnotes.models.GRU4Rec` to float64 arrays.

    Args:
        model: a built model.

    Returns:
        ``"inputs"`` ``[N, D]`` (the identity for one-hot inputs), ``"layers"``, of which each is a dict of
        ``"w"`` ``[D, 3U]``, ``"u"`` ``[U, 3U]`` and ``"b"`` ``[3U]``, ``"outputs"`` ``[N, U]``, ``"c"``
        ``[N]``.

    Example:
        >>> from recnotes.models import GRU4Rec
        >>> model = GRU4Rec(7, hidden_units=[4], seed=0)
        >>> model.build()
        >>> weights_of(model)["layers"][0]["w"].shape
        (7, 12)
    """

    def array(variable: Any) -> Array:
        return np.asarray(variable.numpy(), np.float64)

    layers = [
        {"w": array(layer.cell.kernel), "u": array(layer.cell.recurrent_kernel), "b": array(layer.cell.bias)}
        for layer in model.recurrent_layers
    ]
    one_hot = model.input_items is None
    return {
        "inputs": np.eye(model.num_items) if one_hot else array(model.input_items.table),
        "layers": layers,
        "outputs": array(model.output_items.table),
        "c": array(model.output_bias),
    }


# --8<-- [start:gru]
def gru_loops(x: Sequence[Array], w: Array, u: Array, b: Array) -> list[Array]:
    r"""Runs one layer over the items of a session, unit by unit.

    $$
    h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tanh\big(W x_t + U (r_t \odot h_{t-1}) + b\big)
    $$

    with the gates $z_t$ and $r_t$ and the state $h_t$ of shape $[U]$; the three matrices of each kind stand
    side by side, $z$ first, then $r$.

    Args:
        x: inputs, ``t`` of ``[D]``.
        w: ``[D, 3U]``.
        u: ``[U, 3U]``.
        b: ``[3U]``.

    Returns:
        ``t`` states ``[U]``.

    Example:
        >>> gru_loops([np.ones(1)], np.zeros((1, 3)), np.zeros((1, 3)), np.array([0.0, 0.0, 100.0]))
        [array([0.5])]
    """
    U = len(u)
    h, states = np.zeros(U), []
    for step in x:
        z, r, new = np.zeros(U), np.zeros(U), np.zeros(U)
        for k in range(U):
            z[k] = _sigmoid(step @ w[:, k] + h @ u[:, k] + b[k])
            r[k] = _sigmoid(step @ w[:, U + k] + h @ u[:, U + k] + b[U + k])
        for k in range(U):
            candidate = math.tanh(step @ w[:, 2 * U + k] + (r * h) @ u[:, 2 * U + k] + b[2 * U + k])
            new[k] = z[k] * h[k] + (1 - z[k]) * candidate
        h = new
        states.append(h)
    return states


# --8<-- [end:gru]


def states_loops(history: Array, p: Mapping[str, Any]) -> Array:
    """Computes the state after each step; padding leaves it as it is.

    Args:
        history: item ids ``[L]``, 0 is padding.
        p: what `weights_of` returns.

    Returns:
        ``[L, U]``.

    Example:
        >>> layer = {"w": np.zeros((2, 3)), "u": np.zeros((1, 3)), "b": np.array([0.0, 0.0, 100.0])}
        >>> states_loops(np.array([1, 0, 2]), {"inputs": np.eye(2), "layers": [layer]}).tolist()
        [[0.5], [0.5], [0.75]]
    """
    x = [p["inputs"][i - 1] for i in history if i != 0]
    for layer in p["layers"]:
        x = gru_loops(x, layer["w"], layer["u"], layer["b"])
    out = np.zeros((len(history), len(p["layers"][-1]["u"])))
    seen = 0
    for t in range(len(history)):
        seen += int(history[t] != 0)
        if seen:
            out[t] = x[seen - 1]
    return out


def gru4rec_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.GRU4Rec` by the loops, with the model's weights.

    Args:
        model: a built model.
        inputs: ``{"history": [B, L]}``.

    Returns:
        The scores ``[B, N]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("gru4rec")
        >>> model = entry.build()
        >>> bool(np.abs(model(entry.inputs()) - gru4rec_of_model(model, entry.inputs())).max() < 1e-6)
        True
    """
    p = weights_of(model)
    states = [states_loops(row, p)[-1] for row in np.asarray(inputs["history"])]
    return np.array([p["outputs"] @ h + p["c"] for h in states])


def batch_loss_loops(
    history: Array,
    following: Array,
    p: Mapping[str, Any],
    loss: str,
    regularization: float = 1.0,
    drawn: Array | None = None,
) -> float:
    """Computes the loss of a batch in which the other rows' items are the negatives, and drawn ones.

    Args:
        history: item ids ``[B, L]``, 0 is padding.
        following: the items that came next ``[B, L]``, 0 where none did.
        p: what `weights_of` returns.
        loss: one of the five names.
        regularization: weight of the scores in "bpr-max" (default: 1.0).
        drawn: further negatives of each step, ids ``[L, S]``, None for none (default: None).

    Returns:
        The mean over the steps that have a next item.

    Example:
        >>> layer = {"w": np.zeros((2, 3)), "u": np.zeros((1, 3)), "b": np.zeros(3)}
        >>> p = {"inputs": np.eye(2), "layers": [layer], "outputs": np.ones((2, 1)), "c": np.zeros(2)}
        >>> batch_loss_loops(np.array([[1], [2]]), np.array([[2], [1]]), p, "top1")
        1.0
    """
    total, count = 0.0, 0
    for b in range(len(history)):
        states = states_loops(history[b], p)
        for t in range(history.shape[1]):
            own = following[b, t]
            if history[b, t] == 0 or own == 0:
                continue
            count += 1
            ids = []
            for c in range(len(history)):
                if history[c, t] != 0 and following[c, t] not in (0, own):
                    ids.append(following[c, t])
            if drawn is not None:
                ids += [i for i in drawn[t] if i != own]
            score = {i: float(states[t] @ p["outputs"][i - 1] + p["c"][i - 1]) for i in [own, *ids]}
            total += ranking_loss_loops(score[own], [score[i] for i in ids], loss, regularization)
    return total / max(count, 1)
