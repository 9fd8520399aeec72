"""Read the trailing shape comments of a file, each with what its statement assigns.

    x = layer(x)  # [B, 2*D]

An entry is a symbol, an integer, or a sum or product of such. What cannot be checked is reported.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType

from tools.paths import shown

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
    return ast.parse(ast.unparse(target), mode="eval").body
