"""Cuts and replacements in the text of a module, at places that its syntax tree names."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence


class Edits:
    """Gathers edits of one text and applies them together; what overlaps is cut once."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self._starts = [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._edits: list[tuple[int, int, str, bool]] = []  # start, end, new text, whether it ends a node
        self._shifts: Counter[int] = Counter()  # line → columns by which it moves to the left

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return where a node begins and ends in the text, with the stars of an argument."""
        start = self._offset(node, "lineno", "col_offset")
        end = self._offset(node, "end_lineno", "end_col_offset")
        while self.text[start - 1] == "*" and isinstance(node, ast.arg):
            start -= 1
        return start, end

    def _offset(self, node: ast.AST, line: str, column: str) -> int:
        number = getattr(node, line)
        # Columns count bytes.
        before = self.lines[number - 1].encode()[: getattr(node, column)].decode()
        return self._starts[number - 1] + len(before)

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def segment(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.text[start:end]

    def cut(self, start: int, end: int, text: str = "", is_end: bool = False) -> None:
        self._edits.append((start, end, text, is_end))

    def cut_lines(self, first: int, last: int) -> None:
        self.cut(self._starts[first - 1], self._starts[last])

    def replace_lines(self, first: int, last: int, text: str) -> None:
        self.cut(self._starts[first - 1], self._starts[last] - 1, text)

    def dedent(self, first: int, last: int) -> None:
        self._shifts.update(range(first, last + 1))

    def replace(self, node: ast.AST, text: str, brackets: bool = False) -> None:
        """Write something else for a node, in brackets where they are needed and not there."""
        span = self.span(node)
        outer = self.outer(node)
        if brackets:
            self.cut(*span, text if outer != span else f"({text})")
        else:
            self.cut(*outer, text)

    def keep(self, node: ast.AST, part: ast.AST, brackets: bool = False) -> None:
        """Reduce a node to one of its parts, in brackets where they are needed and not there."""
        inner, span, outer = self.span(part), self.span(node), self.outer(node)
        is_bare = brackets and outer == span
        # What goes over several lines needs those that it has.
        start, end = span if brackets or "\n" in self.segment(part) else outer
        self.cut(start, inner[0], "(" if is_bare else "")
        self.cut(inner[1], end, ")" if is_bare else "", True)

    def outer(self, node: ast.AST) -> tuple[int, int]:
        """Return a node's span with the brackets around it, where they are not those of a call."""
        start, end = self.span(node)
        text = self.text
        left, right = text[:start].rstrip(), text[end:].lstrip()
        if not left.endswith("(") or not right.startswith(")"):
            return start, end
        before = left[-2:-1]
        called = before.isalnum() or before in "_)]}\"'"
        return (start, end) if called else (len(left) - 1, len(text) - len(right) + 1)

    def cut_items(self, items: Sequence[ast.AST], ends: Sequence[ast.AST], removed: Sequence[bool]) -> None:
        """Cut some of a list's items with their commas; an item goes from its own start to its end's end."""
        spans = [(self.span(a)[0], self.span(b)[1]) for a, b in zip(items, ends, strict=True)]
        for i, gone in enumerate(removed):
            if not gone:
                continue
            later = next((j for j in range(i, len(spans)) if not removed[j]), None)
            earlier = next((j for j in range(i, -1, -1) if not removed[j]), None)
            if later is not None:
                self.cut(spans[i][0], spans[later][0])
            elif earlier is not None:
                self.cut(spans[earlier][1], spans[i][1])
            else:
                end = spans[-1][1]
                rest = self.text[end:]
                comma = len(rest) - len(rest.lstrip()) if rest.lstrip().startswith(",") else -1
                self.cut(spans[0][0], end + comma + 1)

    def __bool__(self) -> bool:
        return bool(self._edits or self._shifts)

    def applied(self) -> str:
        text = self.text
        edits = list(self._edits)
        for line, times in self._shifts.items():
            indent = len(self.lines[line - 1]) - len(self.lines[line - 1].lstrip())
            edits.append((self._starts[line - 1], self._starts[line - 1] + min(4 * times, indent), "", False))
        # At one place what ends a node comes first, inner before outer, then what begins one, outer first.
        order = sorted(
            range(len(edits)), key=lambda i: (edits[i][0], not edits[i][3], -i if edits[i][3] else i)
        )
        parts: list[str] = []
        done = 0
        for start, end, new, _ in (edits[i] for i in order):
            if start >= done:
                parts += [text[done:start], new]
            done = max(done, end)
        return "".join([*parts, text[done:]])
