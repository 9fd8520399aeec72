"""The rules a page's blocks obey, each broken rule reported as `file:line: what to do`."""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import markdown
from pytest_codeblocks.main import extract_from_file

from tools.blocks import Block, Fence, blocks, fences, program, tidy
from tools.paths import shown, twin
from tools.shape_comments import comments

LONGEST = 25
LANGUAGES = ("python", "py", "bash", "text", "console", "yaml", "json", "bibtex")
_INCLUDE = re.compile(r'^\s*--8<-- "(?P<path>[^":]+)(:(?P<section>[\w-]+))?"\s*$')
_TAG = re.compile(r"pytest-codeblocks|pytest\.mark")
_MARKDOWN = {
    "extensions": ["admonition", "attr_list", "footnotes", "md_in_html", "tables", "toc"]
    + [f"pymdownx.{name}" for name in ("details", "superfences", "tabbed", "highlight", "inlinehilite")],
    "extension_configs": {
        "pymdownx.highlight": {"pygments_lang_class": True, "anchor_linenums": False},
        "pymdownx.tabbed": {"alternate_style": True},
    },
}


def violations(path: Path, root: Path) -> list[str]:
    """Every rule the page breaks; `root` is what the paths of includes start from."""
    text = path.read_text(encoding="utf-8")
    try:
        found = fences(path, text)
    except SyntaxError as error:
        return [str(error)]
    wrong: list[str] = []
    for fence in found:
        wrong += _fence(fence, root)
    mine = blocks(path, text)
    for block in mine:
        wrong += _block(block)
    outputs = {block.output.line for block in mine if block.output is not None}
    for number, line in enumerate(text.splitlines(), 1):
        inside = any(fence.line <= number <= fence.end for fence in found)
        if _TAG.search(line) and not inside and not _above(number, outputs, text):
            wrong.append(
                f"{shown(path)}:{number}: only an expected output right below a python block uses this tag"
            )
    wrong += _collected(path, mine)
    wrong += _rendered(path, text, found)
    return wrong


def _fence(fence: Fence, root: Path) -> list[str]:
    if fence.info not in LANGUAGES or fence.ticks[0] == "~":
        return [f"{fence.where}: a fence must be ``` and directly one of {', '.join(LANGUAGES)}"]
    if "\t" in fence.indent or len(fence.indent) % 4:
        return [f"{fence.where}: a fence must be indented by a multiple of four spaces"]
    if fence.language == "py":
        match = _INCLUDE.match(fence.code.rstrip("\n"))
        if match is None:
            return [f'{fence.where}: a py fence holds only an include: --8<-- "recnotes/...py:section"']
        source = root / match["path"]
        if not source.is_file():
            return [f"{fence.where}: no such file: {match['path']}"]
        section = match["section"]
        marks = source.read_text(encoding="utf-8")
        if section and not all(f"--8<-- [{edge}:{section}]" in marks for edge in ("start", "end")):
            return [f"{fence.where}: {match['path']} has no section {section}"]
    elif "--8<--" in fence.code:
        return [f"{fence.where}: an include stands in a py fence"]
    return []


def _block(block: Block) -> list[str]:
    wrong = []
    length = len(block.code.rstrip("\n").splitlines())
    if length > LONGEST:
        wrong.append(f"{block.where}: {length} lines, a block has at most {LONGEST}")
    if block.output is None:
        wrong.append(f"{block.where}: no expected output below the block")
    elif block.output.info != "text":
        wrong.append(f"{block.output.where}: an expected output stands in a text fence")
    elif not block.output.code.strip():
        wrong.append(f"{block.output.where}: the expected output is empty")
    elif tidy(block.output.code) != block.output.code:
        wrong.append(f"{block.output.where}: spaces or empty lines at the end of the expected output")
    try:
        tree = ast.parse(block.code)
    except SyntaxError as error:
        return [*wrong, f"{block.where}: line {error.lineno} of the block: {error.msg}"]
    if not tree.body or not _prints(tree.body[-1]):
        wrong.append(f"{block.where}: a block must end in a print")
    wrong += undefined(block, tree)
    wrong += comments(block.fence.path, "\n" * block.fence.line + block.code)[1]
    return wrong


def _prints(statement: ast.stmt) -> bool:
    """Whether the last thing a statement does is to print (a loop or a `with` may do it)."""
    if isinstance(statement, ast.For | ast.While | ast.With):
        return _prints(statement.body[-1])
    if isinstance(statement, ast.If | ast.Try):
        return any(_prints(body[-1]) for body in _bodies(statement))
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"


def _bodies(statement: ast.If | ast.Try) -> list[list[ast.stmt]]:
    if isinstance(statement, ast.If):
        return [body for body in (statement.body, statement.orelse) if body]
    return [statement.body, *(handler.body for handler in statement.handlers)]


def undefined(block: Block, tree: ast.Module) -> list[str]:
    """Names a block uses and nowhere defines: it does not stand alone."""
    import builtins

    known = set(dir(builtins)) | {"__name__", "__annotations__"}
    used: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                used.setdefault(node.id, node.lineno)
            else:
                known.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            known.add(node.name)
        elif isinstance(node, ast.arg):
            known.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            known.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            known.add(node.name)
    return [
        f"{shown(block.fence.path)}:{block.fence.line + line}: no {name} in this block, it must stand alone"
        for name, line in used.items()
        if name not in known
    ]


def _above(number: int, outputs: set[int], text: str) -> bool:
    """Whether the tag on this line belongs to an expected output (empty lines may follow it)."""
    lines = text.splitlines()
    after = number
    while after < len(lines) and not lines[after].strip():
        after += 1
    return after + 1 in outputs


def _collected(path: Path, mine: list[Block]) -> list[str]:
    """The runner's own parser must find each block exactly once, with the output that belongs to it."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of deprecated tags, which are reported anyway
            theirs = [block for block in extract_from_file(path) if block.syntax == "python"]
    except RuntimeError as error:
        return [f"{shown(path)}: pytest-codeblocks says: {error}"]
    counted = Counter(block.lineno for block in theirs)
    wrong = [
        f"{block.where}: pytest-codeblocks collects this block {counted[block.fence.line]} times"
        for block in mine
        if counted[block.fence.line] != 1
    ]
    lines = {block.fence.line for block in mine}
    wrong += [
        f"{shown(path)}:{line}: pytest-codeblocks runs what is no python block"
        for line in counted
        if line not in lines
    ]
    for block in theirs:
        if block.marks or block.importorskip:
            wrong.append(f"{shown(path)}:{block.lineno}: a block has no marks: it always runs")
    return wrong


class _Counter(HTMLParser):
    """Counts a rendered page's code blocks by language."""

    def __init__(self) -> None:
        super().__init__()
        self.languages: Counter[str] = Counter()
        self.inside = 0  # depth below the highlighted block

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = (dict(attrs).get("class") or "").split()
        if tag == "div" and "highlight" in classes:
            named = [name[9:] for name in classes if name.startswith("language-")]
            self.languages[named[0] if named else "none"] += 1
            self.inside = 1
        elif self.inside and tag not in ("br", "img"):
            self.inside += 1
        elif tag == "pre":
            self.languages["none"] += 1

    def handle_endtag(self, tag: str) -> None:
        self.inside = max(0, self.inside - 1)


def _rendered(path: Path, text: str, found: list[Fence]) -> list[str]:
    """What a reader sees as code must be what was found as fences: no more, no fewer."""
    body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    page = _Counter()
    page.feed(markdown.markdown(body, **_MARKDOWN))
    expected, seen = Counter(fence.language or "none" for fence in found), page.languages
    return [
        f"{shown(path)}: the page shows {seen[language]} {language} blocks, {expected[language]} are fences"
        for language in sorted(expected | seen)
        if seen[language] != expected[language]
    ]


def carried_wrongly(path: Path) -> list[str]:
    """Blocks of a page which do not run because its twin's do, but which the twin does not have."""
    other = twin(path)
    if other is None:
        return [f"{shown(path)}: no page in the other language carries its blocks"]
    mine, theirs = blocks(path), blocks(other)
    wrong = []
    if len(mine) != len(theirs):
        wrong.append(f"{shown(path)}: {len(mine)} blocks, {other.name} has {len(theirs)}")
    for one, two in zip(mine, theirs, strict=False):
        try:
            same = program(one.code) == program(two.code)
        except SyntaxError:
            same = False
        if not same:
            wrong.append(f"{one.where}: not the program of {two.where}")
        elif one.expected != two.expected:
            wrong.append(f"{one.where}: not the expected output of {two.where}")
    return wrong
