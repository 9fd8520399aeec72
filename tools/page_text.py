"""The text of a page, layer by layer: without code blocks, without code, and at last only its words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import yaml

from tools.blocks import Fence, fences
from tools.paths import shown

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
DISPLAY = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
ROUND = re.compile(r"\\\((.+?)\\\)", re.DOTALL)
DOLLAR = re.compile(r"(?<![\\$\w])\$(?![\s$])([^$\n]+?)(?<![\s\\])\$(?![\d$])")
_NO_WORDS = (
    r"(?<=\]\()[^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?=[)\s])",  # a link's target
    r"(?<=\])\[[^\[\]]*\]",  # a reference's name
    r"\{[:#.][^{}]*\}",  # attributes
    r"<https?://[^>]*>|https?://[^\s)>\]]+",
    r"</?[a-z][^<>]*>",
)


def _blank(text: str) -> str:
    """Spaces instead of characters, newlines kept: what follows stays on its line and column."""
    return re.sub(r"[^\n]", " ", text)


def without(pattern: str | re.Pattern[str], text: str) -> str:
    """The text with every match blanked."""
    return re.sub(pattern, lambda match: _blank(match[0]), text)


@dataclass
class PageText:
    """A page's text in one language; what is left out is blanked, so that lines stay where they are."""

    path: Path
    text: str
    dollars: bool = False  # labs write formulas between single dollars
    first_line: int = 1  # of `text` in its file: a lab's text is a part of one

    @classmethod
    def read(cls, path: Path) -> Self:
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
    def unfenced(self) -> str:
        """The text with front matter and fenced blocks blanked."""
        length = self._front[1]
        text = _blank(self.text[:length]) + self.text[length:]
        lines = text.split("\n")
        for fence in self.fences:
            for i in range(fence.line - 1, min(fence.end, len(lines))):
                lines[i] = " " * len(lines[i])
        return "\n".join(lines)

    @cached_property
    def body(self) -> str:
        """The same without comments."""
        return without(_COMMENT, self.unfenced)

    @cached_property
    def without_code(self) -> str:
        """The body without inline code, so that no formula is read in it."""
        return without(CODE, self.body)

    @cached_property
    def prose(self) -> str:
        """The words: no code, no formulas, no link targets, no attribute lists."""
        text = self.without_code
        for pattern in self.formula_patterns:
            text = without(pattern, text)
        for markup in _NO_WORDS:
            text = without(markup, text)
        return text

    @property
    def formula_patterns(self) -> list[re.Pattern[str]]:
        """What is a formula on this page: those that stand on their own, then those within a sentence."""
        return [DISPLAY, ROUND, *([DOLLAR] if self.dollars else [])]
