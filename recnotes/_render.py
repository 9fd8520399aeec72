"""Writes gathered definitions as one formatted file."""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Mapping

from recnotes._closure import Imports
from recnotes._forms import refuse_undefined
from recnotes._joins import joined
from recnotes._pieces import Piece

# Methods whose docstrings say what everybody who knows Keras knows.
_SILENT = frozenset({"build", "get_config", "compute_output_shape"})
_SECTIONS = ("Args", "Returns", "Raises", "Example", "References")
# Where the model's docstring ends, level by level.
_MODEL_UNTIL = ("References", "References", "Returns", "Returns", "Returns", "Args", "Args")
_SECTION = re.compile(rf"\s*({'|'.join(_SECTIONS)}):\s*$")
_MARK = re.compile(r"\s*# --8<-- \[")


def write(
    pieces: list[Piece],
    imports: Imports,
    attributes: set[str],
    level: int,
    origin: str,
    name: str,
) -> str:
    """Write the file: its origin, imports and definitions, registered under a name of their own."""
    model = pieces[-1]
    title = model.module.title
    references = _references(model)
    bodies = [_body(piece, piece.dropped(attributes, level), level, piece is model) for piece in pieces]
    parts = [_header(title, references, origin), _imports(imports, level < 3)]
    text = "\n".join(parts) + "\n"
    previous_long = True
    for piece, body in zip(pieces, bodies, strict=True):
        is_long = isinstance(piece.node, (ast.FunctionDef, ast.ClassDef))
        text += ("\n\n" if is_long or previous_long else "") + body + "\n"
        previous_long = is_long
    # Each export registers its classes under its own name, beside those of the package.
    package = model.module.name.split(".")[0]
    if level:
        text = joined(text)
    text = text.replace(f'register_keras_serializable("{package}")', f'register_keras_serializable("{name}")')
    refuse_undefined(text)
    return text


def _header(title: str, references: list[str], origin: str) -> str:
    lines = [
        "# SPDX-License-Identifier: MIT",
        "# Copyright (c) The RecNotes authors. Use, change and share it with these two lines. No warranty.",
        f'r"""{title}',
        "",
        origin,
    ]
    return "\n".join([*lines, *(["", *references] if references else []), '"""', ""])


def _references(model: Piece) -> list[str]:
    """Return the papers from the model's docstring, as lines of the file's docstring."""
    text = ast.get_docstring(model.node) if isinstance(model.node, ast.ClassDef) else None
    if not text or "References:" not in text:
        return []
    lines = text.split("References:", 1)[1].splitlines()[1:]
    return ["References:", *(line.rstrip() for line in lines)]


def _imports(imports: Imports, annotated: bool) -> str:
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
    blocks = [["from __future__ import annotations"] if annotated else [], *groups]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _body(piece: Piece, dropped: list[ast.stmt], level: int, is_model: bool) -> str:
    """Return the lines of a definition without dropped methods, marks, and long docstrings of helpers."""
    lines: list[str | None] = list(piece.module.lines)
    for node in ast.walk(piece.node):
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            continue
        if node is piece.node and is_model:
            _shorten(lines, node, _MODEL_UNTIL[level])
        elif node is piece.node:
            _shorten(lines, node, "nothing" if level > 5 else "summary" if level else "Args")
        else:
            silent = level > 3 or (level > 1 and node.name in _SILENT)
            _shorten(lines, node, "nothing" if silent else "summary")
        if not piece.annotated(level) and isinstance(node, ast.FunctionDef):
            is_constructor = is_model and node.name == "__init__"
            notes = _described(piece.node) if is_constructor and _MODEL_UNTIL[level] == "Args" else {}
            _untyped(lines, node, piece.module.lines, notes)
    configured = {m.name for m in piece.methods() if m not in dropped} & {"get_config"}
    if level and not piece.whole and not configured:
        # A class without a configuration is never read from a file by its name.
        for decorator in getattr(piece.node, "decorator_list", []):
            if "register_keras_serializable" in ast.unparse(decorator):
                lines[decorator.lineno - 1] = None
    for method in dropped:
        for i in range(_start(piece.module.lines, method) - 1, method.end_lineno or 0):
            lines[i] = None
    first = _start(piece.module.lines, piece.node) - 1
    kept: list[str] = []
    for line in lines[first : piece.node.end_lineno]:
        above = kept[-1] if kept else "class "
        if line is None or _MARK.match(line) or (not line and (not above or above.startswith("class "))):
            continue
        kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return "\n".join(kept)


def _described(node: ast.AST) -> dict[str, str]:
    """Return what a class's docstring says of each argument, without the defaults."""
    text = (ast.get_docstring(node) if isinstance(node, ast.ClassDef) else None) or ""
    section = re.search(r"^Args:\n((?:    .*\n)*)", text, re.MULTILINE)
    entries = re.findall(r"^    (\S+): (.*\n(?:     .*\n)*)", section[1] if section else "", re.MULTILINE)
    return {
        name.lstrip("*"): re.sub(r" \(default: .*\)$", "", " ".join(about.split()).removesuffix("."))
        for name, about in entries
    }


def _untyped(
    lines: list[str | None], node: ast.FunctionDef, source: list[str], notes: Mapping[str, str]
) -> None:
    """Write a function's signature and assignments without types, in place, with notes on arguments."""
    given = node.args
    first_default = len(given.args) - len(given.defaults)
    parts = [a.arg for a in given.args]
    for i, value in enumerate(given.defaults, first_default):
        text = source[value.lineno - 1].encode()  # columns count bytes
        parts[i] += f"={text[value.col_offset : value.end_col_offset].decode()}"
    parts += [f"*{given.vararg.arg}"] if given.vararg else []
    parts += [f"**{given.kwarg.arg}"] if given.kwarg else []
    last = node.lineno - 1
    while not source[last].rstrip().endswith(":") or source[last].count(")") <= source[last].count("("):
        if source[last].rstrip().endswith(":") and last == node.lineno - 1:
            break
        last += 1
    indent = " " * node.col_offset
    new = [f"{indent}def {node.name}({', '.join(parts)}):"]
    if notes or len(new[0]) > 110:
        content = f"{indent}    {', '.join(parts)}"
        inner = [content]
        if notes or len(content) > 110:
            inner = [line for part in parts for line in _noted(f"{indent}    {part},", notes)]
        new = [f"{indent}def {node.name}(", *inner, f"{indent}):"]
    # One entry, since the lines below keep their numbers.
    lines[node.lineno - 1 : last + 1] = ["\n".join(new), *[None] * (last - node.lineno + 1)]
    for statement in ast.walk(node):
        if isinstance(statement, ast.AnnAssign) and statement.value and statement.target.end_col_offset:
            line, end = source[statement.lineno - 1].encode(), statement.annotation.end_col_offset
            lines[statement.lineno - 1] = (line[: statement.target.end_col_offset] + line[end:]).decode()


def _noted(line: str, notes: Mapping[str, str]) -> list[str]:
    """Return the line of a parameter with the note on it, above it where it is too long."""
    note = notes.get(re.findall(r"\w+", line)[0], "")
    if not note or len(whole := f"{line}  # {note}") <= 110:
        return [whole if note else line]
    indent = line[: len(line) - len(line.lstrip())]
    return [*(f"{indent}# {text}" for text in textwrap.wrap(note, 108 - len(indent))), line]


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
        if isinstance(node, ast.ClassDef) and not lines[end]:
            end += 1  # the blank line below
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
