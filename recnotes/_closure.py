"""Gathers the definitions a class needs, wherever in the package they are, helpers first."""

from __future__ import annotations

import ast

from recnotes._forms import refuse
from recnotes._pieces import Piece
from recnotes._source import ExportError, Library, Module

Imports = dict[str, tuple[str, str | None]]  # name → module, name there or None for the module itself


def collect(
    library: Library, module: str, class_name: str, level: int
) -> tuple[list[Piece], Imports, set[str]]:
    """Return the definitions a class needs, helpers first, and the imports they need."""
    if class_name not in library.module(module).definitions:
        raise ExportError(f"{module} must define {class_name!r}")
    attributes: set[str] = set()
    while True:  # What is kept decides which methods are referred to, and these decide what is kept.
        pieces, imports = _closure(library, module, class_name, attributes, level)
        found = set().union(*(p.names(p.dropped(attributes, level), p.annotated(level))[1] for p in pieces))
        if found <= attributes:
            return pieces, imports, attributes
        attributes |= found


def _closure(
    library: Library, module: str, class_name: str, attributes: set[str], level: int
) -> tuple[list[Piece], Imports]:
    pieces: list[Piece] = []
    owners: dict[str, str] = {}
    imports: Imports = {}
    visited: set[ast.stmt] = set()

    def visit(home: Module, name: str, node: ast.stmt, whole: bool) -> None:
        if owners.setdefault(name, home.name) != home.name:
            raise ExportError(f"{name!r} must have one module, received {owners[name]} and {home.name}")
        if node in visited:
            return
        visited.add(node)
        refuse(home, name, node)
        piece = Piece(home, name, node, whole)
        bases = {b.id for b in getattr(node, "bases", []) if isinstance(b, ast.Name)}
        for read in piece.names(piece.dropped(attributes, level), piece.annotated(level))[0]:
            found = library.resolve(home, read)
            if found is not None:
                visit(found[0], read, found[1], whole and read in bases)
            elif read in home.external:
                meant = home.external[read]
                if imports.setdefault(read, meant) != meant:
                    raise ExportError(f"{read!r} must mean one import, received {imports[read]} and {meant}")
        pieces.append(piece)

    home = library.module(module)
    visit(home, class_name, home.definitions[class_name], True)
    if clash := owners.keys() & imports.keys():
        raise ExportError(f"{sorted(clash)!r} must not be both imported and defined")
    return pieces, imports
