"""What stands on a page, as its checks need it: headings, formulas, links, images, tables, admonitions.

A small reader of the Markdown this site uses, not a renderer. Every part keeps the line it stands on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tools.page_text import CODE, DISPLAY, PageText, without

_HEADING = re.compile(r"^\s*(#{1,6})\s+(.*?)\s*(?:\{([^{}]*)\})?\s*#*\s*$")
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)")
_HTML_IMAGE = re.compile(r"<img\b[^>]*>")
_LINK = re.compile(
    r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?:\s+\"[^\"]*\")?\)"
)
_REFERENCE = re.compile(r"(?<!!)\[([^\[\]]+)\]\[([^\[\]]*)\]")
_ADMONITION = re.compile(r"^\s*(!!!|\?\?\?\+?)\s+([a-z]+)\b")
_TAB = re.compile(r'^\s*===\s+"')
_FOOTNOTE = re.compile(r"\[\^([^\]]+)\]")


@dataclass(frozen=True)
class Part:
    """Something on a page: its line, what identifies it, and the section (a heading's id) it stands in."""

    line: int
    value: Any
    section: str = ""


@dataclass(frozen=True)
class Heading:
    """A heading: its line, level, words and explicit id ("" without one)."""

    line: int
    level: int
    text: str
    id: str


class Page(PageText):
    """A page in one language."""

    @cached_property
    def headings(self) -> list[Heading]:
        """All headings, those in admonitions and tabs included."""
        found = []
        for number, line in enumerate(self.body.split("\n"), 1):
            match = _HEADING.match(line)
            if match:
                anchor = re.search(r"(?:^|\s)#([^\s#.]+)", match[3] or "")
                found.append(Heading(number, len(match[1]), match[2], anchor[1] if anchor else ""))
        return found

    def section(self, line: int) -> str:
        """The id of the heading above a line."""
        above = [heading.id for heading in self.headings if heading.line <= line]
        return above[-1] if above else ""

    def _line(self, text: str, position: int) -> int:
        return text.count("\n", 0, position) + 1

    def _parts(self, pattern: re.Pattern[str], text: str, group: int) -> list[Part]:
        found = []
        for match in pattern.finditer(text):
            line = self._line(text, match.start())
            found.append(Part(line, match[group], self.section(line)))
        return found

    @cached_property
    def displays(self) -> list[Part]:
        """Formulas that stand on their own, in order."""
        return self._parts(DISPLAY, self.without_code, 1)

    @cached_property
    def inlines(self) -> list[Part]:
        """Formulas within a sentence, in order."""
        text = without(DISPLAY, self.without_code)
        return [part for pattern in self.formula_patterns[1:] for part in self._parts(pattern, text, 1)]

    @cached_property
    def images(self) -> list[Part]:
        """Images as (target, alternative text)."""
        text = self.without_code
        found = []
        for match in _IMAGE.finditer(text):
            found.append(Part(self._line(text, match.start()), (match[2], match[1])))
        for match in _HTML_IMAGE.finditer(text):
            source = re.search(r'\bsrc="([^"]*)"', match[0])
            alt = re.search(r'\balt="([^"]*)"', match[0])
            value = (source[1] if source else "", alt[1] if alt else "")
            found.append(Part(self._line(text, match.start()), value))
        return sorted(found, key=lambda part: part.line)

    @cached_property
    def links(self) -> list[Part]:
        """Targets of links: those in brackets, and API names of `[words][name]`."""
        body = self.body  # a link's words may be inline code
        code = [(m.start(), m.end()) for m in CODE.finditer(body)]
        found = []
        for pattern in (_LINK, _REFERENCE):
            for match in pattern.finditer(body):
                if any(start <= match.start() and match.end() <= end for start, end in code):
                    continue
                line = self._line(body, match.start())
                value = match[2] or match[1].strip("`")
                found.append(Part(line, value, self.section(line)))
        return found

    @cached_property
    def tables(self) -> list[Part]:
        """Tables as (columns, rows with the header)."""
        found = []
        lines = self.without_code.split("\n")
        rows: list[int] = []
        for number, line in enumerate([*lines, ""], 1):
            if line.strip().startswith("|"):
                rows.append(number)
            elif rows:
                if len(rows) > 1 and re.match(r"^\s*\|[\s:|-]+\|?\s*$", lines[rows[1] - 1]):
                    cells = re.split(r"(?<!\\)\|", lines[rows[0] - 1].strip().strip("|"))
                    found.append(Part(rows[0], (len(cells), len(rows) - 1)))
                rows = []
        return found

    @cached_property
    def admonitions(self) -> list[Part]:
        """Admonitions, details and tabs as (marker, kind)."""
        found = []
        for number, line in enumerate(self.body.split("\n"), 1):
            match = _ADMONITION.match(line)
            if match:
                found.append(Part(number, f"{match[1]} {match[2]}"))
            elif _TAB.match(line):
                found.append(Part(number, "==="))
        return found

    @cached_property
    def directives(self) -> list[Part]:
        """What tells the build something: comments, and `::: name` for an object's reference."""
        return self._parts(re.compile(r"(<!--.*?-->|^:::\s+\S+)", re.DOTALL | re.MULTILINE), self.unfenced, 1)

    @cached_property
    def footnotes(self) -> list[Part]:
        """Names of footnotes."""
        return self._parts(_FOOTNOTE, self.without_code, 1)
