r"""Hold the two languages of a page to each other, and pages to the template.

    python tools/parity.py                                      # every page and lab
    python tools/parity.py docs/interaction/deepfm/index.zh.md  # this page and its twin

Equal must be: programs (comments may be translated), outputs, formulas but for `\text{}`, images, headings'
ids and levels, links, table shapes, admonitions, front matter keys, and the longer numbers in the prose.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.blocks import Fence, program, shown, tidy  # noqa: E402
from tools.pages import DOCS, Page, Part, in_language, language, pairs, topic  # noqa: E402

MODEL_CHAPTERS = ("interaction", "sequence", "multitask")
MODEL_PARTS = (
    "motivation",
    "architecture",
    "formula-to-code",
    "train",
    "differences",
    "pitfalls",
    "results",
    "copy",
    "exercises",
    "references",
)
BASICS_PARTS = (
    "purpose",
    "semantics",
    "inside",
    "cost",
    "pitfalls",
    "models",
    "keras",
    "exercises",
    "references",
)
EXERCISES = 3
COPIED_KEYS = ("prerequisites", "search")


# One language against the other --------------------------------------------------------------------


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


# One page by itself --------------------------------------------------------------------------------


def heading_ids(page: Page) -> list[str]:
    """Headings: explicit ids, ASCII, unique, one H1 and it comes first."""
    found = []
    seen: set[str] = set()
    for heading in page.headings:
        where = page.where(heading.line)
        if not heading.id:
            found.append(f"{where}: the heading {heading.text!r} has no id: add {{#some-id}}")
        elif not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", heading.id):
            found.append(f"{where}: the id {heading.id!r} must be lower-case ASCII words with hyphens")
        elif heading.id in seen:
            found.append(f"{where}: the id {heading.id!r} stands twice")
        seen.add(heading.id)
    if [heading.level for heading in page.headings[:1]] != [1] or sum(
        heading.level == 1 for heading in page.headings
    ) != 1:
        found.append(f"{page.where(1)}: a page must have one H1, as its first heading")
    return found


def template(page: Page, chapter: str, name: str) -> list[str]:
    """The parts of an article, in order (see the contributor's guide)."""
    parts = MODEL_PARTS if chapter in MODEL_CHAPTERS else BASICS_PARTS
    found = []
    if page.headings and page.headings[0].id != name:
        found.append(f"{page.where(page.headings[0].line)}: the title's id must be the folder's name, {name}")
    sections = [heading for heading in page.headings if heading.level == 2]
    present = [heading.id for heading in sections if heading.id in parts]
    missing = [part for part in parts if part not in present]
    if missing:
        found.append(f"{shown(page.path)}: the parts {missing} are missing")
    elif present != list(parts):
        found.append(
            f"{shown(page.path)}: the parts must come in the order {list(parts)}, received {present}"
        )
    if found or not sections:
        return found
    lines = {heading.id: heading.line for heading in sections}
    ends = dict(
        zip(
            [heading.id for heading in sections],
            [*(heading.line for heading in sections[1:]), page.text.count("\n") + 2],
            strict=True,
        )
    )

    def within(part: Part, section: str) -> bool:
        return lines[section] < part.line < ends[section]

    answers = [part for part in page.admonitions if part.value == "??? success" and within(part, "exercises")]
    if len(answers) < EXERCISES:
        found.append(
            f"{page.where(lines['exercises'])}: {EXERCISES} exercises with folded answers are asked for, "
            f"received {len(answers)}"
        )
    if not any(f.language == "bibtex" and within(Part(f.line, ""), "references") for f in page.fences):
        found.append(f"{page.where(lines['references'])}: the references must hold BibTeX")
    if chapter in MODEL_CHAPTERS:
        if not any(table.line < sections[0].line and table.value[0] == 2 for table in page.tables):
            found.append(
                f"{page.where(1)}: the card, a table of two columns, must stand before the first part"
            )
        if not any(within(image, "architecture") for image in page.images):
            found.append(f"{page.where(lines['architecture'])}: the architecture must have a diagram")
        if not any(within(table, "differences") for table in page.tables):
            found.append(f"{page.where(lines['differences'])}: the differences must be in a table")
        if not any(within(formula, "formula-to-code") for formula in page.displays):
            found.append(f"{page.where(lines['formula-to-code'])}: this part must hold the paper's formulas")
    return found


# Which files there are -----------------------------------------------------------------------------


def both_languages(docs: Path = DOCS) -> list[str]:
    """Every page and every notebook exists in both languages, every notebook has its source."""
    found = []
    for path in sorted([*docs.rglob("*.md"), *docs.rglob("*.ipynb")]):
        if ".ipynb_checkpoints" in path.parts:
            continue
        if not language(path):
            found.append(f"{shown(path)}: the name must say the language: {path.stem}.zh{path.suffix}")
            continue
        other = in_language(path, "en" if language(path) == "zh" else "zh")
        if not other.exists():
            found.append(f"{shown(path)}: there is no {other.name}")
        if path.suffix == ".ipynb" and not path.with_name("lab.py").exists():
            found.append(f"{shown(path)}: there is no lab.py it could come from")
    for lab in sorted(docs.rglob("lab.py")):
        for wanted in ("zh", "en"):
            if not lab.with_name(f"lab.{wanted}.ipynb").exists():
                found.append(f"{shown(lab)}: there is no lab.{wanted}.ipynb: run `make labs`")
    return found


# Labs ----------------------------------------------------------------------------------------------


def lab_pages(lab: Path) -> list[tuple[Page, Page]]:
    """The Markdown cells of a lab as pairs of pages."""
    from tools.labs import read_lab

    cells = [cell for cell in read_lab(lab) if cell.kind == "markdown"]
    found: list[Any] = []
    for cell in cells:
        found.append(Page(lab, cell.source + "\n", dollars=True, first_line=cell.line + 1))
    return list(zip(found[::2], found[1::2], strict=True))


def lab(path: Path) -> list[str]:
    """A lab's two languages, cell by cell, and its headings' ids over the whole lab."""
    found = []
    cells = lab_pages(path)
    for zh, en in cells:
        found += compare(zh, en)
    for side in (0, 1):
        parts = [pair[side] for pair in cells]
        text = ""
        for part in parts:  # every cell on the line it has in the file
            text += "\n" * (part.first_line - 1 - text.count("\n")) + part.text
        found += heading_ids(Page(path, text, dollars=True))
    return found


# The command ---------------------------------------------------------------------------------------


def check_pair(zh: Path, en: Path, docs: Path = DOCS) -> list[str]:
    """All checks of one page."""
    pages = [Page.read(zh), Page.read(en)]
    found = compare(*pages)
    parts = topic(zh, docs).split("/")
    for page in pages:
        found += heading_ids(page)
        if len(parts) == 2 and parts[0] in (*MODEL_CHAPTERS, "basics"):
            found += template(page, *parts)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description="Hold the two languages of a page to each other.")
    parser.add_argument("files", nargs="*", type=Path, help="pages or labs; all of them if none is given")
    files = parser.parse_args(arguments).files
    found: list[str] = []
    if not files:
        found += both_languages()
        files = [zh for zh, _ in pairs()] + sorted(DOCS.rglob("lab.py"))
    for path in dict.fromkeys(in_language(path.resolve(), "zh") for path in files):
        found += lab(path) if path.name == "lab.py" else check_pair(path, in_language(path, "en"))
    print("\n".join(found) or "the languages agree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
