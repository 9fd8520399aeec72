"""What the symbols of shape comments stand for within one call, and whether a value's shape agrees.

The first comment that names `B` says what `B` is, an integer variable called `B` says so too, and every later
comment must agree. A statement that runs again in a loop may bind anew what it bound itself (the width of
this iteration's layer). Sizes that a graph does not know yet are passed over.
"""

from __future__ import annotations

import sys
from typing import Any

from tools.shape_comments import Comment, Dimension, ShapeError


def shape_of(value: Any) -> tuple[int | None, ...] | None:
    """The value's shape, None for a size that is not known (or ragged); None for an unknown rank."""
    if isinstance(value, bool | int | float):
        return ()
    try:
        shape = value.shape
        if getattr(shape, "rank", 0) is None:
            return None
        return tuple(size if size is None else int(size) for size in shape)
    except (AttributeError, TypeError):
        raise ShapeError(f"a {type(value).__name__} has no shape") from None


def is_symbolic(value: Any) -> bool:
    """Whether this is a tensor of a graph, whose sizes may not be known yet."""
    if "tensorflow" not in sys.modules:
        return False
    import keras
    import tensorflow as tf

    if isinstance(value, tf.SparseTensor | tf.RaggedTensor | tf.IndexedSlices):
        return not tf.executing_eagerly()
    return isinstance(value, keras.KerasTensor) or (
        isinstance(value, tf.Tensor) and tf.is_symbolic_tensor(value)
    )


def _is_integer(value: Any) -> bool:
    import numpy as np

    return isinstance(value, int | np.integer) and not isinstance(value, bool)


class Bindings:
    """The comments of one call that were checked, and the sizes of the symbols in them."""

    def __init__(self, declared: dict[str, tuple[int, ...]] | None) -> None:
        self.declared = declared
        self.binding: dict[str, int] = {}
        self.owner: dict[str, int] = {}  # symbol -> first line of the statement that bound it
        self.open: list[tuple[Comment, Dimension, int]] = []  # entries that bind no symbol yet
        self.checked: dict[int, Comment] = {}

    def check(self, comment: Comment, value: Any, variables: dict[str, Any]) -> None:
        """Hold a comment to a value; raise ShapeError where it is wrong."""
        shape = shape_of(value)
        if shape is None:
            return
        told = (
            f"{comment.where}: the comment says {comment.text[1:].strip()}, {comment.name} has {list(shape)}"
        )
        if len(shape) != len(comment.dimensions):
            raise ShapeError(told)
        for symbol in [symbol for symbol, line in self.owner.items() if line in (comment.first, -1)]:
            del self.owner[symbol], self.binding[symbol]
        for dimension in comment.dimensions:
            for symbol in dimension.symbols:
                if symbol not in self.binding and _is_integer(variables.get(symbol)):
                    self._bind(comment, symbol, int(variables[symbol]), -1)
        todo = [(d, size) for d, size in zip(comment.dimensions, shape, strict=True) if size is not None]
        for dimension, size in sorted(todo, key=lambda pair: not pair[0].text.isidentifier()):
            if not self._solve(comment, dimension, size):
                self.open.append((comment, dimension, size))
                continue
            if dimension.value(self.binding) != size:
                raise ShapeError(f"{told}; {dimension.text} is {dimension.value(self.binding)} here")
        still = []
        for entry in self.open:
            if not self._solve(*entry):
                still.append(entry)
            elif entry[1].value(self.binding) != entry[2]:
                raise ShapeError(f"{entry[0].where}: {entry[1].text} is not {entry[2]} with {self.binding}")
        self.open = still
        if None in shape and is_symbolic(value):
            return
        comment.reached = True
        self.checked[comment.first] = comment

    def _solve(self, comment: Comment, dimension: Dimension, size: int) -> bool:
        """Bind the one unknown symbol of an entry; False if that is not possible yet."""
        unknown = [symbol for symbol in dimension.symbols if symbol not in self.binding]
        if len(unknown) > 1:
            return False
        if unknown:
            at = [dimension.value({**self.binding, unknown[0]: value}) for value in (0, 1, 2)]
            step = at[1] - at[0]
            if at[2] - at[1] != step:  # not linear: wait until another comment binds it
                return False
            value, remainder = divmod(size - at[0], step) if step else (0, 1)
            if remainder or value < 0:
                raise ShapeError(f"{comment.where}: no {unknown[0]} makes {dimension.text} equal to {size}")
            self._bind(comment, unknown[0], value, comment.first)
        return True

    def _bind(self, comment: Comment, symbol: str, size: int, owner: int) -> None:
        allowed = (self.declared or {}).get(symbol, (size,))
        if size not in allowed:
            told = " or ".join(map(str, allowed))
            raise ShapeError(
                f"{comment.where}: {comment.text[1:].strip()}: {symbol} is {size}, declared {told}"
            )
        self.binding[symbol] = size
        self.owner[symbol] = owner

    def finish(self) -> None:
        """Mark as proven what was checked, if no two sizes were equal."""
        used = {
            symbol for comment in self.checked.values() for d in comment.dimensions for symbol in d.symbols
        }
        sizes = [self.binding[symbol] for symbol in used if symbol in self.binding]
        literals = {
            int(d.text) for comment in self.checked.values() for d in comment.dimensions if d.text.isdigit()
        }
        if len(set(sizes)) == len(sizes) and not literals & set(sizes):
            for comment in self.checked.values():
                symbols = {symbol for dimension in comment.dimensions for symbol in dimension.symbols}
                if self.declared is None or symbols <= set(self.declared):
                    comment.proven = True

    def equal(self) -> list[str]:
        """Which symbols of this call cannot be told apart."""
        by_size: dict[int, list[str]] = {}
        for symbol, size in self.binding.items():
            by_size.setdefault(size, []).append(symbol)
        return [
            f"{' and '.join(sorted(names))} are both {size}"
            for size, names in by_size.items()
            if len(names) > 1
        ]
