"""Says where an expression that takes the place of another needs brackets around it."""

from __future__ import annotations

import ast

# What binds loosest comes first; names, calls and the like bind tightest.
_BINDING: tuple[tuple[type[ast.AST], ...], ...] = (
    (ast.Lambda, ast.Yield, ast.YieldFrom),
    (ast.IfExp,),
    (ast.Or,),
    (ast.And,),
    (ast.Not,),
    (ast.Compare,),
    (ast.BitOr,),
    (ast.BitXor,),
    (ast.BitAnd,),
    (ast.LShift, ast.RShift),
    (ast.Add, ast.Sub),
    (ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.MatMult),
    (ast.UAdd, ast.USub, ast.Invert),
    (ast.Pow,),
    (ast.Await,),
)
_TIGHTEST = len(_BINDING) + 1
_ANY = 0


def needs_brackets(new: ast.expr | str, parent: ast.AST, old: ast.AST) -> bool:
    """Return whether an expression, or its text, reads otherwise where it replaces a child of ``parent``."""
    if isinstance(new, str):
        new = ast.parse(new, mode="eval").body
    return _binding(new) < _least(parent, old)


def _binding(node: ast.AST) -> int:
    kind = getattr(node, "op", node)
    if isinstance(kind, ast.Constant) and isinstance(kind.value, (int, float)):
        return _TIGHTEST - 1  # 3.real is no expression.
    return next((i for i, kinds in enumerate(_BINDING) if isinstance(kind, kinds)), _TIGHTEST)


def _least(parent: ast.AST, child: ast.AST) -> int:
    """Return how tightly a child must bind to stand in a place without brackets."""
    own = _binding(parent)
    if isinstance(parent, ast.BinOp):
        # a - (b - c), (a ** b) ** c
        return own + ((child is parent.left) == isinstance(parent.op, ast.Pow))
    if isinstance(parent, (ast.UnaryOp, ast.BoolOp)):
        return own
    if isinstance(parent, ast.Compare):
        return own + 1
    if isinstance(parent, ast.IfExp):
        return own + (child is not parent.orelse)
    if isinstance(parent, (ast.comprehension, ast.Starred)):
        return _binding(ast.BitOr()) if isinstance(parent, ast.Starred) else _binding(ast.Or())
    if isinstance(parent, (ast.Attribute, ast.Await)):
        return _TIGHTEST
    if child in (getattr(parent, "func", None), isinstance(parent, ast.Subscript) and parent.value):
        return _TIGHTEST
    return _ANY
