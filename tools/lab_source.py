"""Read `lab.py`, the source of a lab, and hold it to its rules.

A lab is jupytext's percent format. Markdown cells come in pairs, `# %% [markdown] lang="zh"` and `lang="en"`;
code cells stand once. A cell that draws its one figure says what it shows: `# %% alt_zh="…" alt_en="…"`. A
cell whose numbers move more than the tolerance says so: `# %% tolerance=0.1`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext

from tools.pages import Page
from tools.paths import DOCS, shown


class LabError(Exception):
    """Something in a lab's source must change; the message says where."""


@dataclass
class Cell:
    """One cell of `lab.py`."""

    kind: str  # "markdown" or "code"
    source: str
    line: int  # of the `# %%` marker in lab.py, counted from 1
    metadata: dict[str, Any]
    outputs: list[dict[str, Any]] = field(default_factory=list)

    def page(self, lab: Path) -> Page:
        """A Markdown cell as a page of its own."""
        return Page(lab, self.source + "\n", dollars=True, first_line=self.line + 1)


def all_labs(docs: Path = DOCS) -> list[Path]:
    """Return every `lab.py`, sorted."""
    return sorted(docs.glob("**/lab.py"))


def read_lab(lab: Path) -> list[Cell]:
    """Read `lab.py` and hold it to the rules: paired Markdown cells, paired alternative texts."""
    text = lab.read_text("utf-8")
    lines = [i for i, line in enumerate(text.splitlines(), 1) if re.match(r"# %%( |$)", line)]
    notebook = jupytext.reads(text, fmt="py:percent")
    if len(lines) != len(notebook.cells):
        raise LabError(
            f"{shown(lab)}:1: a lab must start with `# %%`, and no cell may be empty of its marker"
        )
    cells = [
        Cell(cell.cell_type, cell.source, line, dict(cell.metadata))
        for cell, line in zip(notebook.cells, lines, strict=True)
    ]
    expected = "zh"
    for cell in cells:
        where = f"{shown(lab)}:{cell.line}"
        if cell.kind == "markdown":
            if cell.metadata.get("lang") != expected:
                raise LabError(
                    f'{where}: this Markdown cell must be lang="{expected}", '
                    f"received {cell.metadata.get('lang')!r}"
                )
            expected = "en" if expected == "zh" else "zh"
        elif expected == "en":
            raise LabError(f"{where}: the Markdown cell before this code has no English twin")
        elif ("alt_zh" in cell.metadata) != ("alt_en" in cell.metadata):
            raise LabError(f"{where}: alt_zh and alt_en must come together")
    if expected == "en":
        raise LabError(f"{shown(lab)}:{cells[-1].line}: the last Markdown cell has no English twin")
    if not cells or cells[0].kind != "markdown" or not cells[0].source.startswith("# "):
        raise LabError(f"{shown(lab)}:1: a lab must start with a pair of Markdown cells that hold its title")
    return cells


def lab_pages(lab: Path) -> list[tuple[Page, Page]]:
    """The Markdown cells of a lab as pairs of pages."""
    found = [cell.page(lab) for cell in read_lab(lab) if cell.kind == "markdown"]
    return list(zip(found[::2], found[1::2], strict=True))
