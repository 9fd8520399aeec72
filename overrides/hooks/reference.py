"""API pages: ``<!-- modules: recnotes.layers -->`` becomes one mkdocstrings entry a module."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

MARKER = re.compile(r"<!-- modules: ([\w. ]+) -->")


def modules(name: str) -> list[str]:
    """The public modules with this dotted name or below it, by their files."""
    path = Path(*name.split("."))
    if path.with_suffix(".py").is_file():
        return [name]
    found = []
    for file in sorted(path.rglob("*.py")):
        parts = file.with_suffix("").parts
        if not any(part.startswith("_") for part in parts):
            found.append(".".join(parts))
    return found


def entry(name: str) -> str:
    """One module: a heading with an id, then what mkdocstrings makes of it."""
    heading = f"## {name.removeprefix('recnotes.')} {{#{name.replace('.', '-')}}}"
    options = ["    options:", "      show_root_heading: false", "      show_root_toc_entry: false"]
    return "\n".join([heading, "", f"::: {name}", *options, ""])


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Expand the marker into the modules there are now."""

    def expand(match: re.Match[str]) -> str:
        names = [name for part in match[1].split() for name in modules(part)]
        if not names:
            raise PluginError(f"{page.file.src_uri}: no module is named {match[1]}")
        return "\n\n".join(entry(name) for name in names)

    return MARKER.sub(expand, markdown)
