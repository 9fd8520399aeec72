"""Reads modules of a package without running them and follows names from one to another."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class ExportError(ValueError):
    """A model is written in a way that cannot be exported; the message says where."""


@dataclass
class Module:
    """A module of the package: its lines, its top-level definitions, and what its imports bind."""

    name: str
    lines: list[str]
    title: str
    definitions: dict[str, ast.stmt] = field(default_factory=dict)
    internal: dict[str, tuple[str, str]] = field(default_factory=dict)  # name → module, name there
    external: dict[str, tuple[str, str | None]] = field(default_factory=dict)  # name → module, name or None
    names: dict[tuple, tuple[list[str], set[str]]] = field(default_factory=dict)  # what its pieces read


class Library:
    """Reads modules and follows names from one to another."""

    def __init__(self, root: Path, package: str) -> None:
        self.root, self.package = root, package
        self.modules: dict[str, Module] = {}

    def changed(self, sources: Mapping[str, str]) -> Library:
        """Return a library in which some modules have other sources."""
        library = Library(self.root, self.package)
        library.modules = dict(self.modules)
        for name, source in sources.items():
            module = library.modules[name] = self._read(name, source)
            # What an expression that came from another module means is not in the text.
            module.internal = {**self.modules[name].internal, **module.internal}
            # Infinity may have come as well.
            module.external = {"math": ("math", None), **self.modules[name].external, **module.external}
        return library

    def module(self, name: str) -> Module:
        if name not in self.modules:
            path = self.root.joinpath(*name.split("."))
            path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            if not path.is_file():
                raise ExportError(f"{name} must be a module of {self.package}, received {path}")
            self.modules[name] = self._read(name, path.read_text(encoding="utf-8"))
        return self.modules[name]

    def _read(self, name: str, source: str) -> Module:
        tree = ast.parse(source)
        module = Module(name, source.splitlines(), (ast.get_docstring(tree) or "").split("\n\n")[0])
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                module.definitions[node.name] = node
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                module.definitions |= {t.id: node for t in targets if isinstance(t, ast.Name)}
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    self._refuse(name, alias.name)
                    top = alias.name.split(".")[0]
                    if alias.asname or top == alias.name:
                        module.external[alias.asname or top] = (alias.name, None)
                    else:
                        raise ExportError(f"{name} must not import a dotted module, received {alias.name!r}")
            elif isinstance(node, ast.ImportFrom):
                origin = node.module or ""
                for alias in node.names:
                    local = alias.asname or alias.name
                    if origin.split(".")[0] != self.package and not node.level:
                        module.external[local] = (origin, alias.name)
                        if alias.asname:
                            raise ExportError(f"{name} must import {alias.name!r} under its own name")
                        continue
                    if node.level or alias.asname:
                        raise ExportError(f"{name} must import {alias.name!r} absolutely, under its own name")
                    module.internal[local] = (origin, alias.name)
        return module

    def _refuse(self, name: str, imported: str) -> None:
        if imported.split(".")[0] == self.package:
            raise ExportError(f"{name} must import names from {imported!r}, not the module")

    def resolve(self, module: Module, name: str) -> tuple[Module, ast.stmt] | None:
        """Find the definition a name stands for, through re-exports; None outside the package."""
        while name not in module.definitions:
            if name not in module.internal:
                return None
            origin, name = module.internal[name]
            if (self.root.joinpath(*origin.split("."), name)).with_suffix(".py").is_file():
                raise ExportError(f"{module.name} must import names from {origin}.{name}, not the module")
            module = self.module(origin)
        return module, module.definitions[name]
