"""How results look as JSON: short, and a line for each validation.

A curve is a table: a line of names, then a line for each validation, with six significant digits, since more
is noise of the processor. Older files have an object for each validation; they are read as well.
"""

from __future__ import annotations

import json
from typing import Any

from experiments.card import Curve


def entries(curve: list[Any]) -> Curve:
    """Returns a curve as a list of objects, whichever way it was written.

    Args:
        curve: a table, or objects.

    Returns:
        One object a validation.

    Example:
        >>> entries([["epoch", "auc"], [1, 0.5]]) == entries([{"epoch": 1.0, "auc": 0.5}])
        True
    """
    if not curve or isinstance(curve[0], dict):
        return [dict(entry) for entry in curve]
    names, *rows = curve
    return [dict(zip(names, row, strict=True)) for row in rows]


def table(curve: Curve) -> list[list[Any]]:
    """Returns a curve as a line of names and a line of figures for each validation.

    Args:
        curve: one object a validation, all with the same names.

    Returns:
        The lines; none of an empty curve.

    Raises:
        ValueError: the names differ.

    Example:
        >>> table([{"epoch": 1.0, "loss": 9.87654321}])
        [['epoch', 'loss'], [1, 9.87654]]
    """
    names = list(curve[0]) if curve else []
    if any(list(entry) != names for entry in curve):
        other = next(list(entry) for entry in curve if list(entry) != names)
        raise ValueError(f"a curve's entries must all have the names {names}, received {other}")
    rows = [
        [int(value) if name == "epoch" else float(f"{value:.6g}") for name, value in entry.items()]
        for entry in curve
    ]
    return [names, *rows] if curve else []


def laid_out(value: Any, depth: int = 0) -> str:
    """Returns JSON in which whatever holds no other list or object stands on one line.

    Args:
        value: what to write.
        depth: how far it is indented (default: 0).

    Returns:
        The text.

    Example:
        >>> print(laid_out({"a": {"b": 1, "c": 2}, "d": [[1, 2], [3]]}))
        {
         "a": {"b": 1, "c": 2},
         "d": [
          [1, 2],
          [3]
         ]
        }
    """
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if not any(isinstance(one, dict | list) for one in inner):
        return json.dumps(value)
    texts = [laid_out(one, depth + 1) for one in inner]
    opening, closing = "[]"
    if isinstance(value, dict):
        texts = [f"{json.dumps(name)}: {text}" for name, text in zip(value, texts, strict=True)]
        opening, closing = "{}"
    space = "\n" + " " * depth
    return opening + ",".join(f"{space} {text}" for text in texts) + space + closing
