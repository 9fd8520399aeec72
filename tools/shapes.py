"""Hold trailing shape comments to the tensors that were really assigned.

    x = layer(x)  # [B, 2*D]

While a `Tracer` is active, each such comment in the traced files is compared with the value just assigned
(or returned). Symbols are bound within one call of one function: the first comment that names `B` says what
`B` is, an integer variable called `B` says so too, and every later comment must agree. A statement that runs
again in a loop may bind anew what it bound itself (the width of this iteration's layer). Sizes that a graph
does not know yet are passed over: run eagerly, or with static shapes. Where two symbols of one call have the
same size, a wrong comment could pass; a comment counts as *proven* only after a call whose sizes were all
distinct.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from tools.blocks import shown

_COMMENT = re.compile(r"^#\s*\[(?P<inside>[^\]]*)\](?P<rest>.*)$")
_NODES = (
    ast.Expression,
    ast.BinOp,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.FloorDiv,
    ast.Name,
    ast.Load,
    ast.Constant,
)


class ShapeError(AssertionError):
    """A shape comment that cannot be right."""


@dataclass(frozen=True)
class Dimension:
    """One entry of a comment: its text, its code, the symbols in it."""

    text: str
    code: CodeType
    symbols: tuple[str, ...]

    def value(self, binding: dict[str, int]) -> int:
        """Its size, all symbols being bound."""
        return int(eval(self.code, {"__builtins__": {}}, dict(binding)))


@dataclass
class Comment:
    """A shape comment, and what the statement it stands on assigns."""

    path: Path
    line: int
    text: str
    dimensions: tuple[Dimension, ...]
    first: int  # lines of the statement
    last: int
    target: CodeType | None  # None: the value is what the function returns
    name: str
    reached: bool = field(default=False, compare=False)
    proven: bool = field(default=False, compare=False)

    @property
    def where(self) -> str:
        """`file:line`."""
        return f"{shown(self.path)}:{self.line}"


def parse_dimensions(inside: str) -> tuple[Dimension, ...]:
    """The entries of `B, 2*D, 3`; raises ShapeError on anything but symbols, integers, sums and products."""
    if not inside.strip():
        return ()
    entries = []
    for text in (part.strip() for part in inside.split(",")):
        try:
            tree = ast.parse(text, mode="eval")
        except SyntaxError:
            raise ShapeError(f"{text!r} is not a size") from None
        for node in ast.walk(tree):
            integer = not isinstance(node, ast.Constant) or type(node.value) is int
            if not isinstance(node, _NODES) or not integer:
                raise ShapeError(f"{text!r} must be a symbol, an integer, or a sum or product of such")
        symbols = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        entries.append(Dimension(text, compile(tree, "<shape>", "eval"), tuple(sorted(symbols))))
    return tuple(entries)


def comments(path: Path, source: str | None = None) -> tuple[list[Comment], list[str]]:
    """The shape comments of a file, and what is wrong with those that cannot be checked."""
    text = path.read_text(encoding="utf-8") if source is None else source
    tree = ast.parse(text)
    simple = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and not hasattr(node, "body")]
    found: list[Comment] = []
    wrong: list[str] = []
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        match = _COMMENT.match(token.string) if token.type == tokenize.COMMENT else None
        line = token.start[0]
        if match is None or not lines[line - 1][: token.start[1]].strip():
            continue
        where = f"{shown(path)}:{line}"
        if match["rest"] and not match["rest"].startswith("  "):
            wrong.append(
                f"{where}: two spaces must separate the shape from the text after it: {token.string}"
            )
            continue
        try:
            dimensions = parse_dimensions(match["inside"])
        except ShapeError as error:
            wrong.append(f"{where}: {error}")
            continue
        on = [node for node in simple if node.lineno <= line <= (node.end_lineno or node.lineno)]
        target = _target(on[0]) if len(on) == 1 else None
        if len(on) == 1 and isinstance(on[0], ast.Return):
            code, name = None, "the returned value"
        elif target is not None:
            code = compile(ast.Expression(target), "<target>", "eval")
            name = ast.unparse(target)
        else:
            wrong.append(f"{where}: a shape comment must stand on a line that assigns or returns one value")
            continue
        first, last = on[0].lineno, on[0].end_lineno or on[0].lineno
        found.append(Comment(path, line, token.string, dimensions, first, last, code, name))
    for one, two in zip(found, found[1:], strict=False):
        if one.first == two.first:
            wrong.append(f"{two.where}: a second shape comment on the statement of line {one.first}")
    return found, wrong


def _target(statement: ast.stmt) -> ast.expr | None:
    """What the statement assigns, as an expression that can be read back."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    elif isinstance(statement, ast.AugAssign | ast.AnnAssign):
        target = statement.target
    else:
        return None
    if not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        return None
    if any(isinstance(node, ast.Call) for node in ast.walk(target)):
        return None
    expression = ast.parse(ast.unparse(target), mode="eval").body
    return expression


def shape_of(value: Any) -> tuple[int | None, ...] | None:
    """The value's shape, None for a size that is not known (or ragged); None for an unknown rank."""
    if isinstance(value, bool | int | float):
        return ()
    try:
        shape = value.shape
        return (
            None
            if getattr(shape, "rank", 0) is None
            else tuple(size if size is None else int(size) for size in shape)
        )
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


class _Frame:
    """The comments and bindings of one call."""

    def __init__(self, lines: dict[int, Comment], declared: dict[str, tuple[int, ...]] | None) -> None:
        self.lines = lines
        self.declared = declared
        self.pending: Comment | None = None
        self.binding: dict[str, int] = {}
        self.owner: dict[str, int] = {}  # symbol -> first line of the statement that bound it
        self.open: list[tuple[Comment, Dimension, int]] = []  # entries that bind no symbol yet
        self.checked: dict[int, Comment] = {}

    def check(self, comment: Comment, value: Any, variables: dict[str, Any]) -> None:
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


def _is_integer(value: Any) -> bool:
    import numpy as np

    return isinstance(value, int | np.integer) and not isinstance(value, bool)


class Tracer:
    """Checks shape comments while it is active (`with tracer: ...`).

    `failures` holds one message a wrong comment, `ambiguous` the calls in which two symbols had one size.
    Where `declared` says which sizes a symbol may have, others are failures, and a comment counts as proven
    only if all its symbols are declared: one that is alone in its function is then held to something, too.
    """

    declared: dict[str, tuple[int, ...]] | None = None

    def __init__(self, found: Iterable[Comment], names: dict[Path, str] | None = None) -> None:
        self.comments = list(found)
        self.failures: dict[str, str] = {}
        self.ambiguous: dict[str, str] = {}
        self._files: dict[str, dict[int, Comment]] = {}
        for comment in self.comments:
            name = (names or {}).get(comment.path, str(comment.path.resolve()))
            lines = self._files.setdefault(name, {})
            for line in range(comment.first, comment.last + 1):
                lines[line] = comment
        self._frames: dict[FrameType, _Frame] = {}
        self._before: Any = None

    def wrong(self) -> list[str]:
        """One message a wrong comment, and one a call in which a wrong comment could pass."""
        ambiguous = [f"{text}: choose distinct sizes" for text in self.ambiguous.values()]
        return [*self.failures.values(), *ambiguous]

    def __enter__(self) -> Tracer:
        self._before = sys.gettrace()
        if self._files:
            sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)
        for frame in list(self._frames):
            self._frames.pop(frame).finish()

    def _call(self, frame: FrameType, event: str, arg: Any) -> Any:
        lines = self._files.get(frame.f_code.co_filename)
        name = frame.f_code.co_name
        if lines is None or (
            name.startswith("<") and name != "<module>"
        ):  # comprehensions have no statements
            return None
        state = self._frames[frame] = self._frames.get(frame) or _Frame(
            lines, self.declared
        )  # a generator comes back

        def local(frame: FrameType, event: str, arg: Any) -> Any:
            if event == "exception":
                if arg[0] is not StopIteration:
                    state.pending = None
                return local
            pending = state.pending
            here = state.lines.get(frame.f_lineno)
            # Several lines, or (3.12) an inlined comprehension: one statement passes its lines repeatedly.
            if pending is not None and not (event == "line" and here is pending):
                state.pending = None
                self._check(state, pending, frame, event, arg)
            if event == "line" and here is not None:
                state.pending = here
            if event == "return":
                self._end(frame, state)
            return local

        return local

    def _check(self, state: _Frame, comment: Comment, frame: FrameType, event: str, arg: Any) -> None:
        if comment.target is None and event != "return":
            return
        variables = frame.f_locals
        try:
            if comment.target is None:
                value = arg
            else:
                try:
                    value = eval(comment.target, frame.f_globals, variables)
                except Exception as error:
                    raise ShapeError(
                        f"{comment.where}: {comment.name} cannot be read back: {error}"
                    ) from None
            state.check(comment, value, variables)
        except ShapeError as error:
            text = str(error)
            self.failures.setdefault(
                comment.where, text if comment.where in text else f"{comment.where}: {text}"
            )

    def _end(self, frame: FrameType, state: _Frame) -> None:
        self._frames.pop(frame, None)
        state.finish()
        for text in state.equal():
            where = f"{shown(Path(frame.f_code.co_filename))}:{frame.f_code.co_firstlineno}"
            self.ambiguous.setdefault(where, f"{where}: {text}")


def python_files(root: Path) -> list[Path]:
    """The package's modules."""
    return sorted(root.rglob("*.py"))
