"""The files that hold pages: where they are, the language their names say, and their twins."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
LANGUAGES = ("zh", "en")


def shown(path: Path) -> str:
    """A path as messages show it."""
    with contextlib.suppress(ValueError):
        return path.resolve().relative_to(ROOT).as_posix()
    return str(path)


def pages() -> list[Path]:
    """Every page that may hold blocks: the READMEs and all of `docs`."""
    return sorted(ROOT.glob("*.md")) + sorted(DOCS.rglob("*.md"))


def twin(path: Path) -> Path | None:
    """The same page in the other language, if the page has one."""
    for mine, other in ((".zh.md", ".en.md"), (".en.md", ".zh.md"), (".zh.md", ".md"), (".md", ".zh.md")):
        if path.name.endswith(mine):
            candidate = path.with_name(path.name[: -len(mine)] + other)
            if candidate != path and candidate.exists():
                return candidate
    return None


def language(path: Path) -> str:
    """The language a file's name says, "" for none."""
    match = re.search(r"\.(zh|en)\.(?:md|ipynb)$", path.name)
    return match[1] if match else ""


def in_language(path: Path, wanted: str) -> Path:
    """The same page in another language."""
    return path.with_name(re.sub(r"\.(zh|en)\.(md|ipynb)$", rf".{wanted}.\2", path.name))


def pairs(docs: Path = DOCS) -> list[tuple[Path, Path]]:
    """Pages that exist in both languages, as (Chinese, English)."""
    found = [(path, in_language(path, "en")) for path in sorted(docs.rglob("*.zh.md"))]
    return [(zh, en) for zh, en in found if en.exists()]


def topic(path: Path, docs: Path = DOCS) -> str:
    """The topic a page belongs to, as `chapter/topic`."""
    return path.parent.relative_to(docs).as_posix()
