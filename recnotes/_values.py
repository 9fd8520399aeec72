"""Computes expressions of a source text whose operands are known before it runs."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Known:
    """A value and how it is written; an object of which only the existence is known cannot be written."""

    value: Any
    text: str | None

    @property
    def is_short(self) -> bool:
        """Whether it is to be written wherever it is read; sequences are written once."""
        return self.text is not None and (not isinstance(self.value, (tuple, list)) or not self.value)

    def same(self, other: Known) -> bool:
        return type(self.value) is type(other.value) and self.value == other.value


OBJECT = Known(object(), None)  # Something that is neither None nor false.

_COMPARE: dict[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}
_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
PLAIN: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (int, float, bool, str, len, list, tuple, repr)
}


def written(value: Any, text: str | None = None) -> Known:
    """Return a value with its text, as a formatter writes it."""
    if text is None and isinstance(value, str):
        text = '"' + repr(value)[1:-1].replace('"', '\\"') + '"'
    if text is None and isinstance(value, float) and value == math.inf:
        text = "math.inf"
    if text is None:
        # Exponents as people write them.
        text = re.sub(r"(?<=\de)([+-]?)0+(?=\d)", r"\1", repr(value))
    return Known(value, text)


def is_plain(node: ast.expr) -> bool:
    """Return whether an expression calls nothing but what makes a value: it may as well not be computed."""
    called = [ast.unparse(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)]
    return all(name in PLAIN or name.startswith("keras.initializers.") for name in called)


class Values:
    """Computes expressions.

    Args:
        lookup: returns what a name or an attribute stands for, None where that is not known.
    """

    def __init__(self, lookup: Callable[[ast.expr], Known | None]) -> None:
        self.lookup = lookup

    def of(self, node: ast.expr | None) -> Known | None:
        """Return what an expression gives, None where that is not known."""
        if node is None:
            return None
        compute = getattr(self, f"_{type(node).__name__.lower()}", None)
        return compute(node) if compute else None

    def truth(self, node: ast.expr) -> bool | None:
        """Return whether an expression holds, None where that is not known."""
        if isinstance(node, ast.BoolOp) and all(map(is_plain, node.values)):
            decides = isinstance(node.op, ast.Or)
            if decides in map(self.truth, node.values):
                return decides
        known = self.of(node)
        return None if known is None else bool(known.value)

    def _constant(self, node: ast.Constant) -> Known | None:
        return None if node.value is ... else written(node.value)

    def _name(self, node: ast.Name) -> Known | None:
        return self.lookup(node)

    def _attribute(self, node: ast.Attribute) -> Known | None:
        return written(math.inf) if ast.unparse(node) == "math.inf" else self.lookup(node)

    def _tuple(self, node: ast.Tuple | ast.List) -> Known | None:
        parts = [self.of(part) for part in node.elts]
        if any(part is None or part.text is None for part in parts):
            return None
        made: Any = [part.value for part in parts if part is not None]
        return written(made if isinstance(node, ast.List) else tuple(made))

    _list = _tuple

    def _unaryop(self, node: ast.UnaryOp) -> Known | None:
        known = self.of(node.operand)
        if known is None or not isinstance(node.op, ast.Not):
            return None
        return written(not known.value)

    def _boolop(self, node: ast.BoolOp) -> Known | None:
        is_and = isinstance(node.op, ast.And)
        known = None
        for part in node.values:
            known = self.of(part)
            if known is None or bool(known.value) != is_and:
                return known
        return known

    def _compare(self, node: ast.Compare) -> Known | None:
        operands = [self.of(part) for part in (node.left, *node.comparators)]
        if any(part is None for part in operands):
            return None
        result = True
        for left, op, right in zip(operands, node.ops, operands[1:], strict=False):
            assert left is not None and right is not None
            objects = (left, right).count(OBJECT)  # of two nobody knows whether they are one
            if objects == 2 or (objects and not isinstance(op, (ast.Is, ast.IsNot))):
                return None
            try:
                result = result and bool(_COMPARE[type(op)](left.value, right.value))
            except TypeError:  # An order of None and a number, in a branch that is not taken.
                return None
        return written(result)

    def _ifexp(self, node: ast.IfExp) -> Known | None:
        test = self.truth(node.test)
        return None if test is None else self.of(node.body if test else node.orelse)

    def _binop(self, node: ast.BinOp) -> Known | None:
        left, right = self.of(node.left), self.of(node.right)
        compute = _ARITHMETIC.get(type(node.op))
        if isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List) and right and not right.value:
            return written([])
        if compute is None or left is None or right is None or None in (left.text, right.text):
            return None
        kinds = {type(left.value), type(right.value)}
        return written(compute(left.value, right.value)) if kinds in ({int}, {list}) else None

    def _call(self, node: ast.Call) -> Known | None:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        given = [self.of(part) for part in node.args]
        if name in ("any", "all") and node.args and isinstance(node.args[0], ast.GeneratorExp):
            return written(name == "all") if self._listcomp(node.args[0]) else None
        if name == "zip" and any(part and part.value in ((), []) for part in given):
            return written([])
        if name not in PLAIN or node.keywords or len(given) != 1 or not given[0] or given[0].text is None:
            return None
        try:
            made = PLAIN[name](given[0].value)
        except (TypeError, ValueError, OverflowError):
            return None
        if isinstance(made, float) and not math.isfinite(made) and made != math.inf:
            return None  # They have no literal.
        same = type(made) is type(given[0].value) and made == given[0].value
        return given[0] if same else written(made)

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp) -> Known | None:
        first = node.generators[0]
        known = self.of(first.iter)
        never = any(self.truth(test) is False for test in first.ifs)
        return written([]) if never or (known and known.value in ((), [])) else None
