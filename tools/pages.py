"""Read a page's Markdown as its checks need it: front matter, headings, formulas, links, tables, prose.

A small reader of the Markdown this site uses, not a renderer. Every part keeps the line it stands on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tools.blocks import Fence, fences, shown

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
LANGUAGES = ("zh", "en")

_HEADING = re.compile(r"^\s*(#{1,6})\s+(.*?)\s*(?:\{([^{}]*)\})?\s*#*\s*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_DISPLAY = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
_ROUND = re.compile(r"\\\((.+?)\\\)", re.DOTALL)
_DOLLAR = re.compile(r"(?<![\\$\w])\$(?![\s$])([^$\n]+?)(?<![\s\\])\$(?![\d$])")
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


def _blank(text: str) -> str:
    """Spaces instead of characters, newlines kept: what follows stays on its line and column."""
    return re.sub(r"[^\n]", " ", text)


@dataclass
class Page:
    """A page's text in one language."""

    path: Path
    text: str
    dollars: bool = False  # labs write formulas between single dollars
    first_line: int = 1  # of `text` in its file: a lab's text is a part of one

    @classmethod
    def read(cls, path: Path) -> Page:
        """Read a Markdown file."""
        return cls(path, path.read_text("utf-8"))

    def where(self, line: int) -> str:
        """`file:line`."""
        return f"{shown(self.path)}:{line + self.first_line - 1}"

    @cached_property
    def _front(self) -> tuple[dict[str, Any], int]:
        """The front matter, and the number of characters it takes."""
        match = re.match(r"---\n(.*?\n)?---\n", self.text, re.DOTALL)
        if not match:
            return {}, 0
        return yaml.safe_load(match[1] or "") or {}, match.end()

    @property
    def meta(self) -> dict[str, Any]:
        """The front matter."""
        return self._front[0]

    @cached_property
    def fences(self) -> list[Fence]:
        """All fenced blocks."""
        return fences(self.path, self.text)

    @cached_property
    def body(self) -> str:
        """The text with front matter, comments and fenced blocks blanked; lines stay where they are."""
        return _COMMENT.sub(lambda m: _blank(m[0]), self._unfenced)

    @cached_property
    def _unfenced(self) -> str:
        length = self._front[1]
        text = _blank(self.text[:length]) + self.text[length:]
        lines = text.split("\n")
        for fence in self.fences:
            for i in range(fence.line - 1, min(fence.end, len(lines))):
                lines[i] = " " * len(lines[i])
        return "\n".join(lines)

    @cached_property
    def without_code(self) -> str:
        """The body with inline code blanked too, unless that code stands between formula signs."""
        return _CODE.sub(lambda m: _blank(m[0]), self.body)

    @cached_property
    def prose(self) -> str:
        """The words: no code, no formulas, no link targets, no attribute lists."""
        text = self.without_code
        for pattern in self._formula_patterns:
            text = pattern.sub(lambda m: _blank(m[0]), text)
        text = re.sub(
            r"\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?=[)\s])", lambda m: "](" + _blank(m[0][2:]), text
        )
        text = re.sub(r"\]\[[^\[\]]*\]", lambda m: "]" + _blank(m[0][1:]), text)
        text = re.sub(r"\{[:#.][^{}]*\}", lambda m: _blank(m[0]), text)
        text = re.sub(r"<https?://[^>]*>|https?://[^\s)>\]]+", lambda m: _blank(m[0]), text)
        return re.sub(r"</?[a-z][^<>]*>", lambda m: _blank(m[0]), text)

    @property
    def _formula_patterns(self) -> list[re.Pattern[str]]:
        return [_DISPLAY, _ROUND, *([_DOLLAR] if self.dollars else [])]

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
        return self._parts(_DISPLAY, self.without_code, 1)

    @cached_property
    def inlines(self) -> list[Part]:
        """Formulas within a sentence, in order."""
        text = _DISPLAY.sub(lambda m: _blank(m[0]), self.without_code)
        return [part for pattern in self._formula_patterns[1:] for part in self._parts(pattern, text, 1)]

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
        code = [(m.start(), m.end()) for m in _CODE.finditer(body)]
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
        return self._parts(
            re.compile(r"(<!--.*?-->|^:::\s+\S+)", re.DOTALL | re.MULTILINE), self._unfenced, 1
        )

    @cached_property
    def footnotes(self) -> list[Part]:
        """Names of footnotes."""
        return self._parts(_FOOTNOTE, self.without_code, 1)


def language(path: Path) -> str:
    """The language a file's name says, "" for none."""
    match = re.search(r"\.(zh|en)\.(?:md|ipynb)$", path.name)
    return match[1] if match else ""


def in_language(path: Path, wanted: str) -> Path:
    """The same page in another language."""
    return path.with_name(re.sub(r"\.(zh|en)\.(md|ipynb)$", rf".{wanted}.\2", path.name))


def pairs(docs: Path = DOCS) -> list[tuple[Path, Path]]:
    """Pages that exist in both languages, as (Chinese, English)."""
    found = [(path, in_language(path, "en")) for path in sorted(docs.rglob("*.zh.md"))]
    return [(zh, en) for zh, en in found if en.exists()]


def topic(path: Path, docs: Path = DOCS) -> str:
    """The topic a page belongs to, as `chapter/topic`."""
    return path.parent.relative_to(docs).as_posix()
