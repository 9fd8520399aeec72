"""Check the words of pages and labs: Chinese typography, banned words, wrong terms, alternative texts.

python tools/prose.py            # every page and lab
python tools/prose.py FILE ...
"""

from __future__ import annotations

import argparse
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.lab_source import all_labs, read_lab  # noqa: E402
from tools.pages import Page  # noqa: E402
from tools.paths import DOCS, LANGUAGES, ROOT, language, shown  # noqa: E402
from tools.typography import typography  # noqa: E402
from tools.words import CJK, words  # noqa: E402

TERMS = DOCS / "start" / "glossary" / "terms.yml"
# What an explanation must not say: if it were obvious, nobody would read on. And 您: the reader is 你.
BANNED = {
    "zh": ("众所周知", "显然", "显而易见", "不难看出", "不言而喻", "毋庸置疑", "毫无疑问", "您"),
    "en": (
        "simply",
        "obviously",
        "as we all know",
        "as everyone knows",
        "it is well known",
        "of course",
        "needless to say",
        "trivially",
        "it is easy to see",
        "state-of-the-art",
        "cutting-edge",
        "groundbreaking",
    ),
}
DESCRIPTION = {"zh": (30, 160), "en": (50, 160)}  # a search engine cuts longer ones


def foreign(page: Page) -> list[str]:
    """Chinese on an English page."""
    found = []
    for number, text in words(page):
        match = re.search(rf"[{CJK}，。；：？！（）]+", text)
        if match and match[0] != "中文":
            found.append(f"{page.where(number)}: Chinese on an English page: {match[0]!r}")
    return found


def _word(word: str, wanted: str) -> re.Pattern[str]:
    if wanted == "zh" and re.search(f"[{CJK}]", word):
        return re.compile(re.escape(word))
    return re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])", re.IGNORECASE)


def banned(page: Page, wanted: str) -> list[str]:
    """Words no explanation needs."""
    found = []
    for word in BANNED[wanted]:
        pattern = _word(word, wanted)
        found += [f"{page.where(n)}: {word!r} must go" for n, text in words(page) if pattern.search(text)]
    return found


@cache
def terms(path: Path = TERMS) -> list[dict[str, Any]]:
    """The glossary's entries."""
    return yaml.safe_load(path.read_text("utf-8")) if path.exists() else []


def synonyms(page: Page, wanted: str, entries: list[dict[str, Any]] | None = None) -> list[str]:
    """Terms the glossary lists as wrong."""
    entries = terms() if entries is None else entries
    right = [str(entry[wanted]) for entry in entries]
    found = []
    told = list(words(page))
    whole = "\n".join(text for _, text in told).lower()
    for entry in entries:
        for wrong in entry.get(f"wrong_{wanted}") or []:
            if wrong.lower() not in whole:
                continue
            pattern = _word(wrong, wanted)
            containing = [term for term in right if wrong.lower() in term.lower()]
            for number, text in told:
                for term in containing:
                    text = text.replace(term, "")
                if pattern.search(text):
                    found.append(f"{page.where(number)}: write {entry[wanted]!r}, received {wrong!r}")
    return found


def alternatives(page: Page, wanted: str) -> list[str]:
    """Every image has an alternative text, in the page's language."""
    found = []
    for image in page.images:
        (target, alt), where = image.value, page.where(image.line)
        if len(alt.strip()) < 8:
            found.append(
                f"{page.where(image.line)}: the image {target} must say what it shows, received {alt!r}"
            )
        elif bool(re.search(f"[{CJK}]", alt)) != (wanted == "zh"):
            found.append(f"{where}: the text for {target} must be in the page's language, received {alt!r}")
    return found


def front_matter(page: Page, wanted: str) -> list[str]:
    """A title, which the H1 repeats, and a description of a length that search engines show."""
    found = []
    for key in ("title", "description"):
        if not str(page.meta.get(key) or "").strip():
            found.append(f"{page.where(1)}: front matter must hold a {key}")
    description = str(page.meta.get("description") or "")
    low, high = DESCRIPTION[wanted]
    if description and not low <= len(description) <= high:
        received = len(description)
        found.append(
            f"{page.where(1)}: a description must have {low} to {high} characters, received {received}"
        )
    if description and bool(re.search(f"[{CJK}]", description)) != (wanted == "zh"):
        found.append(f"{page.where(1)}: the description must be in the page's language")
    if "title" in page.meta and page.headings:

        def bare(text: str) -> str:
            return re.sub(r"[\W_]+", "", text).lower()

        if bare(str(page.meta["title"])) != bare(page.headings[0].text):
            heading = page.headings[0]
            found.append(
                f"{page.where(heading.line)}: the H1 must repeat the title {page.meta['title']!r}, "
                f"received {heading.text!r}"
            )
    return found


def check(page: Page, wanted: str, glossary: bool = False) -> list[str]:
    """All checks of the words of a page; the glossary itself may name wrong terms and both languages."""
    found = banned(page, wanted) + alternatives(page, wanted)
    if not glossary:
        found += synonyms(page, wanted)
    if wanted == "zh":
        found += typography(page)
    elif not glossary:
        found += foreign(page)
    return found


def check_file(path: Path) -> list[str]:
    """All checks of a page, a lab, the glossary's terms, or a file outside the site (then English)."""
    if path.name == "terms.yml":
        return check_terms(yaml.safe_load(path.read_text("utf-8")), path)
    if path.name == "lab.py":
        found = []
        for cell in read_lab(path):
            if cell.kind == "markdown":
                found += check(cell.page(path), cell.metadata["lang"])
            else:
                for wanted in LANGUAGES:
                    if f"alt_{wanted}" in cell.metadata:
                        text = f"![{cell.metadata[f'alt_{wanted}']}](figure)\n"
                        found += check(Page(path, text, dollars=True, first_line=cell.line), wanted)
        return found
    page = Page.read(path)
    wanted = language(path)
    if not wanted:
        return banned(page, "en") + synonyms(page, "en")
    return check(page, wanted, glossary=TERMS.parent in path.parents) + front_matter(page, wanted)


def check_terms(entries: list[dict[str, Any]], path: Path = TERMS) -> list[str]:
    """The glossary's definitions are prose too."""
    found = []
    for entry in entries:
        for wanted in LANGUAGES:
            text = f"{entry[f'{wanted}_definition']}\n"
            for problem in check(Page(path, text), wanted, glossary=True):
                found.append(f"{shown(path)}: {entry['id']}: {problem.split(': ', 1)[1]}")
    return found


def files() -> list[Path]:
    """Everything that holds prose."""
    pages = [path for path in sorted(DOCS.rglob("*.md")) if language(path)]
    terms_file = [TERMS] if TERMS.exists() else []
    return [*sorted(ROOT.glob("*.md")), *pages, *all_labs(), *terms_file]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description="Check the words of pages and labs.")
    parser.add_argument("files", nargs="*", type=Path, help="all of them if none is given")
    asked = [path.resolve() for path in parser.parse_args(arguments).files] or files()
    found = [problem for path in asked for problem in check_file(path)]
    print("\n".join(found) or "nothing to say")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
