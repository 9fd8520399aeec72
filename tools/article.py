"""Hold one page to its form: headings with ids, and the parts of an article's template in their order."""

from __future__ import annotations

import re

from tools.pages import Page
from tools.paths import shown

MODEL_CHAPTERS = ("interaction", "sequence", "multitask")
RESULTS = "results"
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
RESULTS_PARTS = ("question", "rules", "references")
EXERCISES = 3


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
    if [i for i, heading in enumerate(page.headings) if heading.level == 1] != [0]:
        found.append(f"{page.where(1)}: a page must have one H1, as its first heading")
    return found


def template(page: Page, chapter: str, name: str) -> list[str]:
    """The parts of an article, in order (see the contributor's guide), and what each must hold."""
    parts: tuple[str, ...] = MODEL_PARTS if chapter in MODEL_CHAPTERS else BASICS_PARTS
    if chapter == RESULTS:
        parts = RESULTS_PARTS
    found = []
    if page.headings and page.headings[0].id != name:
        found.append(f"{page.where(page.headings[0].line)}: the title's id must be the folder's name, {name}")
    present = [heading.id for heading in page.headings if heading.level == 2 and heading.id in parts]
    missing = [part for part in parts if part not in present]
    if missing:
        found.append(f"{shown(page.path)}: the parts {missing} are missing")
    elif present != list(parts):
        found.append(
            f"{shown(page.path)}: the parts must come in the order {list(parts)}, received {present}"
        )
    if found:
        return found
    if chapter == RESULTS:
        return [*_references(page), *_results_article(page)]
    exercises = [*_exercises(page), *_references(page)]
    return exercises + (_model_article(page) if chapter in MODEL_CHAPTERS else [])


def _section(page: Page, part: str) -> range:
    """The lines of a part: from its heading to the next one of its level."""
    sections = [heading for heading in page.headings if heading.level == 2]
    ends = [*(heading.line for heading in sections[1:]), page.text.count("\n") + 2]
    return next(
        range(heading.line, end) for heading, end in zip(sections, ends, strict=True) if heading.id == part
    )


def _exercises(page: Page) -> list[str]:
    """The exercises of an article on a model or on basics, each with its answer."""
    lines = _section(page, "exercises")
    answers = sum(part.value == "??? success" and part.line in lines for part in page.admonitions)
    if answers < EXERCISES:
        asked = f"{EXERCISES} exercises with folded answers are asked for, received {answers}"
        return [f"{page.where(lines.start)}: {asked}"]
    return []


def _references(page: Page) -> list[str]:
    """What the last part of any article holds."""
    lines = _section(page, "references")
    if not any(fence.language == "bibtex" and fence.line in lines for fence in page.fences):
        return [f"{page.where(lines.start)}: the references must hold BibTeX"]
    return []


def _results_article(page: Page) -> list[str]:
    """What an article on results holds: a block between the question and the rules."""
    lines = range(_section(page, "question").stop, _section(page, "rules").start)
    if not any(fence.language == "python" and fence.line in lines for fence in page.fences):
        return [f"{page.where(lines.start)}: a block must compute the numbers, before the part 'rules'"]
    return []


def _model_article(page: Page) -> list[str]:
    """What an article about a model holds: its card, its diagram, its formulas, a table of differences."""
    found = []
    first = next(heading.line for heading in page.headings if heading.level == 2)
    if not any(table.line < first and table.value[0] == 2 for table in page.tables):
        found.append(f"{page.where(1)}: the card, a table of two columns, must stand before the first part")
    for part, held, message in (
        ("architecture", page.images, "the architecture must have a diagram"),
        ("differences", page.tables, "the differences must be in a table"),
        ("formula-to-code", page.displays, "this part must hold the paper's formulas"),
    ):
        lines = _section(page, part)
        if not any(one.line in lines for one in held):
            found.append(f"{page.where(lines.start)}: {message}")
    return found
