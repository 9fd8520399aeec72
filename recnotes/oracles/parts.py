"""Reads the parts that many models share out of them, in float64, and runs them in plain loops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.activations import dice_moving
from recnotes.oracles.deepfm import hidden

Array = NDArray[np.float64]
Activation = Callable[[Array], Array]


def leaky(z: Array, slope: float = 0.2) -> Array:
    r"""Multiplies what is negative by a small number.

    $$
    y_u = \max(z_u, 0) + a \min(z_u, 0)
    $$

    with $z$ and $y$ of shape $[U]$ and the slope $a$.

    Args:
        z: input.
        slope: $a$; TensorFlow keeps it in float32 whatever the type of its input (default: 0.2).

    Returns:
        Array of the same shape.

    Example:
        >>> leaky(np.array([-1.0, 2.0])).tolist()
        [-0.2, 2.0]
    """
    return np.array([value if value > 0 else slope * value for value in z.reshape(-1)]).reshape(z.shape)


def activations_of(mlp: Any) -> list[Activation]:
    """Returns the activation of each hidden layer of a network, with running statistics where it has them.

    Args:
        mlp: a built `recnotes.layers.MLP` or `recnotes.layers.DiceMLP`; ReLU, leaky ReLU, tanh, Dice or none.

    Returns:
        One function a hidden layer.

    Example:
        >>> from recnotes.layers.mlp import MLP
        >>> [f(np.array([-1.0, 2.0])).tolist() for f in activations_of(MLP([3], activation="leaky_relu"))]
        [[-0.2, 2.0]]
    """
    if getattr(mlp, "dices", None):
        return [_dice(layer) for layer in mlp.dices]
    known: dict[str, Activation] = {
        "relu": lambda z: np.maximum(z, 0.0),
        "leaky_relu": leaky,
        "tanh": np.tanh,
        "linear": lambda z: z,
    }
    squash = known[mlp.activation]
    if hasattr(mlp, "norms"):
        return [_normalized(layer, squash) for layer in mlp.norms]
    return [squash] * len(mlp.hidden_layers)


def _normalized(layer: Any, squash: Activation) -> Activation:
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    gamma, beta, mean, variance = (np.asarray(getattr(layer, name), np.float64) for name in names)
    return lambda z: squash(gamma * (z - mean) / np.sqrt(variance + layer.epsilon) + beta)


def _dice(layer: Any) -> Activation:
    names = ("alpha", "moving_mean", "moving_variance")
    alpha, mean, variance = (np.asarray(getattr(layer, name), np.float64) for name in names)
    return lambda s: dice_moving(s, alpha, mean, variance, layer.epsilon)


def weights_of(mlp: Any) -> tuple[list[Array], list[Array]]:
    """Reads the weights of a network, in float64.

    Args:
        mlp: a built `recnotes.layers.MLP`.

    Returns:
        Kernels and biases, one a layer.

    Example:
        >>> from recnotes.layers.mlp import MLP
        >>> mlp = MLP([3], 1)
        >>> mlp.build((None, 2))
        >>> [kernel.shape for kernel in weights_of(mlp)[0]]
        [(2, 3), (3, 1)]
    """
    layers = [*mlp.hidden_layers, *([] if mlp.output_layer is None else [mlp.output_layer])]
    return (
        [np.asarray(layer.kernel, np.float64) for layer in layers],
        [np.asarray(layer.bias, np.float64) for layer in layers],
    )


def run(mlp: Any, a: Array) -> Array:
    """Runs a network on one example, as it is outside of training.

    Args:
        mlp: a built `recnotes.layers.MLP` or `recnotes.layers.DiceMLP`.
        a: input ``[I]``.

    Returns:
        The output layer's units, or the last hidden layer's where there is none.

    Example:
        >>> from recnotes.layers.mlp import MLP
        >>> mlp = MLP([3], 1)
        >>> mlp.build((None, 2))
        >>> run(mlp, np.zeros(2)).tolist()
        [0.0]
    """
    kernels, biases = weights_of(mlp)
    count = len(mlp.hidden_layers)
    h = hidden(a, kernels[:count], biases[:count], activations_of(mlp))
    if mlp.output_layer is None:
        return h
    y = biases[-1].copy()
    for o in range(len(y)):
        for u in range(len(h)):
            y[o] += kernels[-1][u, o] * h[u]
    return y


def stacked(inputs: Mapping[str, Any], fields: Any, with_dense: bool) -> list[Array]:
    """Puts numeric values and embeddings side by side, row by row.

    Args:
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.
        fields: a built `recnotes.embedding.FieldEmbedding`, None for no categorical field.
        with_dense: whether the numeric values are read.

    Returns:
        One vector ``[n + F*D]`` a row.

    Example:
        >>> from recnotes.embedding.field import FieldEmbedding
        >>> fields = FieldEmbedding([2, 3], 4, stddev=0.0)
        >>> fields.build()
        >>> stacked({"dense": np.ones((1, 1)), "sparse": np.array([[1, 2]])}, fields, True)[0].shape
        (9,)
    """
    rows = []
    for b in range(len(inputs["dense"] if fields is None else inputs["sparse"])):
        parts = [np.asarray(inputs["dense"][b], np.float64)] if with_dense else []
        if fields is not None:
            parts += vectors(fields, np.asarray(inputs["sparse"])[b])
        rows.append(np.concatenate(parts or [np.zeros(0)]))
    return rows


def vectors(fields: Any, ids: Sequence[int]) -> list[Array]:
    """Looks one row's fields up, each in its own part of the table.

    Args:
        fields: a built `recnotes.embedding.FieldEmbedding`.
        ids: one id a field.

    Returns:
        One vector ``[D]`` a field.

    Example:
        >>> from recnotes.embedding.field import FieldEmbedding
        >>> fields = FieldEmbedding([2, 3], 4, stddev=0.0)
        >>> fields.build()
        >>> len(vectors(fields, [1, 2]))
        2
    """
    table, start, found = np.asarray(fields.table, np.float64), 0, []
    for i, size in zip(ids, fields.vocabulary_sizes, strict=True):
        found.append(table[start + i])
        start += size
    return found


def profiles(embedding: Any, inputs: Mapping[str, Any]) -> list[Array]:
    """Puts a behavior model's fields besides item and history side by side, row by row.

    Args:
        embedding: a built `recnotes.embedding.BehaviorEmbedding`.
        inputs: ``{"item": [B], "dense": [B, n], "sparse": [B, F]}``.

    Returns:
        One vector ``[n + F*D]`` a row, without entries where there are no such fields.

    Example:
        >>> from recnotes.embedding.behavior import BehaviorEmbedding
        >>> [x.shape for x in profiles(BehaviorEmbedding(9), {"item": np.array([3, 5])})]
        [(0,), (0,)]
    """
    if embedding.fields is None and not embedding.num_dense:
        return [np.zeros(0) for _ in inputs["item"]]
    return stacked(inputs, embedding.fields, bool(embedding.num_dense))
