"""The words of a page as a reader sees them: code, formulas, addresses and Markdown's signs are out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.page_text import CODE, DISPLAY, PageText

CJK = "㐀-鿿"
WIDE = "，。、；：？！（）《》“”‘’—…"


def words(page: PageText) -> Iterator[tuple[int, str]]:
    """The page's words, line by line: `X` stands for code, formulas and addresses."""
    for key in ("title", "description"):
        if page.meta.get(key):
            number = next(i for i, line in enumerate(page.text.split("\n"), 1) if line.startswith(f"{key}:"))
            yield number, str(page.meta[key])
    text = page.body

    def mark(match: re.Match[str]) -> str:
        return "X" + "\n" * match[0].count("\n")

    text = CODE.sub(mark, text)
    text = DISPLAY.sub(lambda match: "\n" * match[0].count("\n"), text)
    for pattern in page.formula_patterns[1:]:
        text = pattern.sub(mark, text)
    text = re.sub(r"<https?://[^>\s]*>|(?<!\()https?://[^\s)>\]]+", mark, text)
    text = re.sub(r"</?[a-z][^<>]*>", "", text)
    text = re.sub(r"\[\^[^\]]+\]:?", "", text)
    text = re.sub(r"!?\[((?:[^\[\]]|\[[^\]]*\])*)\](?:\([^\n]*?\)|\[[^\]\n]*\])(?:\{[^}\n]*\})?", r"\1", text)
    text = re.sub(r"\s*\{[:#.][^{}\n]*\}", "", text)
    text = re.sub(rf"(?<=[{WIDE}])\*\* ", "**", text)  # the space that ends bold letters in some renderers
    text = re.sub(r"\*\*|__|(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])", "", text)
    for number, line in enumerate(text.split("\n"), 1):
        title = re.match(r'^\s*(?:!!!|\?\?\?\+?|===)[^"]*"(.*)"\s*$', line)
        line = title[1] if title else re.sub(r"^\s*(?:#+ |[-*+] |> ?|\d+\. )+", "", line)
        for part in re.split(r"(?<!\\)\|", line):
            if part.strip():
                yield number, part.strip()
