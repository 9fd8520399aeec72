"""Puts a helper that is a single expression in the place of its calls."""

from __future__ import annotations

import ast

from recnotes._brackets import needs_brackets
from recnotes._calls import Call, Scope, inside
from recnotes._edits import Edits
from recnotes._facts import Facts
from recnotes._source import Module

_MOST_CALLS = 3
_ATOMS = (ast.Name, ast.Attribute, ast.Constant)


def inline(facts: Facts, edits: dict[str, Edits], width: int = 110) -> None:
    """Replace the calls of short helpers, where every line stays within the width."""
    for scope in facts.scopes:
        calls = None if scope.owner else facts.calls_of(scope)
        value = _expression(scope)
        if not calls or value is None or len(calls) > _MOST_CALLS:
            continue
        source = edits[scope.piece.module.name]
        texts = [
            _written(facts, scope, value, call, source, edits[call.scope.piece.module.name]) for call in calls
        ]
        if any(text is None for text in texts):
            continue
        places = [(edits[call.scope.piece.module.name], call.node) for call in calls]
        if all(
            _fits(place, node, text or "", width) for (place, node), text in zip(places, texts, strict=True)
        ):
            for call, (place, node), text in zip(calls, places, texts, strict=True):
                place.replace(node, text or "", needs_brackets(value, call.scope.parents[node], node))
                _hand_over(scope, call)
            return  # One helper a round: a call may stand in another's arguments.


def _expression(scope: Scope) -> ast.expr | None:
    """Return what a function returns if it does nothing else and binds no name."""
    given, body = scope.node.args, scope.node.body
    rest = [s for s in body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if given.vararg or given.kwarg or given.kwonlyargs or scope.stored or len(rest) != 1:
        return None
    return rest[0].value if isinstance(rest[0], ast.Return) else None


def _written(
    facts: Facts, scope: Scope, value: ast.expr, call: Call, source: Edits, target: Edits
) -> str | None:
    """Return the expression with a call's arguments, None where it would not mean the same."""
    text = Edits(source.lines)
    inner = [n for n in ast.walk(value) if isinstance(n, ast.Name)]
    for parameter in scope.parameters():
        certain, node = call.argument(scope, parameter.arg)
        node = node or scope.defaults().get(parameter.arg)
        uses = [n for n in inner if n.id == parameter.arg]
        if not certain or node is None or (len(uses) != 1 and not isinstance(node, _ATOMS)):
            return None
        known = facts.values(call.scope).of(node)
        given = target.segment(node) if known is None or known.text is None else known.text
        if "\n" in given:
            return None
        for use in uses:
            text.replace(use, given, needs_brackets(given, scope.parents[use], use))
    names = {n.id for n in inner} - {a.arg for a in scope.parameters()}
    for name in names:
        theirs = _meaning(call.scope.piece.module, name)
        if call.scope.binds(name) or theirs not in (None, _meaning(scope.piece.module, name)):
            return None
    start, end = text.span(value)
    rest = len(text.text) - end
    written = text.applied()
    result = written[start : len(written) - rest]
    return None if "\n" in result else result


def _meaning(module: Module, name: str) -> tuple[str, str | None] | None:
    """Return which definition or import a name of a module stands for."""
    if name in module.definitions:
        return module.name, name
    return module.internal.get(name) or module.external.get(name)


def _fits(place: Edits, node: ast.Call, text: str, width: int) -> bool:
    line = place.lines[node.lineno - 1]
    return node.lineno == node.end_lineno and len(line) + len(text) - len(place.segment(node)) <= width


def _hand_over(scope: Scope, call: Call) -> None:
    """Let the module of a call know the names that come with the expression."""
    module, other = scope.piece.module, call.scope.piece.module
    for node in inside(scope.node):
        if isinstance(node, ast.Name) and module is not other:
            if node.id in module.external:
                other.external.setdefault(node.id, module.external[node.id])
            elif meant := _meaning(module, node.id):
                other.internal.setdefault(node.id, (meant[0], str(meant[1])))
