"""Hold the two languages of every page to each other, and pages to the template.

python tools/parity.py                                      # every page and lab
python tools/parity.py docs/interaction/deepfm/index.zh.md  # this page and its twin
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.article import MODEL_CHAPTERS, RESULTS, heading_ids, template  # noqa: E402
from tools.lab_source import lab_pages  # noqa: E402
from tools.pages import Page  # noqa: E402
from tools.paths import DOCS, in_language, language, pairs, shown, topic  # noqa: E402
from tools.translation import compare  # noqa: E402


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


def check_pair(zh: Path, en: Path, docs: Path = DOCS) -> list[str]:
    """All checks of one page."""
    pages = [Page.read(zh), Page.read(en)]
    found = compare(*pages)
    parts = topic(zh, docs).split("/")
    for page in pages:
        found += heading_ids(page)
        if len(parts) == 2 and parts[0] in (*MODEL_CHAPTERS, RESULTS, "basics"):
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
