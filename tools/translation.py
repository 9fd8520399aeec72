r"""Hold the two languages of a page to each other.

Equal must be: programs (comments may be translated), outputs, formulas but for `\text{}`, images, headings'
ids and levels, links, table shapes, admonitions, front matter keys, and the longer numbers in the prose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from tools.blocks import Fence, program, tidy
from tools.pages import Page, Part
from tools.paths import shown

COPIED_KEYS = ("prerequisites", "search")


def _aligned(zh: Page, en: Page, what: str, a: Iterable[Part], b: Iterable[Part]) -> list[str]:
    """Compare two sequences; say where they part."""
    a, b = list(a), list(b)
    for one, two in zip(a, b, strict=False):
        if one.value != two.value:
            return [f"{zh.where(one.line)}: {what} {one.value!r}, {en.where(two.line)} has {two.value!r}"]
    if len(a) > len(b):
        return [f"{zh.where(a[len(b)].line)}: {what} {a[len(b)].value!r} is not in {shown(en.path)}"]
    if len(b) > len(a):
        return [f"{en.where(b[len(a)].line)}: {what} {b[len(a)].value!r} is not in {shown(zh.path)}"]
    return []


def _by_section(zh: Page, en: Page, what: str, a: list[Part], b: list[Part]) -> list[str]:
    """Compare what a section holds: word order differs between languages, so order and repetition may."""
    found = []
    for mine, others, page, other in ((a, b, zh, en), (b, a, en, zh)):
        there = {(part.section, part.value) for part in others}
        seen = set()
        for part in mine:
            key = (part.section, part.value)
            if key not in there and key not in seen:
                seen.add(key)
                missing = f"is not in #{part.section} of {shown(other.path)}"
                found.append(f"{page.where(part.line)}: {what} {part.value!r} {missing}")
    return found


def formula(source: str) -> str:
    r"""What must be equal of a formula: its source without the words in `\text{}` and without white space."""
    return re.sub(r"\s+", " ", re.sub(r"\\text\s*\{[^{}]*\}", r"\\text{}", source)).strip()


def _formulas(parts: list[Part]) -> list[Part]:
    return [Part(part.line, formula(part.value), part.section) for part in parts]


def _comments_off(code: str) -> str:
    """A shell or YAML block without its comments."""
    lines = (re.sub(r"(^|\s)#\s.*$", "", line).rstrip() for line in code.splitlines())
    return "\n".join(line for line in lines if line)


def _same_code(a: Fence, b: Fence) -> bool:
    if a.language == "python":
        return program(a.code) == program(b.code)
    if a.language in ("bash", "console", "yaml"):
        return _comments_off(a.code) == _comments_off(b.code)
    return tidy(a.code) == tidy(b.code)


def code(zh: Page, en: Page) -> list[str]:
    """Blocks: same kinds, same programs, same outputs."""
    found = []
    for a, b in zip(zh.fences, en.fences, strict=False):
        if a.language != b.language:
            return [f"{zh.where(a.line)}: a {a.language} block, {en.where(b.line)} has {b.language}"]
        try:
            same = _same_code(a, b)
        except SyntaxError as error:
            found.append(f"{zh.where(a.line)}: this block or {en.where(b.line)} is no Python: {error}")
            continue
        if not same:
            found.append(f"{zh.where(a.line)}: this {a.language} block is not that of {en.where(b.line)}")
    if len(zh.fences) != len(en.fences):
        found.append(
            f"{shown(zh.path)}: {len(zh.fences)} fenced blocks, {len(en.fences)} in {shown(en.path)}"
        )
    return found


def structure(zh: Page, en: Page) -> list[str]:
    """Headings, tables, admonitions, images, footnotes."""
    headings = [[Part(h.line, f"{'#' * h.level} {h.id}") for h in page.headings] for page in (zh, en)]
    images = [[Part(part.line, part.value[0]) for part in page.images] for page in (zh, en)]
    return [
        *_aligned(zh, en, "heading", *headings),
        *_aligned(zh, en, "table (columns, rows)", zh.tables, en.tables),
        *_aligned(zh, en, "admonition", zh.admonitions, en.admonitions),
        *_aligned(zh, en, "image", *images),
        *_aligned(zh, en, "comment or directive", zh.directives, en.directives),
        *_by_section(zh, en, "footnote", zh.footnotes, en.footnotes),
    ]


def formulas(zh: Page, en: Page) -> list[str]:
    """Display formulas in order, inline ones by section."""
    return [
        *_aligned(zh, en, "formula", _formulas(zh.displays), _formulas(en.displays)),
        *_by_section(zh, en, "formula", _formulas(zh.inlines), _formulas(en.inlines)),
    ]


def links(zh: Page, en: Page) -> list[str]:
    """Link targets by section."""
    return _by_section(zh, en, "link", zh.links, en.links)


_UNITS = {"万": 1e4, "亿": 1e8, "thousand": 1e3, "million": 1e6, "billion": 1e9, "k": 1e3, "M": 1e6, "": 1.0}
_AMOUNT = re.compile(r"(?<![\w.,])(\d[\d,]*(?:\.\d+)?)(?:\s?(万|亿|thousand\b|million\b|billion\b|k\b|M\b))?")


def amounts(page: Page, text: str) -> list[Part]:
    """The numbers of a text that no translation turns into words: decimals, and from 100 on."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        for match in _AMOUNT.finditer(line):
            value = float(match[1].replace(",", "")) * _UNITS[match[2] or ""]
            if "." in match[1] or value >= 100:
                found.append(Part(number, f"{value:.10g}", page.section(number)))
    return found


def numbers(zh: Page, en: Page) -> list[str]:
    """Numbers of one language's prose stand in the other's section, be it in a formula or in code."""
    found = []
    for page, other in ((zh, en), (en, zh)):
        there = {(part.section, part.value) for part in amounts(other, other.text)}
        for part in amounts(page, page.prose):
            if (part.section, part.value) not in there:
                missing = f"is not in #{part.section} of {shown(other.path)}"
                found.append(f"{page.where(part.line)}: number {part.value} {missing}")
    return found


def front_matter(zh: Page, en: Page) -> list[str]:
    """Same keys; prerequisites and search settings equal."""
    found = []
    if list(zh.meta) != list(en.meta):
        found.append(
            f"{zh.where(1)}: front matter keys {list(zh.meta)}, {shown(en.path)} has {list(en.meta)}"
        )
    for key in COPIED_KEYS:
        if zh.meta.get(key) != en.meta.get(key):
            found.append(
                f"{zh.where(1)}: {key} {zh.meta.get(key)!r}, {shown(en.path)} has {en.meta.get(key)!r}"
            )
    return found


COMPARISONS: tuple[Callable[[Page, Page], list[str]], ...] = (
    front_matter,
    structure,
    code,
    formulas,
    links,
    numbers,
)


def compare(zh: Page, en: Page) -> list[str]:
    """Everything in which the two languages of a page differ and must not."""
    return [problem for comparison in COMPARISONS for problem in comparison(zh, en)]
