"""What mkdocstrings is told of the docstrings: a griffe extension.

* ``Example:`` is the section griffe knows as ``Examples:``.
* The first line of ``Returns:`` is a sentence, not ``type: text``, even where a colon stands in it; it gets
  the annotation of the function, or ``output`` for what calling a layer or a model gives.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

EXAMPLE = re.compile(r"^( *)Example:$", re.M)
RETURNS = re.compile(r"^( *Returns:\n +)(?=\S)", re.M)


def tidy(text: str, kind: str) -> str:
    """A docstring's text in the form griffe's Google parser reads as it is meant."""
    return RETURNS.sub(rf"\g<1>{kind}: ", EXAMPLE.sub(r"\1Examples:", text))


class Docstrings(griffe.Extension):
    """Applies `tidy` to every docstring as it is collected."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite one object's docstring."""
        if obj.docstring:
            returned = getattr(obj, "returns", None)
            obj.docstring.value = tidy(obj.docstring.value, str(returned) if returned else "output")
