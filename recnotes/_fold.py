"""Writes a model's source for values that are known: what only other values need leaves it."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from recnotes._calls import Call, Scope, assigned, inside
from recnotes._closure import collect
from recnotes._edits import Edits
from recnotes._facts import Facts
from recnotes._inline import inline
from recnotes._source import ExportError, Library
from recnotes._unfold import Rewriter
from recnotes._values import Known, Values, written

_LEVEL = 1  # Helpers without a configuration of their own: what nobody sets is set nowhere.


def specialized(
    library: Library, module: str, class_name: str, fixed: Mapping[str, Any], inlined: bool = False
) -> Library:
    """Return the sources with some of the model's arguments fixed and with helpers' unused options gone.

    A parameter that every call gives the same constant, an attribute that holds one, a local name, a branch
    that is never or always taken: each is replaced by what it comes to, until nothing changes. Helpers of one
    expression go in the place of their calls where that is asked for.
    """
    left = {name: written(value) for name, value in fixed.items()}
    while True:
        texts = _round(library, module, class_name, left)
        if not texts and inlined:
            texts = _inlined(library, module, class_name)
        if not texts:
            return library
        left = {}
        library = library.changed(texts)


def _round(library: Library, module: str, class_name: str, fixed: Mapping[str, Known]) -> dict[str, str]:
    """Return the modules that one round of folding changes."""
    # Piece, function and name of what stands in an f-string, where nothing is replaced.
    kept: set[tuple[str, str, str]] = set()
    while True:
        facts = _facts(library, module, class_name)
        edits = {piece.module.name: Edits(piece.module.lines) for piece in facts.pieces.values()}
        _parameters(facts, class_name, fixed, edits, kept)
        _unread_training(facts, edits)
        blocked: set[tuple[str, str, str]] = set()
        for scope in facts.scopes:
            _locals(facts, scope, kept)
        for scope in facts.scopes:
            rewriter = Rewriter(facts, scope, edits[scope.piece.module.name])
            rewriter.run()
            blocked |= {(*_key(scope), name) for name in rewriter.blocked}
        if not blocked:
            return {name: edit.applied() for name, edit in edits.items() if edit}
        if stuck := sorted(name for *_, name in blocked & kept):
            raise ExportError(f"{stuck!r} must not stand in an f-string")
        kept |= blocked


def _inlined(library: Library, module: str, class_name: str) -> dict[str, str]:
    """Return the modules that change when one helper goes in the place of its calls."""
    facts = _facts(library, module, class_name)
    edits = {piece.module.name: Edits(piece.module.lines) for piece in facts.pieces.values()}
    inline(facts, edits)
    return {name: edit.applied() for name, edit in edits.items() if edit}


def _facts(library: Library, module: str, class_name: str) -> Facts:
    pieces, _, attributes = collect(library, module, class_name, _LEVEL)
    return Facts(pieces, {piece.name: piece.dropped(attributes, _LEVEL) for piece in pieces})


def _key(scope: Scope) -> tuple[str, str]:
    return scope.piece.name, scope.node.name


def _parameters(
    facts: Facts,
    class_name: str,
    fixed: Mapping[str, Known],
    edits: Mapping[str, Edits],
    kept: set[tuple[str, str, str]],
) -> None:
    """Take parameters out of signatures and calls, and note their values."""
    model = model_constructor(facts, class_name)
    for scope in facts.scopes:
        is_constructor = scope.node.name == "__init__" if scope.owner else True
        if not is_constructor:
            continue
        calls = facts.calls_of(scope) if scope is not model else []
        gone: dict[str, Known | None] = {}
        for parameter in scope.parameters():
            name = parameter.arg
            if scope is model:
                if name in fixed:
                    if scope.stored[name]:
                        raise ExportError(f"{class_name} must not give {name!r} another value")
                    gone[name] = fixed[name]
            elif calls and not scope.stored[name] and (*_key(scope), name) not in kept:
                found = _constant(facts, scope, name, calls)
                if found is not None:
                    gone[name] = found
                elif not _reads(scope, name) and _droppable(scope, name, calls):
                    gone[name] = None
        if not gone:
            continue
        scope.known |= {name: known for name, known in gone.items() if known is not None}
        _cut_parameters(scope, set(gone), edits[scope.piece.module.name])
        for call in calls or []:
            facts.gone |= _cut_arguments(scope, call, set(gone), edits[call.scope.piece.module.name])


def _unread_training(facts: Facts, edits: Mapping[str, Edits]) -> None:
    """Take ``training`` from layers that do not read it; Keras hands it only to those that ask for it."""
    methods = {scope.node.name for scope in facts.scopes}
    calls = [Call(s, n) for s in facts.scopes for n in inside(s.node) if isinstance(n, ast.Call)]
    for call in calls:
        func, given = call.node.func, [ast.unparse(part) for part in call.node.args]
        known = getattr(func, "attr", "") in methods or getattr(func, "id", "") in facts.pieces
        if "training" in given and not known and not facts.class_of(call.scope, func):
            return  # By its place, to who knows which layer.
    for scope in facts.scopes:
        names = [parameter.arg for parameter in scope.parameters()]
        is_spare = scope.node.name == "call" and not scope.piece.whole and names[-1:] == ["training"]
        if not is_spare or _reads(scope, "training") or facts.is_read(scope.piece.name, "call"):
            continue
        own = [c for c in calls if facts.layer_called(c) is scope]
        if all(call.argument(scope, "training")[0] for call in own):
            _cut_parameters(scope, {"training"}, edits[scope.piece.module.name])
            for call in own:
                facts.gone |= _cut_arguments(scope, call, {"training"}, edits[call.scope.piece.module.name])


def model_constructor(facts: Facts, class_name: str) -> Scope | None:
    """Return the constructor that names a model's arguments; one that only hands them on does not."""
    for base in facts.bases(class_name):
        scope = facts.constructor(base)
        if scope and (scope.parameters() or not scope.node.args.vararg):
            return scope
    return None


def _constant(facts: Facts, scope: Scope, name: str, calls: list[Call]) -> Known | None:
    """Return what every call gives a parameter, None where they differ or it is not known."""
    found: list[Known] = []
    for call in calls:
        certain, node = call.argument(scope, name)
        if node is None:
            value = Values(lambda _: None).of(scope.defaults().get(name))
        else:
            value = facts.values(call.scope).of(node)
        if not certain or value is None or not value.is_short:
            return None
        if isinstance(value.value, list) and (scope.node, name) in facts.touched:
            return None
        found.append(value)
    return facts.carried(found[0]) if all(found[0].same(other) for other in found) else None


def _reads(scope: Scope, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id in (name, "locals") for n in inside(scope.node))


def _droppable(scope: Scope, name: str, calls: list[Call]) -> bool:
    """Return whether what calls give a parameter that nobody reads may go."""
    for call in calls:
        certain, node = call.argument(scope, name)
        if not certain or (node is not None and any(isinstance(n, ast.Call) for n in ast.walk(node))):
            return False
    return True


def _cut_parameters(scope: Scope, names: set[str], edits: Edits) -> None:
    """Cut parameters from a signature, and what the docstring says of them."""
    given = scope.node.args
    values = scope.defaults()
    items = [*given.args, *([given.vararg] if given.vararg else []), *([given.kwarg] if given.kwarg else [])]
    ends = [values.get(item.arg, item) for item in items]
    edits.cut_items(items, ends, [item.arg in names for item in items])
    holder = scope.piece.node if scope.owner else scope.node
    assert isinstance(holder, (ast.FunctionDef, ast.ClassDef))
    first = holder.body[0]
    if not isinstance(first, ast.Expr) or first.end_lineno is None:
        return
    inside_args, cutting = "", False
    for i in range(first.lineno, first.end_lineno + 1):
        line = edits.lines[i - 1]
        if line.strip() == "Args:":
            inside_args = line[: len(line) - 5] + "    "
        elif inside_args and line.strip() and not line.startswith(inside_args):
            break
        elif inside_args:
            entry = re.match(re.escape(inside_args) + r"(\S[^:]*):", line)
            cutting = entry[1] in names if entry else cutting and bool(line.strip())
            if cutting:
                edits.cut_lines(i, i)


def _cut_arguments(scope: Scope, call: Call, names: set[str], edits: Edits) -> set[ast.AST]:
    """Cut what a call gives some parameters, and return it."""
    places = [a.arg for a in scope.parameters()]
    items: list[ast.AST] = [*call.node.args, *call.node.keywords]
    items.sort(key=lambda n: (n.lineno, n.col_offset))  # type: ignore[attr-defined]
    removed = []
    for item in items:
        if isinstance(item, ast.keyword):
            removed.append(item.arg in names)
        else:
            place = call.node.args.index(item)  # type: ignore[arg-type]
            starred = any(isinstance(a, ast.Starred) for a in call.node.args[: place + 1])
            removed.append(not starred and place < len(places) and places[place] in names)
    edits.cut_items(items, items, removed)
    return {item for item, gone in zip(items, removed, strict=True) if gone}


def _locals(facts: Facts, scope: Scope, kept: set[tuple[str, str, str]]) -> None:
    """Note local names that are assigned once, whatever happens, and whose value is known."""
    for statement in scope.node.body:
        for target, value in assigned(statement):
            if not isinstance(target, ast.Name) or (*_key(scope), target.id) in kept:
                continue
            known = facts.values(scope).of(value)
            if known is None or (isinstance(known.value, list) and (scope.node, target.id) in facts.touched):
                continue
            if scope.stored[target.id] == 1 and target.id not in scope.arguments() and known.is_short:
                scope.known[target.id] = known
