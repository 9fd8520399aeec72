"""One model as one readable file that needs TensorFlow and nothing of this package.

The model's module and the modules of this package it imports are read, not run: their definitions the
model uses are written out in reading order, helpers before what uses them, with the source's own comments,
and specialized: options that nothing in the file uses are replaced by what they come to.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import recnotes
from recnotes._choices import ANY, PARTS, VARIANTS, chosen, defaults
from recnotes._closure import collect
from recnotes._fold import specialized
from recnotes._header import header
from recnotes._render import write
from recnotes._source import ExportError, Library
from recnotes.registry import find

__all__ = ["ExportError", "export", "export_class", "summary"]

MAX_LINES = 300
# Where nothing makes the file short enough: the last level that leaves the model all its docstring.
_TOO_LONG = 3


def export(name: str, choices: Mapping[str, Any] | None = None) -> str:
    """Returns the source of one self-contained file that holds a model of this package.

    The file imports TensorFlow, Keras, NumPy and the standard library, registers its classes under the
    model's own name, and loads weights that this package saved. It is formatted, and as short as the source
    allows: where all of it would take 300 lines or more, options of helpers that nothing uses go, helpers
    keep only the first sentence of their docstrings, and no configuration or checks of what the model hands
    them, and nothing keeps its types. Where that is not enough, the file is written for the defaults of those
    arguments that choose between variants, then without parts that the defaults leave out; its docstring says
    for which. The formula stays, and so does the description of the arguments, in the longest files where
    the constructor lists them; what a model is called on is checked in any case: ids out of range name their
    field.

    Args:
        name: name of a model as `recnotes.registry.model_names` lists it, such as ``"deepfm"``.
        choices: arguments to write the file for, with their values, such as ``{"wiring": "authors"}``; with
            the value ``"any"`` an argument stays one, however long the file gets (default: None).

    Returns:
        Python source.

    Raises:
        ValueError: there is no such model, choice or value; the message lists what there is.
        ExportError: the model's source is of a form that cannot be exported.

    Example:
        >>> export("deepfm").splitlines()[0]
        '# SPDX-License-Identifier: MIT'
        >>> "embedding_relu" in export("deep-crossing", {"embedding_relu": True}).split("import keras")[1]
        False
    """
    entry = find(name)
    given = chosen(entry.name, choices or {})
    fixable = (defaults(VARIANTS.get(entry.name, {})), defaults(PARTS.get(entry.name, {})))
    return export_class(entry.module, entry.class_name, entry.name, None, given, fixable)


def export_class(
    module: str,
    class_name: str,
    name: str,
    root: Path | None = None,
    choices: Mapping[str, Any] | None = None,
    fixable: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {}),
) -> str:
    """Returns the same for a class named by its module; `export` looks it up by the model's name.

    Args:
        module: dotted name of the module, such as ``"recnotes.models.deepfm"``.
        class_name: name of the class in it.
        name: name the file's classes are registered under.
        root: folder that holds the top-level package, None for the one this package is in (default: None).
        choices: arguments to fix, with their values; ``"any"`` keeps one from being fixed (default: None).
        fixable: what else may be fixed to get below 300 lines: variants and, after them, parts
            (default: ({}, {})).

    Returns:
        Python source.

    Raises:
        ExportError: the source is of a form that cannot be exported.

    Example:
        >>> "class FactorizationMachine" in export_class("recnotes.models.fm", "FactorizationMachine", "fm")
        True
    """
    given = dict(choices or {})
    fixed = {choice: value for choice, value in given.items() if value != ANY}
    library = Library(root or Path(recnotes.__file__).parent.parent, module.split(".")[0])

    def at(level: int) -> str:
        pieces, imports, attributes = collect(library, module, class_name, level)
        return write(pieces, imports, attributes, level, header(name, module, given, fixed), name)

    if not fixed and (text := at(0)).count("\n") < MAX_LINES:
        return text
    # What is fixed, whether short helpers are inlined, and the last level. At the fifth the constructor's
    # list describes the arguments: that costs less than a part of the model, more than its other variants.
    variants, parts = ({c: v for c, v in group.items() if c not in given} for group in fixable)
    text = ""
    for more, inlined, last in ((fixed, False, 3), (variants, False, 5), (parts, False, 4), ({}, True, 6)):
        if inlined:
            text = at(_TOO_LONG)
        fixed = fixed | more
        library = specialized(library, module, class_name, more, inlined)
        if at(last).count("\n") < MAX_LINES:
            return next(text for text in map(at, range(1, last + 1)) if text.count("\n") < MAX_LINES)
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
    library = Library(Path(recnotes.__file__).parent.parent, "recnotes")
    node = library.module(entry.module).definitions[entry.class_name]
    assert isinstance(node, ast.ClassDef)
    return " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
