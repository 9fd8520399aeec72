"""What is known about the definitions of a file: who calls whom with what, and what attributes hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from recnotes._calls import Call, Scope, assigned, inside
from recnotes._pieces import Piece
from recnotes._values import OBJECT, Known, Values


class Facts:
    """Everything known about the pieces of a file, for one round of folding."""

    def __init__(self, pieces: list[Piece], dropped: Mapping[str, list[ast.stmt]]) -> None:
        self.pieces = {piece.name: piece for piece in pieces}
        self.scopes: list[Scope] = []
        for piece in pieces:
            if isinstance(piece.node, ast.FunctionDef):
                self.scopes.append(Scope(piece, piece.node))
            else:
                kept = [m for m in piece.methods() if m not in dropped[piece.name]]
                self.scopes += [Scope(piece, method) for method in kept]
        self.calls: dict[str, list[Call]] = {}  # function or class → its calls
        self.escaped: set[str] = set()  # names that are used otherwise
        for scope in self.scopes:
            self._count(scope)
        self.gone: set[ast.AST] = set()  # arguments that leave their calls in this round
        # Attributes read through objects of which the class is not known.
        self.loose: set[str] = set()
        self.reads: set[tuple[str, str]] = set()  # oldest base of a class, attribute
        self.touched: set[object] = set()
        self.stores: dict[str, list[tuple[Scope, ast.Attribute, ast.expr | None]]] = {}
        self._attributes()

    def bases(self, name: str) -> Iterator[str]:
        """Yield a class and those of the file it inherits from."""
        yield name
        for base in getattr(self.pieces[name].node, "bases", []):
            if isinstance(base, ast.Name) and base.id in self.pieces:
                yield from self.bases(base.id)

    def family(self, name: str) -> str:
        return list(self.bases(name))[-1]

    def constructor(self, name: str) -> Scope | None:
        """Return what runs when a function or a class of the file is called."""
        for base in self.bases(name):
            for scope in self.scopes:
                if scope.piece.name == base and scope.node.name in (base, "__init__"):
                    return scope
        return None

    def calls_of(self, function: Scope) -> list[Call] | None:
        """Return all calls of a function or constructor, None where some may be hidden."""
        names = [n for n in self.pieces if self.constructor(n) is function]
        if self.escaped & set(names) or (not function.owner and function.node.decorator_list):
            return None
        return [call for name in names for call in self.calls.get(name, [])]

    def _count(self, scope: Scope) -> None:
        called: set[ast.AST] = set()
        for node in inside(scope.node):
            if not isinstance(node, ast.Call):
                continue
            target = node.func
            if isinstance(target, ast.Name) and target.id in self.pieces and not scope.binds(target.id):
                self.calls.setdefault(target.id, []).append(Call(scope, node))
                called.add(target)
            elif ast.unparse(target) == "super().__init__" and scope.owner:
                for base in list(self.bases(scope.owner))[1:2]:
                    self.calls.setdefault(base, []).append(Call(scope, node))
        for node in inside(scope.node):
            if isinstance(node, ast.Name) and node.id in self.pieces and node not in called:
                if not scope.binds(node.id):
                    self.escaped.add(node.id)

    def _attributes(self) -> None:
        for scope in self.scopes:
            plain = {t: v for s in scope.node.body for t, v in assigned(s)}
            quoted = {n for s in inside(scope.node) if isinstance(s, ast.JoinedStr) for n in ast.walk(s)}
            for node in inside(scope.node):
                if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                    simple = plain.get(node) if scope.node.name == "__init__" else None
                    self.stores.setdefault(node.attr, []).append((scope, node, simple))
                elif isinstance(node, ast.Name) and node.id == "getattr":
                    self.loose |= {
                        n.value
                        for n in inside(scope.node)
                        if isinstance(n, ast.Constant) and isinstance(n.value, str)
                    }
                elif isinstance(node, ast.Attribute) and node in quoted:
                    self.loose.add(node.attr)
        for scope in self.scopes:
            for node in inside(scope.node):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                    home = self.class_of(scope, node.value)
                    root: ast.expr = node.value
                    while isinstance(root, ast.Attribute):
                        root = root.value
                    if isinstance(root, ast.Name) and root.id in scope.piece.module.external:
                        continue
                    if home is None:
                        self.loose.add(node.attr)
                    else:
                        self.reads.add((self.family(home), node.attr))
                if isinstance(node, ast.Attribute) and isinstance(node.value, (ast.Attribute, ast.Name)):
                    # What has methods called on it may change.
                    held = node.value
                    self.touched.add(held.attr if isinstance(held, ast.Attribute) else (scope.node, held.id))

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
            if self.class_of_self(s[0], s[1]) is None or self.family(str(s[0].owner)) == self.family(home)
        ]
        named = any(
            getattr(n, "name", None) == attribute or attribute in map(_name, getattr(n, "targets", []))
            for base in self.bases(home)
            for n in getattr(self.pieces[base].node, "body", [])
        )
        if len(mine) != 1 or mine[0][2] is None or named:
            return None
        return mine[0][0], mine[0][2]

    @staticmethod
    def class_of_self(scope: Scope, node: ast.Attribute) -> str | None:
        return scope.owner if ast.unparse(node.value) == "self" else None

    def attribute(self, scope: Scope, node: ast.Attribute) -> Known | None:
        """Return what an attribute always holds."""
        home = self.class_of(scope, node.value)
        made = home and self.store(home, node.attr)
        if not made:
            return None
        known = self.values(made[0]).of(made[1])
        if known is not None and isinstance(known.value, list) and node.attr in self.touched:
            return None
        if known is None and self.is_object(made[1]):
            return OBJECT
        return known

    def is_identity(self, scope: Scope, node: ast.expr) -> bool:
        """Return whether an attribute holds a dropout that drops nothing."""
        home = self.class_of(scope, node.value) if isinstance(node, ast.Attribute) else None
        made = self.store(home, node.attr) if home and isinstance(node, ast.Attribute) else None
        if not made or not isinstance(made[1], ast.Call) or not made[1].args:
            return False
        if ast.unparse(made[1].func) != "keras.layers.Dropout":
            return False
        known = self.values(made[0]).of(made[1].args[0])
        return known is not None and known.value == 0

    def is_overridden(self, scope: Scope) -> bool:
        """Return whether a method is of a base that is never made, and all its heirs have their own."""
        name, method = scope.owner, scope.node.name
        if not name or method == "__init__" or name in self.escaped:
            return False
        heirs = [n for n, p in self.pieces.items() if name in list(self.bases(n))[1:2]]
        made = [c for c in self.calls.get(name, []) if isinstance(c.node.func, ast.Name)]
        if not heirs or made:
            return False
        family = [s for s in self.scopes if s.owner and self.family(s.owner) == self.family(name)]
        if any(f"super().{method}" in ast.unparse(s.node) for s in family):
            return False
        return all(any(s.owner == heir and s.node.name == method for s in family) for heir in heirs)

    def is_object(self, node: ast.expr, depth: int = 3) -> bool:
        """Return whether an expression makes an object of a class."""
        if not isinstance(node, ast.Call) or not depth:
            return False
        if ast.unparse(node.func).startswith("keras.layers."):
            return True
        piece = self.pieces.get(getattr(node.func, "id", ""))
        if piece is None:
            return False
        if isinstance(piece.node, ast.ClassDef):
            return all(m.name not in ("__len__", "__bool__") for m in piece.methods())
        if not isinstance(piece.node, ast.FunctionDef):
            return False
        returns = [n.value for n in inside(piece.node) if isinstance(n, ast.Return)]
        return all(v is not None and self.is_object(v, depth - 1) for v in returns) if returns else False

    def values(self, scope: Scope) -> Values:
        """Return what computes expressions that stand in a function."""

        def lookup(node: ast.expr) -> Known | None:
            if isinstance(node, ast.Attribute):
                return self.attribute(scope, node)
            assert isinstance(node, ast.Name)
            if node.id in scope.known:
                return scope.known[node.id]
            piece = self.pieces.get(node.id)
            if piece is None or scope.binds(node.id) or not isinstance(piece.node, ast.Assign):
                return None
            if isinstance(piece.node.value, ast.Dict):
                keys = [Values(lambda _: None).of(key) for key in piece.node.value.keys]
                return Known({key.value for key in keys if key}, None) if all(keys) else None
            known = Values(lambda _: None).of(piece.node.value)
            return None if known is None else Known(known.value, node.id)

        return Values(lookup)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""
