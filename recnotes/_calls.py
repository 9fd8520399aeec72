"""The functions of a file, what they bind, and what their calls give their parameters."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from recnotes._pieces import Piece
from recnotes._values import Known


@dataclass(eq=False)
class Scope:
    """A function of the file with the methods, lambdas and comprehensions inside."""

    piece: Piece
    node: ast.FunctionDef
    stored: Counter[str] = field(default_factory=Counter)  # names bound inside, arguments aside
    known: dict[str, Known] = field(default_factory=dict)  # names that always have one value

    def __post_init__(self) -> None:
        for node in inside(self.node):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                self.stored[node.id] += 1
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                self.stored[node.name] += 1
            elif isinstance(node, ast.ExceptHandler) and node.name:
                self.stored[node.name] += 1
            elif isinstance(node, ast.arg):
                self.stored[node.arg] += 1

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Return what each node of the function stands in."""
        nodes = (self.node, *inside(self.node))
        return {child: node for node in nodes for child in ast.iter_child_nodes(node)}

    @property
    def owner(self) -> str | None:
        return self.piece.name if self.node is not self.piece.node else None

    def parameters(self) -> list[ast.arg]:
        return self.node.args.args[1 if self.owner else 0 :]

    def defaults(self) -> dict[str, ast.expr]:
        given = self.node.args
        return {a.arg: d for a, d in zip(reversed(given.args), reversed(given.defaults), strict=False)}

    def binds(self, name: str) -> bool:
        return bool(self.stored[name]) or name in self.arguments()

    def arguments(self) -> set[str]:
        given = self.node.args
        return {a.arg for a in (*given.args, given.vararg, given.kwarg) if a}


@lru_cache(maxsize=4096)
def inside(function: ast.FunctionDef) -> tuple[ast.AST, ...]:
    """Return all nodes of a function's body; types are not part of it."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        found.append(node)
        for name, value in ast.iter_fields(node):
            if name not in ("annotation", "returns"):
                children = value if isinstance(value, list) else [value]
                waiting += [child for child in children if isinstance(child, ast.AST)]
    return tuple(found)


def outside(statement: ast.stmt) -> Iterator[ast.expr]:
    """Yield the expressions of a definition that run with it: values, decorators, defaults."""
    if isinstance(statement, ast.ClassDef):
        yield from statement.decorator_list
        for child in statement.body:
            yield from outside(child)
    elif isinstance(statement, ast.FunctionDef):
        yield from (*statement.decorator_list, *statement.args.defaults)
    elif isinstance(getattr(statement, "value", None), ast.expr):
        yield statement.value  # type: ignore[attr-defined]


@dataclass
class Call:
    """A call and where it stands."""

    scope: Scope
    node: ast.Call

    def argument(self, function: Scope, name: str) -> tuple[bool, ast.expr | None]:
        """Return whether it is certain what a parameter gets, and its expression, None for the default."""
        names = [a.arg for a in function.parameters()]
        for keyword in self.node.keywords:
            if keyword.arg == name:
                return True, keyword.value
        place = names.index(name)
        for i, given in enumerate(self.node.args):
            if isinstance(given, ast.Starred):
                return False, None
            if i == place:
                return True, given
        return all(keyword.arg for keyword in self.node.keywords), None


def assigned(statement: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the targets of a simple assignment with their values, side by side where both are tuples."""
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        yield statement.target, statement.value
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return
    target, value = statement.targets[0], statement.value
    if isinstance(target, ast.Tuple):
        if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
            if not any(isinstance(n, ast.Starred) for n in (*value.elts, *target.elts)):
                yield from zip(target.elts, value.elts, strict=True)
    else:
        yield target, value
