"""Says at the top of a written file where it comes from and what it was written for."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from typing import Any

import recnotes
from recnotes._choices import ANY
from recnotes._values import written


def header(name: str, module: str, given: Mapping[str, Any], fixed: Mapping[str, Any]) -> str:
    """Return the lines about the file's origin, with the command that writes it."""
    command = " ".join(["recnotes export", name, *(f"--set {option(*item)}" for item in given.items())])
    text = f"Written by `{command}` (RecNotes {recnotes.__version__}) from {module} and what it uses."
    if fixed:
        values = ", ".join(f"{choice}={written(value).text}" for choice, value in fixed.items())
        text += f"\nFor {values}: "
        text += f"`--set NAME=VALUE` chooses anew, `--set NAME={ANY}` keeps an argument."
    # What stands between backticks stays on one line.
    text = re.sub("`[^`]*`", lambda match: match[0].replace(" ", "\0"), text)
    wrapped = "\n".join(textwrap.fill(line, 108, break_on_hyphens=False) for line in text.splitlines())
    return wrapped.replace("\0", " ")


def option(choice: str, value: Any) -> str:
    """Return a choice as it is given on the command line."""
    return f'"{choice}={value}"' if value == () else f"{choice}={value}"
