"""What is known about the definitions of a file: who calls whom with what, and what attributes hold."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from recnotes._calls import Call, Scope, inside, outside
from recnotes._members import Members
from recnotes._pieces import Piece
from recnotes._values import OBJECT, Known, Values, written

_BY_NAME = ("getattr", "hasattr")
# Where an empty list is read and can neither grow nor get another name.
_READERS = (
    ast.For,
    ast.comprehension,
    ast.Starred,
    ast.If,
    ast.IfExp,
    ast.BoolOp,
    ast.UnaryOp,
    ast.BinOp,
    ast.Compare,
    ast.FormattedValue,
)
_READING = frozenset(
    "all any bool enumerate filter len list map max min reversed sorted sum tuple zip".split()
)


class Facts(Members):
    """Everything known about the pieces of a file, for one round of folding."""

    def __init__(self, pieces: list[Piece], dropped: Mapping[str, list[ast.stmt]]) -> None:
        super().__init__(pieces, dropped)
        self.calls: dict[str, list[Call]] = {}  # function or class → its calls
        self.escaped: set[str] = set()  # names that are used otherwise
        self.loose: set[str] = set()  # attributes read through objects of which the class is not known
        for scope in self.scopes:
            self._count(scope)
        for piece in pieces:  # Tables of functions, defaults and decorators call them unseen.
            nodes = [n for value in outside(piece.node) for n in ast.walk(value)]
            self.escaped |= {n.id for n in nodes if isinstance(n, ast.Name)} & self.pieces.keys()
            self.loose |= {n.attr for n in nodes if isinstance(n, ast.Attribute)}
        self.gone: set[ast.AST] = set()  # arguments that leave their calls in this round
        self.reads: set[tuple[str, str]] = set()  # oldest base of a class, attribute
        self.touched: set[object] = set()  # names and attributes whose lists may grow
        self.handed: set[str] = set()  # attributes that are read and not called at once
        self._attributes()

    def constructor(self, name: str) -> Scope | None:
        """Return what runs when a function or a class of the file is called."""
        functions = (scope for scope in self.scopes if scope.piece.name == name and not scope.owner)
        return next(functions, None) or self.method(name, "__init__")

    def layer_called(self, call: Call) -> Scope | None:
        """Return what runs when an attribute that holds a layer of the file is called."""
        home = self.class_of(call.scope, call.node.func)
        return self.method(home, "call") if home else None

    def is_read(self, home: str, attribute: str) -> bool:
        return attribute in self.loose or (self.family(home), attribute) in self.reads

    def calls_of(self, function: Scope) -> list[Call] | None:
        """Return all calls of a function or constructor, None where some may be hidden."""
        names = [n for n in self.pieces if self.constructor(n) is function]
        if self.escaped & set(names) or function.node.decorator_list:
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
        texts = {
            n.value
            for piece in self.pieces.values()
            for n in ast.walk(piece.node)
            if isinstance(n, ast.Constant) and isinstance(n.value, str)
        }
        for scope in self.scopes:
            quoted = {n for s in inside(scope.node) if isinstance(s, ast.JoinedStr) for n in ast.walk(s)}
            for node in inside(scope.node):
                if isinstance(node, ast.Name) and node.id in _BY_NAME:
                    given = getattr(scope.parents[node], "args", [])[1:2]
                    self.loose |= {str(n.value) for n in given if isinstance(n, ast.Constant)} or texts
                if isinstance(node, ast.Attribute) and node in quoted:
                    self.loose.add(node.attr)
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
                    parent = scope.parents[node]
                    if not isinstance(parent, ast.Call) or parent.func is not node:
                        self.handed.add(node.attr)
                if isinstance(node, (ast.Attribute, ast.Name)):
                    if not _is_read_only(node, scope.parents[node]):
                        self.touched.add(
                            node.attr if isinstance(node, ast.Attribute) else (scope.node, node.id)
                        )

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
        return self.carried(known)

    def carried(self, known: Known | None) -> Known | None:
        """Return a value as another function can write it: without the name of a constant of its module."""
        return written(known.value) if known and known.text in self.pieces else known

    def is_identity(self, scope: Scope, node: ast.expr) -> bool:
        """Return whether an attribute holds a dropout that drops nothing."""
        home = self.class_of(scope, node.value) if isinstance(node, ast.Attribute) else None
        made = self.store(home, node.attr) if home and isinstance(node, ast.Attribute) else None
        if not made or not isinstance(made[1], ast.Call) or not made[1].args:
            return False
        if isinstance(node, ast.Attribute) and node.attr in self.handed:
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
            methods = {m.name for base in self.bases(piece.name) for m in self.pieces[base].methods()}
            return not methods & {"__len__", "__bool__"}
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
            # Who reads a list may fill it.
            return None if known is None or isinstance(known.value, list) else Known(known.value, node.id)

        return Values(lookup)


def _is_read_only(node: ast.Name | ast.Attribute, parent: ast.AST) -> bool:
    """Return whether a place can do nothing to a list but read it."""
    if not isinstance(node.ctx, ast.Load) or isinstance(parent, _READERS):
        return True
    return isinstance(parent, ast.Call) and node in parent.args and ast.unparse(parent.func) in _READING
