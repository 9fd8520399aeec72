"""One model as one readable file that needs TensorFlow and nothing of this package.

The model's module and the modules of this package it imports are read, not run: their definitions the
model uses are written out in reading order, helpers before what uses them, with the source's own comments.
"""

from __future__ import annotations

import ast
import io
import keyword
import re
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import recnotes
from recnotes.registry import find

__all__ = ["ExportError", "export", "export_class", "summary"]

MAX_LINES = 300

# Methods that Keras calls by name; any other method of a helper goes where nothing refers to it.
_PROTOCOL = frozenset(
    """
    build call get_config from_config get_build_config build_from_config compute_output_shape
    compute_output_spec compute_mask compute_loss compute_metrics train_step test_step predict_step
    save_own_variables load_own_variables """.split()
)
# Methods whose docstrings say what everybody who knows Keras knows.
_SILENT = frozenset({"build", "get_config", "compute_output_shape"})
# A helper needs its own only where something asks for it: the model's configuration is enough to save and
# load the model, since its constructor makes the helpers.
_SPARE = frozenset({"get_config", "compute_output_shape"})
_SECTIONS = ("Args", "Returns", "Raises", "Example", "References")
_SECTION = re.compile(rf"\s*({'|'.join(_SECTIONS)}):\s*$")
_LEVELS = (0, 1, 2)
_MARK = re.compile(r"\s*# --8<-- \[")


class ExportError(ValueError):
    """A model is written in a way that cannot be exported; the message says where."""


@dataclass
class _Module:
    """A module of the package: its lines, its top-level definitions, and what its imports bind."""

    name: str
    lines: list[str]
    title: str
    definitions: dict[str, ast.stmt] = field(default_factory=dict)
    internal: dict[str, tuple[str, str]] = field(default_factory=dict)  # name → module, name there
    external: dict[str, tuple[str, str | None]] = field(default_factory=dict)  # name → module, name or None


@dataclass(eq=False)
class _Piece:
    """A top-level definition that goes into the file."""

    module: _Module
    name: str
    node: ast.stmt
    whole: bool  # The model itself and its bases keep every method.

    def methods(self) -> Iterator[ast.FunctionDef]:
        if isinstance(self.node, ast.ClassDef):
            yield from (child for child in self.node.body if isinstance(child, ast.FunctionDef))

    def dropped(self, attributes: set[str], level: int) -> list[ast.FunctionDef]:
        """Return the methods to leave out, given all attribute names the file refers to."""
        if self.whole:
            return []
        keep = attributes | (_PROTOCOL - _SPARE if level else _PROTOCOL)
        keep |= {name for name in _SPARE if f"{self.name}.{name}" in attributes}
        return [m for m in self.methods() if m.name not in keep and not m.name.startswith("__")]

    def names(self, dropped: list[ast.FunctionDef]) -> tuple[list[str], set[str]]:
        """Return the names it reads, in order of appearance, and the attributes it refers to."""
        reads: dict[str, None] = {}
        attributes: set[str] = set()
        waiting: list[ast.AST] = [self.node]
        while waiting:
            node = waiting.pop()
            if node in dropped:
                continue
            if isinstance(node, ast.Name):
                reads.setdefault(node.id)
            elif isinstance(node, ast.Attribute):
                attributes.add(f"{self._type(node.value)}.{node.attr}" if node.attr in _SPARE else node.attr)
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))
        return list(reads), attributes

    def _type(self, node: ast.expr) -> str:
        """Return the class of ``self.x`` where a method of the same class assigns it; else nothing."""
        for assign in ast.walk(self.node):
            if isinstance(assign, ast.Assign) and isinstance(assign.value, ast.Call):
                made = assign.value.func
                if isinstance(made, ast.Name) and ast.unparse(node) in map(ast.unparse, assign.targets):
                    return made.id
        return ""


def export(name: str) -> str:
    """Returns the source of one self-contained file that holds a model of this package.

    The file imports TensorFlow, Keras, NumPy and the standard library, registers its classes under the
    model's own name, and loads weights that this package saved. It is formatted, and as short as the source
    allows: where all of it would take 300 lines or more, helpers keep only the first sentence of their
    docstrings and no configuration of their own.

    Args:
        name: name of a model as `recnotes.registry.model_names` lists it, such as ``"deepfm"``.

    Returns:
        Python source.

    Raises:
        ValueError: there is no such model.
        ExportError: the model's source is of a form that cannot be exported.

    Example:
        >>> export("deepfm").splitlines()[0]
        '# SPDX-License-Identifier: MIT'
    """
    entry = find(name)
    return export_class(entry.module, entry.class_name, entry.name)


def export_class(module: str, class_name: str, name: str, root: Path | None = None) -> str:
    """Returns the same for a class named by its module; `export` looks it up by the model's name.

    Args:
        module: dotted name of the module, such as ``"recnotes.models.deepfm"``.
        class_name: name of the class in it.
        name: name the file's classes are registered under.
        root: folder that holds the top-level package, None for the one this package is in (default: None).

    Returns:
        Python source.

    Raises:
        ExportError: the source is of a form that cannot be exported.

    Example:
        >>> "class FactorizationMachine" in export_class("recnotes.models.fm", "FactorizationMachine", "fm")
        True
    """
    library = _Library(root or Path(recnotes.__file__).parent.parent, module.split(".")[0])
    text = ""
    # Descriptions with their formulas stay where the file is short enough for them.
    for level in _LEVELS:
        pieces, imports, attributes = library.collect(module, class_name, level)
        text = _write(pieces, imports, attributes, level, name, module)
        if text.count("\n") < MAX_LINES:
            break
    return text


def summary(name: str) -> str:
    """Returns the first sentence of a model's docstring, without importing it.

    Args:
        name: name of a model.

    Returns:
        One line.

    Raises:
        ValueError: there is no such model.

    Example:
        >>> summary("sasrec")
        'Scores every item as the next one of a history, from self-attention over that history.'
    """
    entry = find(name)
    library = _Library(Path(recnotes.__file__).parent.parent, "recnotes")
    node = library.module(entry.module).definitions[entry.class_name]
    assert isinstance(node, ast.ClassDef)
    return " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())


class _Library:
    """Reads modules and follows names from one to another."""

    def __init__(self, root: Path, package: str) -> None:
        self.root, self.package = root, package
        self.modules: dict[str, _Module] = {}

    def module(self, name: str) -> _Module:
        if name not in self.modules:
            path = self.root.joinpath(*name.split("."))
            path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            if not path.is_file():
                raise ExportError(f"{name} must be a module of {self.package}, received {path}")
            self.modules[name] = self._read(name, path.read_text(encoding="utf-8"))
        return self.modules[name]

    def _read(self, name: str, source: str) -> _Module:
        tree = ast.parse(source)
        module = _Module(name, source.splitlines(), (ast.get_docstring(tree) or "").split("\n\n")[0])
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

    def resolve(self, module: _Module, name: str) -> tuple[_Module, ast.stmt] | None:
        """Find the definition a name stands for, through re-exports; None outside the package."""
        while name not in module.definitions:
            if name not in module.internal:
                return None
            origin, name = module.internal[name]
            if (self.root.joinpath(*origin.split("."), name)).with_suffix(".py").is_file():
                raise ExportError(f"{module.name} must import names from {origin}.{name}, not the module")
            module = self.module(origin)
        return module, module.definitions[name]

    def collect(
        self, module: str, class_name: str, level: int
    ) -> tuple[list[_Piece], dict[str, tuple[str, str | None]], set[str]]:
        """Return the definitions a class needs, helpers first, and the imports they need."""
        if class_name not in self.module(module).definitions:
            raise ExportError(f"{module} must define {class_name!r}")
        attributes: set[str] = set()
        while True:  # What is kept decides which methods are referred to, and these decide what is kept.
            pieces, imports = self._closure(module, class_name, attributes, level)
            found = set().union(*(p.names(p.dropped(attributes, level))[1] for p in pieces))
            if found <= attributes:
                return pieces, imports, attributes
            attributes |= found

    def _closure(
        self, module: str, class_name: str, attributes: set[str], level: int
    ) -> tuple[list[_Piece], dict[str, tuple[str, str | None]]]:
        pieces: list[_Piece] = []
        owners: dict[str, str] = {}
        imports: dict[str, tuple[str, str | None]] = {}

        def visit(home: _Module, name: str, node: ast.stmt, whole: bool) -> None:
            if owners.setdefault(name, home.name) != home.name:
                raise ExportError(f"{name!r} must have one module, received {owners[name]} and {home.name}")
            if any(piece.node is node for piece in pieces) or node in pending:
                return
            pending.append(node)
            piece = _Piece(home, name, node, whole)
            bases = {b.id for b in getattr(node, "bases", []) if isinstance(b, ast.Name)}
            for read in piece.names(piece.dropped(attributes, level))[0]:
                found = self.resolve(home, read)
                if found is not None:
                    visit(found[0], read, found[1], whole and read in bases)
                elif read in home.external:
                    meant = home.external[read]
                    if imports.setdefault(read, meant) != meant:
                        raise ExportError(
                            f"{read!r} must mean one import, received {imports[read]} and {meant}"
                        )
            pieces.append(piece)

        pending: list[ast.stmt] = []
        home = self.module(module)
        visit(home, class_name, home.definitions[class_name], True)
        if clash := owners.keys() & imports.keys():
            raise ExportError(f"{sorted(clash)!r} must not be both imported and defined")
        return pieces, imports


def _write(
    pieces: list[_Piece],
    imports: dict[str, tuple[str, str | None]],
    attributes: set[str],
    level: int,
    name: str,
    module: str,
) -> str:
    model = pieces[-1]
    title = model.module.title
    references = _references(model)
    bodies = [_body(piece, piece.dropped(attributes, level), level, piece is model) for piece in pieces]
    parts = [_header(title, references, name, module), _imports(imports)]
    text = "\n".join(parts) + "\n"
    previous_long = True
    for piece, body in zip(pieces, bodies, strict=True):
        is_long = isinstance(piece.node, (ast.FunctionDef, ast.ClassDef))
        text += ("\n\n" if is_long or previous_long else "") + body + "\n"
        previous_long = is_long
    # Each export registers its classes under its own name, beside those of the package.
    package = module.split(".")[0]
    if level > 1:
        text = _joined(text)
    text = text.replace(f'register_keras_serializable("{package}")', f'register_keras_serializable("{name}")')
    return text


def _header(title: str, references: list[str], name: str, module: str) -> str:
    lines = [
        "# SPDX-License-Identifier: MIT",
        "# Copyright (c) The RecNotes authors. Use, change and share it with these two lines. No warranty.",
        f'r"""{title}',
        "",
        f"Written by `recnotes export {name}` (RecNotes {recnotes.__version__}) from",
        f"{module} and what it uses.",
    ]
    return "\n".join([*lines, *(["", *references] if references else []), '"""', ""])


def _references(model: _Piece) -> list[str]:
    """Return the papers from the model's docstring, as lines of the file's docstring."""
    text = ast.get_docstring(model.node) if isinstance(model.node, ast.ClassDef) else None
    if not text or "References:" not in text:
        return []
    lines = text.split("References:", 1)[1].splitlines()[1:]
    return ["References:", *(line.rstrip() for line in lines)]


def _imports(imports: dict[str, tuple[str, str | None]]) -> str:
    """Write imports as isort would: the standard library first, plain imports before ``from``."""
    groups: list[list[str]] = [[], []]
    for standard in (True, False):
        known = sys.stdlib_module_names
        mine = {k: v for k, v in imports.items() if (v[0].split(".")[0] in known) == standard}
        lines = groups[0 if standard else 1]
        for local, (origin, what) in sorted(mine.items(), key=lambda item: item[1][0]):
            if what is None:
                lines.append(f"import {origin}" + (f" as {local}" if local != origin else ""))
        for origin in sorted({origin for origin, what in mine.values() if what is not None}):
            names = ", ".join(sorted(what for o, what in mine.values() if o == origin and what is not None))
            lines.append(f"from {origin} import {names}")
    blocks = [["from __future__ import annotations"], *groups]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _body(piece: _Piece, dropped: list[ast.FunctionDef], level: int, is_model: bool) -> str:
    """Return the lines of a definition without dropped methods, marks, and long docstrings of helpers."""
    lines: list[str | None] = list(piece.module.lines)
    for node in ast.walk(piece.node):
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            continue
        if node is piece.node and is_model:
            _shorten(lines, node, "Returns" if level > 1 else "References")
        elif node is piece.node:
            _shorten(lines, node, "summary" if level else "Args")
        else:
            _shorten(lines, node, "nothing" if level > 1 and node.name in _SILENT else "summary")
    if any(method.name == "get_config" for method in dropped):
        # A class without a configuration is never read from a file by its name.
        for decorator in getattr(piece.node, "decorator_list", []):
            lines[decorator.lineno - 1] = None
    for method in dropped:
        for i in range(_start(piece.module.lines, method) - 1, method.end_lineno or 0):
            lines[i] = None
    first = _start(piece.module.lines, piece.node) - 1
    kept: list[str] = []
    for line in lines[first : piece.node.end_lineno]:
        if line is None or _MARK.match(line) or (not line and kept and not kept[-1]):
            continue
        kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return "\n".join(kept)


def _start(lines: list[str], node: ast.stmt) -> int:
    """Return the first line of a definition: its decorators and the comment above it belong to it."""
    start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    while start > 1 and lines[start - 2].lstrip().startswith("#") and not _MARK.match(lines[start - 2]):
        start -= 1
    return start


def _shorten(lines: list[str | None], node: ast.FunctionDef | ast.ClassDef, until: str) -> None:
    """Cut a docstring in place: before a section, or after its summary."""
    first = node.body[0]
    if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)):
        return
    if not isinstance(first.value.value, str) or first.end_lineno is None:
        return
    begin, end = first.lineno - 1, first.end_lineno
    if until == "nothing" and len(node.body) > 1:
        lines[begin:end] = [None] * (end - begin)
        return
    text = [line or "" for line in lines[begin:end]]
    cut = len(text)
    for i, line in enumerate(text):
        section = _SECTION.match(line)
        reached = section is not None and (
            until == "summary" or section[1] in _SECTIONS[_SECTIONS.index(until) :]
        )
        if reached or (until == "summary" and not line):
            cut = i
            break
    if cut == len(text):
        return
    while cut > 1 and not text[cut - 1]:
        cut -= 1
    new: list[str | None] = list(text[:cut])
    if cut == 1:
        new[0] = f'{new[0]}"""'
    else:
        new.append(" " * first.col_offset + '"""')
    lines[begin:end] = new + [None] * (end - begin - len(new))


def _joined(text: str, width: int = 110) -> str:
    """Join calls, signatures and displays that are written one entry a line, where they fit into fewer lines.

    The result is what a formatter makes of the code once the trailing commas are gone.
    """
    while True:
        lines = text.split("\n")
        for first, last, new in _joinable(text, lines, width):
            lines[first - 1 : last] = new
            break
        else:
            return text
        text = "\n".join(lines)


def _joinable(text: str, lines: list[str], width: int) -> Iterator[tuple[int, int, list[str]]]:
    """Yield, for each bracket that spans lines, the lines it covers and shorter ones that say the same."""
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    stack: list[int] = []
    pairs: list[tuple[int, int]] = []
    for i, token in enumerate(tokens):
        if token.type == tokenize.OP and token.string in "([{":
            stack.append(i)
        elif token.type == tokenize.OP and token.string in ")]}":
            pairs.append((stack.pop(), i))
    for opening, closing in sorted(pairs):
        first, last = tokens[opening].start[0], tokens[closing].end[0]
        kinds = [token.type for token in tokens[opening + 1 : closing] if token.type != tokenize.NL]
        strings = any(a == b == tokenize.STRING for a, b in zip(kinds, kinds[1:], strict=False))
        if first == last or tokenize.COMMENT in kinds or strings:
            continue
        before = tokens[opening - 1]
        called = before.string in (")", "]") or (
            before.type == tokenize.NAME and not keyword.iskeyword(before.string)
        )
        if tokens[opening].string == "(" and not called:
            continue  # Parentheses around an expression, which a formatter may take away, or a tuple.
        content = " ".join(line.strip() for line in lines[first : last - 1])
        content = re.sub(r"([(\[{]) ", r"\1", content)
        content = re.sub(r",? ([)\]}])", r"\1", content).removesuffix(",")
        head, tail = lines[first - 1], lines[last - 1].lstrip()
        if tokens[opening].end != (first, len(head)) or tail[0] not in ")]}":
            continue
        indent = " " * (len(head) - len(head.lstrip()))
        if len(head + content + tail) <= width:
            yield first, last, [head + content + tail]
        elif called and tokens[opening].string == "(" and len(indent) + 4 + len(content) <= width:
            if last - first > 2 or lines[last - 2].endswith(","):
                yield first, last, [head, f"{indent}    {content}", indent + tail]
