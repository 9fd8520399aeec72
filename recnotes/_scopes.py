"""Traces a model with the operations of every layer in a scope of its own, and adds up what each costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from recnotes._flops import SCOPE, flops_of, operations
from recnotes._layer_tree import Node


def count(
    nodes: list[Node], inputs: Any, batch: int, training: bool, order: list[int]
) -> list[tuple[int, bool]]:
    """Trace with one batch size and return (FLOPs, all shapes known) a node."""
    specs = tf.nest.map_structure(lambda leaf: tf.TensorSpec([batch, *leaf.shape[1:]], leaf.dtype), inputs)
    undo = []
    for i, node in enumerate(nodes):
        node.outputs.append([])
        for name, method in _methods(node.layer):
            # On the instance, where it hides the method of the class; Keras's own tracking must not see it.
            vars(node.layer)[name] = _scoped(method, i, node.outputs[-1] if name == "call" else None, order)
            undo.append((node.layer, name))
    try:
        function = tf.function(lambda x: nodes[0].layer(x, training=training), autograph=False)
        graph = function.get_concrete_function(specs).graph
    finally:
        for layer, name in undo:
            del vars(layer)[name]
    counts = [(0, True)] * len(nodes)
    for owner, operation, times in operations(graph, 0, 1):
        flops = flops_of(operation)
        total, known = counts[owner]
        if flops is None or (flops and times is None):
            known = False
        counts[owner] = (total + (flops or 0) * (times or 1), known)
    return counts


def _methods(layer: Any) -> Iterator[tuple[str, Callable]]:
    """Yield the methods that may compute: ``call`` and whatever public ones the layer's own class adds."""
    yield "call", layer.call
    skipped = {"call", "build", "get_config", "compute_output_shape", "compute_output_spec", "compute_mask"}
    for cls in type(layer).__mro__:
        if cls.__module__.startswith("keras."):
            break
        for name, value in vars(cls).items():
            if not name.startswith("_") and name not in skipped and callable(value):
                if not isinstance(value, (staticmethod, classmethod)) and not hasattr(keras.Model, name):
                    skipped.add(name)
                    yield name, getattr(layer, name)


def _scoped(method: Callable, index: int, outputs: list[Any] | None, order: list[int]) -> Callable:
    """Run a method in a name scope that tells, in each operation's name, which layer it belongs to."""

    def run(*args: Any, **kwargs: Any) -> Any:
        order.append(index)
        # A scope that ends in a slash replaces the scopes around it: the innermost layer owns the operation.
        with tf.name_scope(f"{SCOPE}{index}/"):
            result = method(*args, **kwargs)
        if outputs is not None:
            outputs.append(tf.nest.map_structure(lambda t: getattr(t, "shape", None), result))
        return result

    return run
