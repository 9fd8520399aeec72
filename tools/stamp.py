"""Stamp the two languages of a page as saying the same.

    python tools/stamp.py                     # every page both of whose languages moved, or neither
    python tools/stamp.py --accept PAGE ...   # this page, though only one language moved (a typo)
    python tools/stamp.py --check             # change nothing; name the pages that need a translation

`twin` in a page's front matter is a digest of the other language's prose as it was when the two were last
brought in line. Code, formulas, link targets and white space are left out: other checks hold those equal. A
page one of whose languages moved alone is refused, so that stamping cannot stand in for translating.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.pages import Page  # noqa: E402
from tools.paths import in_language, pairs, shown  # noqa: E402

_TWIN = re.compile(r"^twin:.*$", re.MULTILINE)


def digest(page: Page) -> str:
    """Identify a page's prose, its title and description included."""
    words = " ".join([str(page.meta.get("title", "")), str(page.meta.get("description", "")), page.prose])
    return hashlib.sha256(re.sub(r"\s+", "", words).encode()).hexdigest()[:12]


def moved(zh: Page, en: Page) -> list[str]:
    """The languages whose prose is not what the other one was stamped with."""
    return [
        language
        for language, mine, other in (("zh", zh, en), ("en", en, zh))
        if str(other.meta.get("twin") or "") != digest(mine)
    ]


def problems(zh: Page, en: Page) -> list[str]:
    """Say which language moved on without the other."""
    since = moved(zh, en)
    if not since:
        return []
    if len(since) == 2:
        return [
            f"{shown(zh.path)}: both languages changed since they were stamped: compare, then `make stamp`"
        ]
    changed, behind = (zh, en) if since == ["zh"] else (en, zh)
    return [
        f"{shown(behind.path)}: {changed.path.name} moved on alone: bring this one in line, then "
        f"`make stamp` (nothing to translate: `python tools/stamp.py --accept {shown(changed.path)}`)"
    ]


def write(page: Page, twin: str) -> bool:
    """Put a digest into a page's front matter; say whether that changed it."""
    end = page.text.find("\n---\n", 3)
    if not page.text.startswith("---\n") or end < 0:
        raise SystemExit(f"{shown(page.path)}: a page must have front matter")
    head, line = page.text[:end], f'twin: "{twin}"'
    head = _TWIN.sub(line, head, count=1) if _TWIN.search(head) else f"{head}\n{line}"
    text = head + page.text[end:]
    if text == page.text:
        return False
    page.path.write_text(text, "utf-8")
    return True


def stamp(zh: Path, en: Path, accept: bool = False) -> list[str]:
    """Stamp one page; return what keeps it from being stamped."""
    pages = Page.read(zh), Page.read(en)
    stamped = any(page.meta.get("twin") for page in pages)
    if stamped and not accept and len(moved(*pages)) == 1:
        return problems(*pages)
    for page, other in (pages, pages[::-1]):
        if write(page, digest(other)):
            print(f"{shown(page.path)}: stamped")
    return []


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description="Stamp the two languages of a page as saying the same.")
    parser.add_argument("--accept", nargs="+", type=Path, default=[], metavar="PAGE")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(arguments)
    accepted = {in_language(path.resolve(), "zh") for path in options.accept}
    found: list[str] = []
    for zh, en in pairs():
        if options.check:
            found += problems(Page.read(zh), Page.read(en))
        elif not accepted or zh in accepted:
            found += stamp(zh, en, accept=zh in accepted)
    if found:
        print("\n".join(found), file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
