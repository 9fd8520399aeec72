"""Results pages are written from the runs on file: ``<!-- results family: frappe-ctr -->`` and its like.

``results total`` says how much has run, ``results overview`` does so by family, ``results all`` has every
card's verdict, ``results family: NAME`` one family with its cards opened, ``results cards: NAME …`` a table
of some cards for an article (``*`` stands for any text), ``results plot: NAME`` a drawing of a family.
TensorFlow is not imported.
"""

from __future__ import annotations

import fnmatch
import re
import sys
from pathlib import Path
from typing import Any

from languages import language_of
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.utils import meta
from results_card import shown
from results_fronts import fronts
from results_metrics import explained
from results_overview import every, overview, total
from results_planted import losses, spread
from results_table import plain, table
from results_words import cell, colon, say

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from experiments import texts  # noqa: E402

DOCS = Path(__file__).resolve().parents[2] / "docs"
MARKER = re.compile(r"<!-- results (total|overview|all|family|cards|plot)(?:: ([\w*. -]+?))? -->")
PLOTS = {
    "fronts": ("score-fusion", fronts),
    "losses": ("mmoe-planted", losses),
    "spread": ("mmoe-planted", spread),
}


def title_of(family: str, language: str) -> str:
    """A family's title, as its page has it; empty for a family without a page."""
    path = DOCS / "results" / f"{family}.{language}.md"
    return str(meta.get_data(path.read_text(encoding="utf-8"))[1]["title"]) if path.is_file() else ""


def family(cards: list[dict[str, Any]], language: str, page: str) -> str:
    """What a family's cards have in common, their table, its metrics, then each card."""
    protocols = {card["protocol"][language] for card in cards}
    heading = f"## {'Cards' if language == 'en' else '卡片'} {{#cards}}"
    metrics = dict.fromkeys(metric for card in cards for metric in plain(card))
    parts = [table(cards, language, page), explained(metrics, language, page), heading]
    if len(protocols) == 1:
        parts.insert(0, f"**{say('Protocol', language)}**{colon(language)}{cell(*protocols)}")
    return "\n\n".join([*parts, *(shown(card, language, len(protocols) > 1) for card in cards)])


def expand(kind: str, names: str, cards: list[dict[str, Any]], language: str, page: str) -> str:
    """What stands in a marker's place."""
    if kind == "total":
        return total(cards, language)
    if kind in ("overview", "all"):
        return (overview if kind == "overview" else every)(cards, language, page)
    if kind == "plot":
        if names not in PLOTS:
            raise PluginError(f"{page}: no plot is named {names!r}, but {', '.join(PLOTS)}")
        name, draw = PLOTS[names]
        return draw([card for card in cards if card["family"] == name], language)
    if kind == "family":
        found = [card for card in cards if card["family"] == names]
    else:
        found = [card for card in cards if any(fnmatch.fnmatchcase(card["name"], n) for n in names.split())]
    if not found:
        raise PluginError(f"{page}: no card is named {names!r}; `python -m experiments texts` writes them")
    return (family if kind == "family" else table)(found, language, page)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put tables and cards where a page asks for them."""
    if not MARKER.search(markdown):
        return markdown
    try:
        cards = texts.read()
    except ValueError as error:
        raise PluginError(f"{page.file.src_uri}: {error}") from error
    here = re.sub(r"\.(zh|en)\.md$", ".md", page.file.src_uri)
    language = language_of(page.url)
    for card in cards:
        card["title"] = title_of(card["family"], language)
    return MARKER.sub(lambda match: expand(match[1], match[2] or "", cards, language, here), markdown)
