"""Check the links of pages and labs as they are written, before anything is built.

A link within the site is relative, without a language suffix (`../sasrec/index.md`): the build gives each
language its own. A lab is `lab.ipynb`. MkDocs validates what the strict build sees; this also sees labs, and
says it sooner.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.lab_source import lab_pages  # noqa: E402
from tools.pages import Page  # noqa: E402
from tools.paths import DOCS, LANGUAGES, language, shown  # noqa: E402

SUFFIXES = (".md", ".ipynb", ".svg", ".png", ".py", ".txt")
_EXTERNAL = re.compile(r"^[a-z][a-z0-9+.-]*:")


def _identifiers(value: Any) -> set[str]:
    """The ids that a data file beside a page (the glossary's terms) gives to it."""
    return {str(entry["id"]) for entry in value if "id" in entry} if isinstance(value, list) else set()


@cache
def anchors(path: Path) -> frozenset[str]:
    """The fragments a page has: headings, explicit ids of other elements, terms beside it."""
    page = Page.read(path)
    found = {heading.id for heading in page.headings}
    found |= set(re.findall(r"\{[^{}]*#([\w-]+)[^{}]*\}", page.body))
    found |= set(re.findall(r'\bid="([\w-]+)"', page.body))
    for data in path.parent.glob("*.yml"):
        found |= _identifiers(yaml.safe_load(data.read_text("utf-8")))
    return frozenset(found)


@cache
def lab_anchors(lab: Path) -> frozenset[str]:
    """The fragments of a lab."""
    return frozenset(heading.id for pair in lab_pages(lab) for heading in pair[0].headings)


def problem(target: str, page: Path) -> str:
    """Say what is wrong with a link's target on a page, "" for nothing."""
    if target.startswith("http://"):
        return "must be https"
    if _EXTERNAL.match(target):
        return ""
    if re.fullmatch(r"[A-Za-z_][\w.]*", target) and not target.endswith(SUFFIXES):
        return ""  # a name for mkdocstrings
    name, _, fragment = target.partition("#")
    if name.startswith("/"):
        return "must be relative: an absolute link breaks where the site is not at the root"
    if re.search(r"\.(zh|en)\.(md|ipynb)$", name):
        return "must be without the language: the build adds it"
    if name.endswith("/"):
        return "must name the file: index.md"
    if not name:
        known = lab_anchors(page) if page.name == "lab.py" else anchors(page)
        return "" if fragment in known else f"there is no #{fragment} on this page"
    goal = (page.parent / name).resolve()
    if name.endswith(".ipynb"):
        lab = goal.with_name("lab.py")
        if goal.name != "lab.ipynb" or not lab.exists():
            return "there is no such lab"
        return "" if not fragment or fragment in lab_anchors(lab) else f"there is no #{fragment} in that lab"
    if not name.endswith(".md"):
        return "" if goal.exists() else "there is no such file"
    for wanted in LANGUAGES:
        there = goal.with_name(goal.name.removesuffix(".md") + f".{wanted}.md")
        if not there.exists():
            return f"there is no {there.name}"
        if fragment and fragment not in anchors(there):
            return f"there is no #{fragment} in {shown(there)}"
    return ""


def check(page: Page) -> list[str]:
    """Everything wrong with a page's links and images."""
    targets = [(part.line, part.value) for part in page.links]
    targets += [(part.line, part.value[0]) for part in page.images]
    return [
        f"{page.where(line)}: {target}: {wrong}"
        for line, target in sorted(targets)
        if (wrong := problem(target, page.path))
    ]


def check_file(path: Path) -> list[str]:
    """Everything wrong with the links of a page or a lab; its prerequisites included."""
    if path.name == "lab.py":
        return [wrong for pair in lab_pages(path) for page in pair for wrong in check(page)]
    page = Page.read(path)
    found = check(page)
    prerequisites = page.meta.get("prerequisites") or []
    docs = next((parent for parent in path.parents if parent.name == "docs"), DOCS)
    for topic in prerequisites:
        if not re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", str(topic)):
            found.append(f"{page.where(1)}: a prerequisite must be chapter/topic, received {topic!r}")
        elif (docs / str(topic)).resolve() == path.parent.resolve():
            found.append(f"{page.where(1)}: a page cannot be its own prerequisite")
    return found


def files(docs: Path = DOCS) -> list[Path]:
    """Everything that holds links."""
    pages = [path for path in sorted(docs.rglob("*.md")) if language(path)]
    return [*pages, *sorted(docs.rglob("lab.py"))]


def main() -> int:
    """Check every page; return the exit status."""
    found = [wrong for path in files() for wrong in check_file(path)]
    print("\n".join(found) or "every link leads somewhere")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
