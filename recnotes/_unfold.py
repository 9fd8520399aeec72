"""Rewrites the statements of one function by what is known about its names and attributes."""

from __future__ import annotations

import ast

from recnotes._calls import assigned
from recnotes._pieces import SWITCHES
from recnotes._rewrite import Expressions
from recnotes._source import ExportError
from recnotes._values import is_plain


class Rewriter(Expressions):
    """Edits the text of a function: what can never run, or says nothing any more, leaves it."""

    def run(self) -> None:
        body = self.scope.node.body
        if self._only_inherits(body) or self.facts.is_overridden(self.scope):
            self._drop(self.scope.node)
            return
        self._kept(body)

    def _refuse(self) -> None:
        raise ExportError(
            f"{self.scope.piece.name}.{self.scope.node.name} must keep a statement in each block"
        )

    def _only_inherits(self, body: list[ast.stmt]) -> bool:
        """Return whether a method does nothing but what the class would do without it."""
        node = self.scope.node
        rest = [s for s in body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        if not self.scope.owner or len(rest) != 1 or len(getattr(self.scope.piece.node, "body", [])) == 1:
            return False
        given = ", ".join(a.arg for a in node.args.args[1:])
        if node.name == "__init__":
            return not given and ast.unparse(rest[0]) == "super().__init__(**kwargs)"
        if node.args.defaults or node.args.vararg or node.args.kwarg:
            base = list(self.facts.bases(self.scope.owner))[1:2]
            same = self.facts.method(base[0], node.name) if base else None
            if same is None or _signature(same.node) != _signature(node):
                return False
        call = f"super().{node.name}({given})"
        return ast.unparse(rest[0]) in (call, f"return {call}")

    def _block(self, body: list[ast.stmt]) -> bool:
        """Rewrite statements; return whether none is left."""
        gone = []
        ended = False
        for statement in body:
            if ended:
                self._drop(statement)
                gone.append(True)
                continue
            gone.append(self._statement(statement))
            ended = isinstance(statement, (ast.Return, ast.Raise, ast.Continue, ast.Break))
        return all(gone)

    def _statement(self, node: ast.stmt | ast.ExceptHandler) -> bool:
        if isinstance(node, ast.If):
            return self._if(node, False)
        if isinstance(node, ast.For):
            known = self.values.of(node.iter)
            if known is not None and known.value in ((), []) and not node.orelse:
                self._drop(node)
                return True
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and (gone := self._assign(node)) is not None:
            return gone
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.expr):
                    self.expression(child)
                elif isinstance(child, (ast.withitem, ast.arguments)):
                    self.children(child)
                elif isinstance(child, ast.ExceptHandler):
                    self._statement(child)
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt) and self._block(value):
                if name != "body" or not isinstance(node, (ast.For, ast.While, ast.With)):
                    self._refuse()
                if getattr(node, "orelse", []):
                    self._refuse()
                self._drop(node)
                return True
        return False

    def _assign(self, node: ast.Assign | ast.AnnAssign) -> bool | None:
        """Cut what an assignment need not say: return whether that was all, None where it stays as it is."""
        pairs = list(assigned(node))
        gone = [self._is_spare(target, value) for target, value in pairs]
        if not any(gone):
            if len(pairs) == 1 and isinstance(pairs[0][0], ast.Name) and self._is_unread(pairs[0][0].id):
                # What was called for its result alone would have been left out.
                self.edits.cut(self.edits.span(node)[0], self.edits.span(pairs[0][1])[0])
            return None
        if all(gone):
            self._drop(node)
            return True
        assert isinstance(node, ast.Assign)
        left, right = node.targets[0], node.value
        assert isinstance(left, ast.Tuple) and isinstance(right, ast.Tuple)
        for side in (left, right):
            self.edits.cut_items(side.elts, side.elts, gone)
        for (_, value), cut in zip(pairs, gone, strict=True):
            if not cut:
                self.expression(value)
        return False

    def _is_spare(self, target: ast.expr, value: ast.expr) -> bool:
        """Return whether an assignment says what is written wherever it would be read, or is never read."""
        if isinstance(target, ast.Name):
            if target.id in self.scope.known:
                return True
            return self._is_unread(target.id) and is_plain(value)
        if not isinstance(target, ast.Attribute) or target.attr in self.facts.loose | SWITCHES:
            return False
        home = self.facts.class_of(self.scope, target.value)
        if home is None:
            return False
        if is_plain(value) and not self.facts.is_read(home, target.attr):
            return True
        if self.scope.node.name != "__init__":
            return False
        if self.facts.is_identity(self.scope, target):
            return True
        known = self.facts.attribute(self.scope, ast.Attribute(target.value, target.attr, ast.Load()))
        return known is not None and known.is_short

    def _is_unread(self, name: str) -> bool:
        return name not in self.read and name != "_" and self.scope.stored[name] == 1

    def _if(self, node: ast.If, is_elif: bool) -> bool:
        """Rewrite a condition; return whether nothing is left of it."""
        lines = self.edits.lines
        test = self.values.truth(node.test)
        last_of_body = node.body[-1].end_lineno or 0
        last = node.end_lineno or 0
        chained = bool(node.orelse) and isinstance(node.orelse[0], ast.If)
        chained = chained and lines[node.orelse[0].lineno - 1].lstrip().startswith("elif")
        else_line = 0
        if node.orelse and not chained:
            else_line = last_of_body + 1
            while not lines[else_line - 1].lstrip().startswith("else:"):
                else_line += 1
        header = node.test.end_lineno or 0
        while not lines[header - 1].split("  #")[0].rstrip().endswith(":"):
            header += 1
        if test is True:
            if node.orelse:
                self.edits.cut_lines(last_of_body + 1, last)
            if is_elif:
                indent = lines[node.lineno - 1][: node.col_offset]
                self.edits.replace_lines(node.lineno, header, f"{indent}else:")
                return self._kept(node.body)
            self.edits.cut_lines(node.lineno, header)
            self.edits.dedent(header + 1, last_of_body)
            return self._block(node.body)
        if test is False:
            if not node.orelse:
                self.edits.cut_lines(node.lineno, last) if is_elif else self._drop(node)
                return True
            if chained:
                self.edits.cut_lines(node.lineno, node.orelse[0].lineno - 1)
                assert isinstance(node.orelse[0], ast.If)
                if not is_elif:
                    start, _ = self.edits.span(node.orelse[0])
                    self.edits.cut(start, start + 2)
                return self._if(node.orelse[0], is_elif)
            if is_elif:
                self.edits.cut_lines(node.lineno, else_line - 1)
                return self._kept(node.orelse)
            self.edits.cut_lines(node.lineno, else_line)
            self.edits.dedent(else_line + 1, last)
            return self._block(node.orelse)
        self.expression(node.test, True)
        empty = self._block(node.body)
        rest = False
        if chained:
            assert isinstance(node.orelse[0], ast.If)
            rest = self._if(node.orelse[0], True)
        elif node.orelse:
            rest = self._block(node.orelse)
            if rest:
                self.edits.cut_lines(else_line, last)
        if not empty:
            return False
        if node.orelse and not rest:
            self._refuse()
        self.edits.cut_lines(node.lineno, last) if is_elif else self._drop(node)
        return True

    def _kept(self, body: list[ast.stmt]) -> bool:
        """Rewrite a block that must keep a statement, since the line above it stays."""
        if self._block(body):
            self._refuse()
        return False

    def _drop(self, node: ast.stmt | ast.ExceptHandler) -> None:
        """Cut a statement with the comment above it."""
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        lines = self.edits.lines
        while lines[first - 2].lstrip().startswith("#") and "--8<--" not in lines[first - 2]:
            first -= 1
        self.edits.cut_lines(first, node.end_lineno or first)


def _signature(function: ast.FunctionDef) -> tuple[list[str], list[str]]:
    given = function.args
    names = [a.arg for a in (*given.args, given.vararg, given.kwarg) if a]
    return names, [ast.unparse(value) for value in given.defaults]
