"""The classes of a file: whom they inherit from, and where they fill their attributes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from recnotes._calls import Scope, assigned, inside
from recnotes._pieces import Piece


class Members:
    """The pieces of a file, their functions, and every place that fills an attribute."""

    def __init__(self, pieces: list[Piece], dropped: Mapping[str, list[ast.stmt]]) -> None:
        self.pieces = {piece.name: piece for piece in pieces}
        self.scopes: list[Scope] = []
        for piece in pieces:
            if isinstance(piece.node, ast.FunctionDef):
                self.scopes.append(Scope(piece, piece.node))
            else:
                kept = [m for m in piece.methods() if m not in dropped[piece.name]]
                self.scopes += [Scope(piece, method) for method in kept]
        self.stores: dict[str, list[tuple[Scope, ast.Attribute, ast.expr | None]]] = {}
        for scope in self.scopes:
            plain = {t: v for s in scope.node.body for t, v in assigned(s)}
            for node in inside(scope.node):
                if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                    simple = plain.get(node) if scope.node.name == "__init__" else None
                    self.stores.setdefault(node.attr, []).append((scope, node, simple))

    def bases(self, name: str) -> Iterator[str]:
        """Yield a class and those of the file it inherits from."""
        yield name
        for base in getattr(self.pieces[name].node, "bases", []):
            if isinstance(base, ast.Name) and base.id in self.pieces:
                yield from self.bases(base.id)

    def method(self, home: str, name: str) -> Scope | None:
        """Return a method of a class, its own or the next base's."""
        found = {scope.owner: scope for scope in self.scopes if scope.node.name == name}
        return next((found[base] for base in self.bases(home) if base in found), None)

    def family(self, name: str) -> str:
        return list(self.bases(name))[-1]

    def class_of(self, scope: Scope, node: ast.expr) -> str | None:
        """Return the class of ``self`` or of an attribute that one constructor of the file fills."""
        if isinstance(node, ast.Name):
            return scope.owner if node.id == "self" else None
        if isinstance(node, ast.Attribute):
            home = self.class_of(scope, node.value)
            made = home and self.store(home, node.attr)
            if made and isinstance(made[1], ast.Call) and isinstance(made[1].func, ast.Name):
                name = made[1].func.id
                if name in self.pieces and isinstance(self.pieces[name].node, ast.ClassDef):
                    return name
        return None

    def store(self, home: str, attribute: str) -> tuple[Scope, ast.expr] | None:
        """Return the one place where a class or its bases fill an attribute, in a constructor, always."""
        stores = self.stores.get(attribute, [])
        mine = [
            s
            for s in stores
            if ast.unparse(s[1].value) != "self" or self.family(str(s[0].owner)) == self.family(home)
        ]
        named = any(
            attribute in _names(statement)
            for name, piece in self.pieces.items()
            if self.family(name) == self.family(home)
            for statement in getattr(piece.node, "body", [])
        )
        if len(mine) != 1 or mine[0][2] is None or named:
            return None
        return mine[0][0], mine[0][2]


def _names(statement: ast.stmt) -> set[str]:
    """Return what a statement of a class body names."""
    if isinstance(statement, ast.AnnAssign):
        return {ast.unparse(statement.target)} if statement.value else set()
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return {getattr(statement, "name", ""), *map(ast.unparse, targets)}
