"""Joins code that is written one entry a line where it fits into fewer lines."""

from __future__ import annotations

import io
import keyword
import re
import tokenize
from collections.abc import Iterator


def joined(text: str, width: int = 110) -> str:
    """Join calls, signatures and displays that are written one entry a line, where they fit into fewer lines.

    The result is what a formatter makes of the code once the trailing commas are gone.
    """
    while True:
        lines = text.split("\n")
        for first, last, new in _joinable(text, lines, width):
            lines[first - 1 : last] = new
            break
        else:
            return text
        text = "\n".join(lines)


def _joinable(text: str, lines: list[str], width: int) -> Iterator[tuple[int, int, list[str]]]:
    """Yield, for each bracket that spans lines, the lines it covers and shorter ones that say the same."""
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    stack: list[int] = []
    pairs: list[tuple[int, int]] = []
    for i, token in enumerate(tokens):
        if token.type == tokenize.OP and token.string in "([{":
            stack.append(i)
        elif token.type == tokenize.OP and token.string in ")]}":
            pairs.append((stack.pop(), i))
    for opening, closing in sorted(pairs):
        first, last = tokens[opening].start[0], tokens[closing].end[0]
        kinds = [token.type for token in tokens[opening + 1 : closing] if token.type != tokenize.NL]
        strings = any(a == b == tokenize.STRING for a, b in zip(kinds, kinds[1:], strict=False))
        if first == last or tokenize.COMMENT in kinds or strings:
            continue
        before = tokens[opening - 1]
        called = before.string in (")", "]") or (
            before.type == tokenize.NAME and not keyword.iskeyword(before.string)
        )
        if tokens[opening].string == "(" and not called:
            continue  # Parentheses around an expression, which a formatter may take away, or a tuple.
        content = " ".join(line.strip() for line in lines[first : last - 1])
        content = re.sub(r"([(\[{]) ", r"\1", content)
        content = re.sub(r",? ([)\]}])", r"\1", content).removesuffix(",")
        head, tail = lines[first - 1], lines[last - 1].lstrip()
        if tokens[opening].end != (first, len(head)) or tail[0] not in ")]}":
            continue
        indent = " " * (len(head) - len(head.lstrip()))
        if len(head + content + tail) <= width:
            yield first, last, [head + content + tail]
        elif called and tokens[opening].string == "(" and len(indent) + 4 + len(content) <= width:
            if last - first > 2 or lines[last - 2].endswith(","):
                yield first, last, [head, f"{indent}    {content}", indent + tail]
