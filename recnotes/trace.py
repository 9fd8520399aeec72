"""Shapes, parameters and FLOPs of a real Keras model, as a Markdown table.

The model is traced twice, with two batch sizes, and the operations TensorFlow recorded are counted. What
differs between the two traces is what belongs to the batch: a dimension that grew is printed as ``B``, and
operations that did not grow are not part of the cost of an example.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from recnotes._layer_tree import Node, walk
from recnotes._scopes import count

__all__ = ["LayerRow", "trace", "trace_rows"]

_BATCHES = (7, 11)


@dataclass
class LayerRow:
    """One row of the table.

    Args:
        layer: attribute path of the layer inside the model, and its class.
        output_shape: shape of what it returned, ``B`` for the batch, or ``"-"`` where it was not called.
        parameters: number of weights not counted in a row above.
        flops: floating-point operations for one example.
        exact: False where a shape or the number of a loop's steps was not known, and ``flops`` is only a
            lower bound (default: True).
    """

    layer: str
    output_shape: str
    parameters: int
    flops: int
    exact: bool = True


def trace(model: keras.Model, inputs: Any, *, depth: int = 1, training: bool = False) -> str:
    r"""Returns a Markdown table of a model's layers, with shapes, parameters and FLOPs.

    The FLOPs are those of one example, counted on the operations of the traced function: a multiply-add is
    2, so a product $[B, n] \times [n, m]$ is $2nm$; an elementwise operation is 1 per element of its
    output, a sum of n numbers is n - 1; softmax is 5 per element; lookups, reshapes and other moves of
    values are 0, as is all integer arithmetic. Work that does not depend on the batch (a mask built from
    positions, a table that is scaled) is left out.

    A layer's row holds what it computes in any of its methods, nested layers included down from ``depth``.
    What the model computes outside its layers stands in the row named after its ``call``. A layer used
    twice has one row: its FLOPs add up, its parameters count once. Layers that only pass values on
    (dropout) have no row.

    Args:
        model: a Keras model; it is called once if it is not built yet.
        inputs: what the model is called on, batch first: a tensor, an array, a `tf.TensorSpec`, or a nested
            structure of them.
        depth: how many levels of nested layers get rows of their own (default: 1).
        training: whether the model is traced as in training (default: False).

    Returns:
        The table, with a line of totals.

    Raises:
        ValueError: an input has no batch axis.

    Example:
        >>> model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
        >>> print(trace(model, tf.ones([2, 3])))
        | layer | output shape | parameters | FLOPs |
        |---|---|---:|---:|
        | `layers[0]` Dense | [B, 4] | 16 | 32 |
        | `layers[1]` Dense | [B, 1] | 5 | 9 |
        | **total** | [B, 1] | 21 | 41 |
    """
    rows = trace_rows(model, inputs, depth=depth, training=training)
    lines = ["| layer | output shape | parameters | FLOPs |", "|---|---|---:|---:|"]
    for row in rows:
        bound = "" if row.exact else "≥ "
        lines.append(f"| {row.layer} | {row.output_shape} | {row.parameters:,} | {bound}{row.flops:,} |")
    return "\n".join(lines)


def trace_rows(model: keras.Model, inputs: Any, *, depth: int = 1, training: bool = False) -> list[LayerRow]:
    """Returns the rows of `trace` to compute with; the last one holds the totals.

    Args:
        model: a Keras model.
        inputs: what the model is called on, batch first.
        depth: how many levels of nested layers get rows of their own (default: 1).
        training: whether the model is traced as in training (default: False).

    Returns:
        One row a layer, in the order in which they were first called, and the totals.

    Raises:
        ValueError: an input has no batch axis.

    Example:
        >>> model = keras.Sequential([keras.layers.Dense(4)])
        >>> trace_rows(model, tf.ones([2, 3]))[-1].flops  # 2 · 3 · 4 and 4 additions of the bias
        28
    """
    for leaf in tf.nest.flatten(inputs):
        if not len(leaf.shape):
            raise ValueError(f"inputs must have a batch axis, received shape {tuple(leaf.shape)!r}")
    if not model.built:
        model(tf.nest.map_structure(_example, inputs), training=training)
    nodes = list(walk(Node(model, ""), depth))
    order: list[int] = []
    counts = [count(nodes, inputs, batch, training, order) for batch in _BATCHES]
    rows = []
    seen: set[int] = set()
    called = list(dict.fromkeys(order))
    uncalled = [i for i in range(1, len(nodes)) if i not in called]
    for i in [*(i for i in called if i), *uncalled, 0]:
        node = nodes[i]
        parameters = _parameters(node, seen)
        (small, known), (large, _) = counts[0][i], counts[1][i]
        flops = round((large - small) / (_BATCHES[1] - _BATCHES[0]))
        if parameters or flops or not known:
            name = f"`{node.path}` {type(node.layer).__name__}" if i else f"`{type(model).__name__}.call`"
            rows.append(LayerRow(name, _shapes(node.outputs), parameters, flops, known))
    totals = sum(row.parameters for row in rows), sum(row.flops for row in rows)
    return [*rows, LayerRow("**total**", _shapes(nodes[0].outputs), *totals, all(row.exact for row in rows))]


def _example(leaf: Any) -> tf.Tensor:
    """Zeros for a spec, so that an unbuilt model can be called; anything else as it is."""
    if isinstance(leaf, tf.TensorSpec):
        return tf.zeros([2 if size is None else size for size in leaf.shape], leaf.dtype)
    return tf.convert_to_tensor(leaf)


def _parameters(node: Node, seen: set[int]) -> int:
    """Count the weights of a row: those of nested layers too, unless they have rows of their own."""
    inner = {id(w) for child in node.children for w in child.layer.weights}
    total = 0
    for weight in node.layer.weights:
        if id(weight) not in inner and id(weight) not in seen:
            seen.add(id(weight))
            total += math.prod(weight.shape)
    return total


def _shapes(outputs: list[list[Any]]) -> str:
    """Write the shapes of all calls of a layer; equal ones once."""
    small, large = outputs
    if not small:
        return "-"
    return " / ".join(dict.fromkeys(_shape(a, b) for a, b in zip(small, large, strict=True)))


def _shape(a: Any, b: Any) -> str:
    if isinstance(a, tf.TensorShape):
        if a.rank is None:
            return "[?]"
        return f"[{', '.join(_size(x, y) for x, y in zip(a, b, strict=True))}]"
    if isinstance(a, dict):
        return ", ".join(f"{key}: {_shape(a[key], b[key])}" for key in a)
    if isinstance(a, (list, tuple)):
        return ", ".join(text for x, y in zip(a, b, strict=True) if (text := _shape(x, y)))
    return ""


def _size(a: int | None, b: int | None) -> str:
    """Write a dimension that was ``a`` with one batch size and ``b`` with the other."""
    if a is None or b is None:
        return "?"
    slope, rest = divmod(b - a, _BATCHES[1] - _BATCHES[0])
    if slope == 0 and rest == 0:
        return str(a)
    offset = a - slope * _BATCHES[0]
    if rest:
        return "?"
    return ("B" if slope == 1 else f"{slope}*B") + (f"+{offset}" if offset else "")
