"""The layers of a Keras model as a tree: which layer holds which, and how each one's parent calls it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import keras


@dataclass
class Node:
    """A layer of the model, or the model itself."""

    layer: Any
    path: str
    children: list[Node] = field(default_factory=list)
    outputs: list[list[Any]] = field(default_factory=list)  # shapes, one list of calls a trace


def walk(node: Node, depth: int) -> Iterator[Node]:
    """Yield a layer and the nested ones down to ``depth``, each once, with the path that leads there."""
    seen = {id(node.layer)}

    def visit(parent: Node, level: int) -> Iterator[Node]:
        yield parent
        if level == depth:
            return
        found = []
        for layer in _children(parent.layer):
            if id(layer) not in seen:
                seen.add(id(layer))
                found.append(Node(layer, f"{parent.path}.{_attribute(parent.layer, layer)}".lstrip(".")))
        parent.children = found
        for child in found:
            yield from visit(child, level + 1)

    yield from visit(node, 0)


def _container(layer: Any) -> bool:
    """Tell Sequential and Functional models, which hold layers by position."""
    return isinstance(layer, keras.Model) and type(layer).__module__.startswith("keras.")


def _children(layer: Any) -> list[Any]:
    if _container(layer):
        return [x for x in layer.layers if not isinstance(x, keras.layers.InputLayer)]
    return layer._flatten_layers(include_self=False, recursive=False)


def _attribute(parent: Any, layer: Any) -> str:
    """Find how the parent calls a layer; the layer's own name may hold a counter that other code moves."""

    def search(value: Any) -> str | None:
        if value is layer:
            return ""
        pairs: Any = ()
        if isinstance(value, dict):
            pairs = [(repr(key), item) for key, item in value.items()]
        elif isinstance(value, (list, tuple)):
            pairs = enumerate(value)
        for key, item in pairs:
            if (rest := search(item)) is not None:
                return f"[{key}]{rest}"
        return None

    public = {name: value for name, value in vars(parent).items() if not name.startswith("_")}
    if _container(parent):
        public = {"layers": _children(parent)}
    for name, value in public.items():
        if (rest := search(value)) is not None:
            return name + rest
    return layer.name
