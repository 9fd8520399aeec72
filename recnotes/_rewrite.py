"""Rewrites expressions by what is known about names and attributes."""

from __future__ import annotations

import ast
import re

from recnotes._brackets import needs_brackets
from recnotes._calls import Scope, assigned, inside
from recnotes._edits import Edits
from recnotes._facts import Facts


class Expressions:
    """Edits the text of a function's expressions; names that an f-string formats are reported."""

    def __init__(self, facts: Facts, scope: Scope, edits: Edits) -> None:
        self.facts, self.scope, self.edits = facts, scope, edits
        self.values = facts.values(scope)
        self.blocked: set[str] = set()
        self.read = {
            n.id for n in inside(scope.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
        }

    def expression(self, node: ast.expr, is_test: bool = False) -> None:
        known = self.values.of(node)
        if isinstance(node, ast.JoinedStr):
            self._quoted(node)
        elif known is not None and known.is_short and self._is_worth(node):
            assert known.text is not None
            self._replace(node, known.text)
        elif isinstance(node, ast.IfExp) and (test := self.values.truth(node.test)) is not None:
            self._keep(node, node.body if test else node.orelse)
        elif isinstance(node, ast.Call) and self.facts.is_identity(self.scope, node.func):
            self._keep(node, node.args[0] if node.args else node.keywords[0].value)
        elif isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            for loop in node.generators:
                for before, condition in zip([loop.iter, *loop.ifs], loop.ifs, strict=False):
                    if self.values.truth(condition):
                        self.edits.cut(self.edits.outer(before)[1], self.edits.outer(condition)[1])
            self.children(node)
        elif isinstance(node, ast.IfExp):
            self.expression(node.test, True)
            self.expression(node.body)
            self.expression(node.orelse)
        elif isinstance(node, ast.BoolOp):
            self._operands(node, is_test)
        elif isinstance(node, ast.BinOp) and (other := self._neutral(node)) is not None:
            self._keep(node, other)
        elif isinstance(node, ast.Subscript) and (found := self._entry(node)) is not None:
            if isinstance(node.value, ast.Dict):
                self._keep(node, found)
            else:
                self._replace(node, self.edits.segment(found))
        else:
            self.children(node)

    def _replace(self, node: ast.expr, text: str) -> None:
        self.edits.replace(node, text, needs_brackets(text, self.scope.parents[node], node))

    def _keep(self, node: ast.expr, part: ast.expr) -> None:
        self.edits.keep(node, part, needs_brackets(part, self.scope.parents[node], node))
        self.expression(part)

    def _quoted(self, node: ast.JoinedStr) -> None:
        """Write known names into an f-string; where it does more than quote one, nothing is known of it."""
        text = self.edits.segment(node)
        read = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
        for name in self.scope.known.keys() & set(read):
            value = self.scope.known[name].value
            quoted = re.compile(rf"{{{name}(!r)?}}")
            if len(quoted.findall(text)) != read.count(name) or re.search(r'["\\{}]', repr(value)):
                self.blocked.add(name)
            else:
                text = quoted.sub(lambda match, v=value: repr(v) if match[1] else str(v), text)  # type: ignore[misc]
        if not self.blocked & set(read) and text != self.edits.segment(node):
            self.edits.replace(node, text if "{" in text else text.removeprefix("f"))

    def children(self, node: ast.AST) -> None:
        if isinstance(node, (ast.Call, ast.List)):
            items: list[ast.expr | ast.keyword] = []
            items += [*node.args, *node.keywords] if isinstance(node, ast.Call) else node.elts
            items.sort(key=lambda n: (n.lineno, n.col_offset))
            empty = [isinstance(n, ast.Starred) and self.values.truth(n.value) is False for n in items]
            if any(empty):
                self.edits.cut_items(items, items, empty)
                self.facts.gone |= {n for n, gone in zip(items, empty, strict=True) if gone}
        for child in ast.iter_child_nodes(node):
            if child in self.facts.gone:
                continue
            if isinstance(child, ast.expr):
                self.expression(child)
            elif not isinstance(child, (ast.expr_context, ast.operator, ast.arg)):
                self.children(child)

    def _is_worth(self, node: ast.expr) -> bool:
        """Return whether an expression is more than a literal or the name of a constant of the file."""
        if isinstance(getattr(node, "ctx", ast.Load()), ast.Store) or ast.unparse(node) == "math.inf":
            return False
        if isinstance(node, ast.Name):
            return node.id in self.scope.known
        return any(isinstance(n, (ast.Name, ast.Attribute)) for n in ast.walk(node))

    def _operands(self, node: ast.BoolOp, is_test: bool) -> None:
        """Leave out operands that decide nothing."""
        is_and = isinstance(node.op, ast.And)
        truths = [self.values.truth(part) for part in node.values]
        removed = [truth is is_and for truth in truths]
        if not is_test:
            leading = next((i for i, gone in enumerate(removed) if not gone), len(removed) - 1)
            removed = [gone and i < leading for i, gone in enumerate(removed)]
        rest = [part for part, gone in zip(node.values, removed, strict=True) if not gone]
        if len(rest) == 1:
            self.edits.keep(node, rest[0], needs_brackets(rest[0], self.scope.parents[node], node))
        elif any(removed):
            self.edits.cut_items(node.values, node.values, removed)
        for part in rest:
            self.expression(part, is_test)

    def _neutral(self, node: ast.BinOp) -> ast.expr | None:
        """Return the other operand of an addition of 0 or a multiplication by 1 that was not written so."""
        neutral = {ast.Add: 0, ast.Mult: 1}.get(type(node.op))
        for part, other in ((node.left, node.right), (node.right, node.left)):
            known = self.values.of(part)
            if neutral is None or not known or known.text is None or not self._is_worth(part):
                continue
            if known.value == neutral:
                if type(known.value) is int or (neutral == 1 and self._is_tensor(other)):
                    return other
        return None

    def _is_tensor(self, node: ast.expr) -> bool:
        """Return whether TensorFlow made a value, so that 1.0 times it is of the same type."""
        if isinstance(node, ast.Name):
            pairs = [pair for statement in self.scope.node.body for pair in assigned(statement)]
            made = [value for target, value in pairs if ast.unparse(target) == node.id]
            once = len(made) == self.scope.stored[node.id] == 1 and node.id not in self.scope.arguments()
            return once and self._is_tensor(made[0])
        return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("tf.")

    def _entry(self, node: ast.Subscript) -> ast.expr | None:
        """Return the entry that a known key reads of a dict."""
        key, held = self.values.of(node.slice), node.value
        piece = self.facts.pieces.get(held.id) if isinstance(held, ast.Name) else None
        if piece and isinstance(piece.node, ast.Assign) and piece.module is self.scope.piece.module:
            held = piece.node.value
            read = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            read |= {n.id for n in ast.walk(held) if isinstance(n, ast.Name)}
            if any(map(self.scope.binds, read)):
                return None
        if not isinstance(held, ast.Dict) or key is None:
            return None
        for name, value in zip(held.keys, held.values, strict=True):
            if name is not None and (found := self.values.of(name)) and found.same(key):
                return value
        return None
