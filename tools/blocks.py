"""Find the fenced blocks of a Markdown page, and the expected outputs of its Python blocks."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from tools.paths import shown

MARKER = "<!--pytest-codeblocks:expected-output-->"
_OPEN = re.compile(r"^(?P<indent>[ \t]*)(?P<ticks>`{3,}|~{3,})(?P<info>.*)$")
_MARK = re.compile(r"^\s*<!--[-\s]*pytest-codeblocks:\s*(?P<word>[^\s>]*?)[-\s]*-->\s*$")


@dataclass(frozen=True)
class Fence:
    """One fenced block: `line` is the 1-based line of its opening fence, `end` that of the closing one."""

    path: Path
    line: int
    end: int
    indent: str
    ticks: str
    info: str
    code: str

    @property
    def language(self) -> str:
        """The info string as written: `python`, `text`, ..."""
        return self.info.strip()

    @property
    def where(self) -> str:
        """`file:line`, with the file as a path from the repository's root if it is in it."""
        return f"{shown(self.path)}:{self.line}"


@dataclass(frozen=True)
class Block:
    """An executed block: its fence, and the fence of its expected output if there is one."""

    fence: Fence
    output: Fence | None

    @property
    def code(self) -> str:
        """The program, without the indentation of the admonition it may stand in."""
        return self.fence.code

    @property
    def expected(self) -> str | None:
        """The output that stands on the page."""
        return None if self.output is None else self.output.code

    @property
    def where(self) -> str:
        """`file:line` of the opening fence."""
        return self.fence.where


def fences(path: Path, text: str | None = None) -> list[Fence]:
    """All fenced blocks of a page, in order, those indented in admonitions and details included."""
    lines = (path.read_text(encoding="utf-8") if text is None else text).splitlines()
    found: list[Fence] = []
    i = 0
    while i < len(lines):
        opening = _OPEN.match(lines[i])
        if opening is None or (opening["ticks"][0] == "`" and "`" in opening["info"]):
            i += 1
            continue
        start, indent, ticks = i, opening["indent"], opening["ticks"]
        body: list[str] = []
        i += 1
        while i < len(lines):
            stripped = lines[i].strip()
            if len(stripped) >= len(ticks) and set(stripped) == {ticks[0]}:
                break
            body.append(_dedent(lines[i], len(indent)))
            i += 1
        else:
            raise SyntaxError(f"{shown(path)}:{start + 1}: this fence is never closed")
        code = "".join(line + "\n" for line in body)
        found.append(Fence(path, start + 1, i + 1, indent, ticks, opening["info"], code))
        i += 1
    return found


def _dedent(line: str, width: int) -> str:
    return line[min(width, len(line) - len(line.lstrip(" \t"))) :]


def blocks(path: Path, text: str | None = None) -> list[Block]:
    """The page's Python blocks, each with the expected output that follows it."""
    source = path.read_text(encoding="utf-8") if text is None else text
    lines = source.splitlines()
    found = fences(path, source)
    result: list[Block] = []
    for i, fence in enumerate(found):
        if fence.language != "python":
            continue
        output = None
        if i + 1 < len(found):
            between = [line for line in lines[fence.end : found[i + 1].line - 1] if line.strip()]
            marks = [match["word"] for match in map(_MARK.match, between) if match]
            if len(between) == 1 and marks == ["expected-output"]:
                output = found[i + 1]
        result.append(Block(fence, output))
    return result


def program(code: str) -> str:
    """What must be equal in two languages: the syntax tree, without comments and positions."""
    return ast.dump(ast.parse(code))


def tidy(output: str) -> str:
    """An output as a page holds it: no trailing spaces, no empty lines at the end, one newline."""
    text = "\n".join(line.rstrip() for line in output.splitlines()).rstrip("\n")
    return text + "\n" if text else ""
