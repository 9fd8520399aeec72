"""One model as one readable file that needs TensorFlow and nothing of this package.

The model's module and the modules of this package it imports are read, not run: their definitions the
model uses are written out in reading order, helpers before what uses them, with the source's own comments.
"""

from __future__ import annotations

import ast
from pathlib import Path

import recnotes
from recnotes._closure import collect
from recnotes._render import write
from recnotes._source import ExportError, Library
from recnotes.registry import find

__all__ = ["ExportError", "export", "export_class", "summary"]

MAX_LINES = 300
_LEVELS = (0, 1, 2, 3, 4, 5, 6)
# Where none makes the file short: the last that leaves the model its formula and arguments.
_TOO_LONG = 3


def export(name: str) -> str:
    """Returns the source of one self-contained file that holds a model of this package.

    The file imports TensorFlow, Keras, NumPy and the standard library, registers its classes under the
    model's own name, and loads weights that this package saved. It is formatted, and as short as the source
    allows: where all of it would take 300 lines or more, helpers keep only the first sentence of their
    docstrings, and no configuration or checks of what the model hands them, nothing keeps its types, and the
    model itself loses the description of its arguments and, last of all, its formula. Where that would not be
    enough either, the model keeps both. What a model is called on is checked in any case: ids out of range
    name their field.

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
    library = Library(root or Path(recnotes.__file__).parent.parent, module.split(".")[0])
    # Descriptions with their formulas stay where the file is short enough for them.
    texts = []
    for level in _LEVELS:
        pieces, imports, attributes = collect(library, module, class_name, level)
        texts.append(write(pieces, imports, attributes, level, name, module))
        if texts[-1].count("\n") < MAX_LINES:
            return texts[-1]
    return texts[_TOO_LONG]


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
