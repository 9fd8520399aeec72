"""Chinese typography: spaces around Latin words, full-width punctuation, one line a paragraph."""

from __future__ import annotations

import re
from functools import cache

import autocorrect_py

from tools.pages import Page
from tools.paths import ROOT
from tools.words import CJK, WIDE, words

_HALF_WIDTH = re.compile(
    rf"[{CJK}] ?[,;!?](?![A-Za-z0-9/])|[{CJK}]:(?!//)|[{CJK}] ?\((?![\d, ]+\))|\([^()]*[{CJK}][^()]*\)"
    rf"|[{CJK}][\"']|[\"'][{CJK}]"
)
_BLOCK_START = re.compile(r"^\s*(?:[#>|:]|[-*+] |\d+\. |!!!|\?\?\?|===|\[\^)|^\s*$")


@cache
def _configure() -> None:
    autocorrect_py.load_config((ROOT / ".autocorrectrc").read_text("utf-8"))  # type: ignore[attr-defined]


def _short(text: str, position: int) -> str:
    return text[max(0, position - 12) : position + 12]


def typography_of(text: str) -> list[str]:
    """What is wrong with one line of Chinese."""
    _configure()
    found = [
        f"half-width punctuation {match[0]!r} in {_short(text, match.start())!r}"
        for match in _HALF_WIDTH.finditer(text)
    ]
    better = autocorrect_py.format(text)
    if better != text:
        at = next((i for i, (a, b) in enumerate(zip(text, better, strict=False)) if a != b), len(better))
        found.append(f"write {_short(better, at)!r}, received {_short(text, at)!r}")
    return found


def typography(page: Page) -> list[str]:
    """Chinese typography: spaces around Latin words, full-width punctuation, a paragraph on one line."""
    found = [f"{page.where(n)}: {problem}" for n, text in words(page) for problem in typography_of(text)]
    rows = page.body.split("\n")
    for number, (row, following) in enumerate(zip(rows, rows[1:], strict=False), 1):
        if _BLOCK_START.match(following) or re.match(r"^\s*(?:#|\||!!!|\?\?\?|===)", row):
            continue
        if re.search(rf"[{CJK}{WIDE}]\s*$", row) and re.match(rf"\s*[{CJK}{WIDE}]", following):
            found.append(f"{page.where(number)}: a line break within a Chinese paragraph shows as a space")
    return found
