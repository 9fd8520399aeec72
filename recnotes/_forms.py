"""Refuses what the rules for definitions do not account for, and files that would not run."""

from __future__ import annotations

import ast
import builtins
import re
import symtable

from recnotes._source import ExportError, Module

_STATEMENTS = (
    ast.AsyncFunctionDef,
    ast.Global,
    ast.Import,
    ast.ImportFrom,
    ast.Match,
    ast.NamedExpr,
    ast.TryStar,
)
# They change what an attribute holds, or make an object of a class, without its name.
_NAMES = ("__class__", "__dict__", "delattr", "setattr", "vars")


def refuse(module: Module, name: str, definition: ast.stmt) -> None:
    """Raise where a definition has a form that would be misread."""
    for node in ast.walk(definition):
        found = ""
        if isinstance(node, ast.arguments) and (node.posonlyargs or node.kwonlyargs):
            found = "arguments given by position or by name alone"
        elif isinstance(node, ast.ClassDef) and len(node.bases) > 1:
            found = "several bases"
        elif isinstance(node, _STATEMENTS):
            found = type(node).__name__
        elif (used := getattr(node, "id", getattr(node, "attr", ""))) in _NAMES:
            found = str(used)
        elif isinstance(node, ast.Call) and re.match(
            r"type\(self\)$|super\([^)]", called := ast.unparse(node)
        ):
            found = called
        if found:
            raise ExportError(f"{name} of {module.name} must do without {found}")


def refuse_undefined(text: str) -> None:
    """Raise where a file reads a name that nothing in it defines."""
    top = symtable.symtable(text, "", "exec")
    known = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    waiting, read = [top], set()
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        read |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    if missing := sorted(read - known - set(dir(builtins))):
        raise ExportError(f"{missing!r} must be defined at the top of a module")
