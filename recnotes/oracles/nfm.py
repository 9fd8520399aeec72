"""NFM in plain loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.deepfm import hidden
from recnotes.oracles.fm import features_of_model, table_of_model

Array = NDArray[np.float64]


def nfm_logit(
    first: float,
    e: Array,
    kernels: Sequence[Array],
    biases: Sequence[Array],
    h: Array,
    bias: float,
    norms: Sequence[tuple[Array, Array, Array, Array]] = (),
    epsilon: float = 1e-3,
) -> float:
    r"""Evaluates NFM on one example, pair by pair, batch normalization with running statistics.

    $$
    y = w_0 + \sum_i w_i x_i + h^T z^{(L)}, \qquad z^{(0)} = \sum_{i<j} e_i \odot e_j
    $$

    with $e$ of shape $[F, D]$, $z^{(0)}$ of shape $[D]$ and $h$ of shape $[U]$.

    Args:
        first: first-order term of the example.
        e: vectors ``[F, D]``, already multiplied by the fields' values.
        kernels: one ``[I, U]`` a hidden layer.
        biases: one ``[U]`` a hidden layer.
        h: output weights ``[U]``.
        bias: the bias.
        norms: scale, shift, mean and variance of the batch normalization after the pooling and of that
            before each activation, none for no normalization (default: ()).
        epsilon: added to the variances (default: 0.001).

    Returns:
        The logit.

    Example:
        >>> nfm_logit(1.0, np.array([[2.0], [3.0], [4.0]]), [], [], np.ones(1), 0.5)  # 1 + 6 + 8 + 12 + 0.5
        27.5
    """
    z = np.zeros(e.shape[1])
    for i in range(len(e)):
        for j in range(i + 1, len(e)):
            z += e[i] * e[j]
    if norms:
        z = _normed(z, norms[0], epsilon)
    for layer, (kernel, c) in enumerate(zip(kernels, biases, strict=True), 1):
        squash = (
            [lambda a, layer=layer: np.maximum(_normed(a, norms[layer], epsilon), 0.0)] if norms else None
        )
        z = hidden(z, [kernel], [c], squash)
    y = bias + first
    for weight, value in zip(h, z, strict=True):
        y += weight * value
    return float(y)


def nfm_batch_logits(
    first: Array,
    e: Array,
    kernels: Sequence[Array],
    biases: Sequence[Array],
    h: Array,
    bias: float,
    scales: Sequence[tuple[Array, Array]],
    epsilon: float = 0.001,
) -> Array:
    r"""Evaluates NFM as in training, without dropout: each normalization by the statistics of the batch.

    $$
    \mu_d = \frac1B \sum_b z_{bd}, \qquad \sigma^2_d = \frac1B \sum_b (z_{bd} - \mu_d)^2, \qquad
    \hat z_{bd} = \gamma_d \frac{z_{bd} - \mu_d}{\sqrt{\sigma^2_d + \epsilon}} + \beta_d
    $$

    with $z$ of shape $[B, D]$ after the pooling, $[B, U]$ before each activation.

    Args:
        first: first-order terms ``[B]``.
        e: vectors ``[B, F, D]``, already multiplied by the fields' values.
        kernels: one ``[I, U]`` a hidden layer.
        biases: one ``[U]`` a hidden layer.
        h: output weights ``[U]``.
        bias: the bias.
        scales: scale $\gamma$ and shift $\beta$ of each normalization, the first after the pooling.
        epsilon: added to the variances (default: 0.001).

    Returns:
        The logits ``[B]``.

    Example:
        >>> e, one = np.array([[[1.0], [2.0]], [[1.0], [4.0]]]), np.ones(1)
        >>> nfm_batch_logits(np.zeros(2), e, [], [], one, 0.5, [(one, 0 * one)], 0.0).tolist()  # 0.5 ∓ 1
        [-0.5, 1.5]
    """
    z = np.zeros((len(e), e.shape[2]))
    for i in range(e.shape[1]):
        for j in range(i + 1, e.shape[1]):
            z += e[:, i] * e[:, j]
    for layer, (gamma, beta) in enumerate(scales):
        if layer:
            z = np.array([hidden(row, [kernels[layer - 1]], [biases[layer - 1]], [np.array]) for row in z])
        mean = np.asarray(sum(z) / len(z))
        variance = np.asarray(sum((row - mean) ** 2 for row in z) / len(z))
        z = np.array([_normed(row, (gamma, beta, mean, variance), epsilon) for row in z])
        z = np.maximum(z, 0.0) if layer else z
    return np.array([float(f + bias + sum(h * row)) for f, row in zip(first, z, strict=True)])


def _normed(z: Array, norm: tuple[Array, Array, Array, Array], epsilon: float) -> Array:
    gamma, beta, mean, variance = norm
    y = np.zeros_like(z)
    for d in range(len(z)):
        y[d] = gamma[d] * (z[d] - mean[d]) / np.sqrt(variance[d] + epsilon) + beta[d]
    return y


def nfm_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.NFM` by the loops, with the model's weights.

    Args:
        model: a built NFM.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("nfm")
        >>> nfm_of_model(entry.build(), entry.inputs(2)).shape
        (2,)
    """
    w, v = table_of_model(model.first_order)[:, 0], table_of_model(model.embedding)
    arrays = [[np.asarray(a, np.float64) for a in (layer.kernel, layer.bias)] for layer in model.hidden]
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    norms = [tuple(np.asarray(getattr(norm, name), np.float64) for name in names) for norm in model.norms]
    h, bias = np.asarray(model.h.kernel, np.float64)[:, 0], float(np.asarray(model.h.bias)[0])
    logits = []
    for x in features_of_model(model.embedding, inputs):
        present = np.flatnonzero(x)
        e = x[present, None] * v[present]
        kernels, biases = [k for k, _ in arrays], [c for _, c in arrays]
        logits.append(nfm_logit(float(sum(w * x)), e, kernels, biases, h, bias, norms))  # type: ignore[arg-type]
    return np.array(logits)
