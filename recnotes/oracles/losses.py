"""Plain loops of the losses but those of whole lists, with probabilities where the equations have them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def _nll(z: list[float], true: int) -> float:
    """Return -log of the softmax at one place."""
    return -math.log(math.exp(z[true]) / sum(math.exp(value) for value in z))


def _dot(a: Array, b: Array) -> float:
    return float(sum(a[d] * b[d] for d in range(len(a))))


def _cosine(a: Array, b: Array) -> float:
    return _dot(a, b) / math.sqrt(_dot(a, a) * _dot(b, b))


def binary_loops(labels: Array, logits: Array, gamma: float = 0.0, alpha: float | None = None) -> Array:
    r"""Binary cross-entropy, times the focal factors.

    $$
    \ell_b = -\alpha_t (1 - p_t)^\gamma \log p_t
    $$

    with $p_t$ the probability of the true class, averaged over the two classes for a label between 0 and 1.

    Args:
        labels: 0 or 1; between them only without the factors, ``[B]``.
        logits: logits ``[B]``.
        gamma: exponent (default: 0.0).
        alpha: weight of the positive class, ``None`` for none (default: None).

    Returns:
        Losses ``[B]``.

    Example:
        >>> binary_loops(np.ones(1), np.zeros(1)).round(4).tolist()
        [0.6931]
    """
    out = np.zeros(len(labels))
    for b, (y, z) in enumerate(zip(labels, logits, strict=True)):
        for share, p, weight in (
            (y, _sigmoid(z), alpha),
            (1 - y, 1 - _sigmoid(z), None if alpha is None else 1 - alpha),
        ):
            out[b] -= share * (1.0 if weight is None else weight) * (1 - p) ** gamma * math.log(p)
    return out


def softmax_loops(labels: Array, logits: Array) -> Array:
    r"""Cross-entropy of a distribution and a softmax.

    $$
    \ell_b = -\sum_i y_{bi} \log \frac{e^{z_{bi}}}{\sum_j e^{z_{bj}}}
    $$

    Args:
        labels: distributions ``[B, N]``.
        logits: logits ``[B, N]``.

    Returns:
        Losses ``[B]``.

    Example:
        >>> softmax_loops(np.array([[0.0, 1.0]]), np.zeros((1, 2))).round(4).tolist()
        [0.6931]
    """
    return np.array(
        [sum(y[i] * _nll(list(z), i) for i in range(len(z))) for y, z in zip(labels, logits, strict=True)]
    )


def sampled_loops(
    weights: Array,
    biases: Array,
    labels: NDArray[np.int64],
    inputs: Array,
    sampled: tuple[NDArray[np.int64], Array, Array],
    remove_accidental_hits: bool,
    kind: str,
) -> Array:
    r"""Sampled softmax or NCE, class by class.

    $$
    z_{bs} = \langle x_b, w_{n_s} \rangle + c_{n_s} - \log Q(n_s)
    $$

    Args:
        weights: ``[N, D]``.
        biases: ``[N]``.
        labels: ``[B]``.
        inputs: ``[B, D]``.
        sampled: drawn classes ``[S]`` and the expected counts ``[B]`` and ``[S]``.
        remove_accidental_hits: whether a drawn class that is the true one is left out.
        kind: "softmax" or "nce".

    Returns:
        Losses ``[B]``.

    Example:
        >>> draws = np.array([0]), np.ones(1), np.ones(1)
        >>> arguments = np.zeros((2, 3)), np.zeros(2), np.array([1]), np.zeros((1, 3)), draws
        >>> sampled_loops(*arguments, False, "softmax").round(4).tolist()
        [0.6931]
    """
    drawn, true_count, drawn_count = sampled
    out = np.zeros(len(labels))
    for b, label in enumerate(labels):
        z = [_dot(inputs[b], weights[label]) + biases[label] - math.log(true_count[b])]
        for n, count in zip(drawn, drawn_count, strict=True):
            if not (remove_accidental_hits and n == label):
                z.append(_dot(inputs[b], weights[n]) + biases[n] - math.log(count))
        if kind == "softmax":
            out[b] = _nll(z, 0)
        else:
            out[b] = -math.log(_sigmoid(z[0])) - sum(math.log(1 - _sigmoid(value)) for value in z[1:])
    return out


def in_batch_loops(
    users: Array,
    items: Array,
    log_q: Array | None = None,
    item_ids: NDArray[np.int64] | None = None,
    temperature: float = 1.0,
) -> Array:
    r"""Softmax over the items of the batch.

    $$
    z_{bc} = \frac{\langle u_b, v_c \rangle}{\tau} - \log q_c
    $$

    Args:
        users: ``[B, D]``.
        items: ``[B, D]``.
        log_q: ``[B]`` or None (default: None).
        item_ids: ``[B]`` or None; another row with the same id is left out (default: None).
        temperature: $\tau$ (default: 1.0).

    Returns:
        Losses ``[B]``.

    Example:
        >>> in_batch_loops(np.zeros((2, 1)), np.zeros((2, 1))).round(4).tolist()
        [0.6931, 0.6931]
    """
    out = np.zeros(len(users))
    for b in range(len(users)):
        z: list[float] = []
        true = 0
        for c in range(len(items)):
            if item_ids is not None and c != b and item_ids[c] == item_ids[b]:
                continue
            if c == b:
                true = len(z)
            z.append(_dot(users[b], items[c]) / temperature - (0.0 if log_q is None else log_q[c]))
        out[b] = _nll(z, true)
    return out


def info_nce_loops(anchors: Array, positives: Array, temperature: float) -> Array:
    r"""InfoNCE with cosines.

    $$
    \ell_b = -\log \frac{e^{\cos(a_b, p_b) / \tau}}{\sum_c e^{\cos(a_b, p_c) / \tau}}
    $$

    Args:
        anchors: ``[B, D]``.
        positives: ``[B, D]``.
        temperature: $\tau$.

    Returns:
        Losses ``[B]``.

    Example:
        >>> info_nce_loops(np.ones((2, 1)), np.ones((2, 1)), 1.0).round(4).tolist()
        [0.6931, 0.6931]
    """
    return np.array(
        [_nll([_cosine(a, p) / temperature for p in positives], b) for b, a in enumerate(anchors)]
    )


def nt_xent_loops(first: Array, second: Array, temperature: float) -> Array:
    r"""NT-Xent over both views.

    $$
    \ell_i = -\log \frac{e^{\cos(z_i, z_{j(i)}) / \tau}}{\sum_{k \ne i} e^{\cos(z_i, z_k) / \tau}}
    $$

    Args:
        first: ``[B, D]``.
        second: ``[B, D]``.
        temperature: $\tau$.

    Returns:
        Losses ``[2B]``.

    Example:
        >>> nt_xent_loops(np.ones((1, 1)), np.ones((1, 1)), 1.0).tolist()
        [-0.0, -0.0]
    """
    views, count = [*first, *second], len(first)
    out = np.zeros(2 * count)
    for i in range(2 * count):
        others = [k for k in range(2 * count) if k != i]
        z = [_cosine(views[i], views[k]) / temperature for k in others]
        out[i] = _nll(z, others.index((i + count) % (2 * count)))
    return out


def triplet_loops(anchors: Array, positives: Array, negatives: Array, margin: float) -> Array:
    r"""Hinge on squared distances.

    $$
    \ell_b = \max(0, \|a_b - p_b\|^2 - \|a_b - n_b\|^2 + m)
    $$

    Args:
        anchors: ``[B, D]``.
        positives: ``[B, D]``.
        negatives: ``[B, D]``.
        margin: $m$.

    Returns:
        Losses ``[B]``.

    Example:
        >>> triplet_loops(np.zeros((1, 1)), np.ones((1, 1)), np.ones((1, 1)), 0.5).tolist()
        [0.5]
    """
    rows = zip(anchors, positives, negatives, strict=True)
    return np.array([max(0.0, _dot(a - p, a - p) - _dot(a - n, a - n) + margin) for a, p, n in rows])
