"""One search index a language, segmented with the glossary's terms."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jieba
from glossary import terms
from languages import i18n, is_last_build
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import CombinedEvent, event_priority
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

NO_WORDS = re.compile(r"<(math|svg)\b.*?</\1>|</?span\b[^>]*>", re.DOTALL)

jieba.setLogLevel("WARNING")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Teach jieba the glossary, so that 特征交叉 stays one word."""
    for term in terms():
        jieba.add_word(term)
    return config


_contents: dict[str, str] = {}
_indexing: dict[str, tuple[int, int, Any]] = {}
_entries: dict[str, tuple[int, list[dict[str, Any]]]] = {}


def entries_of(config: MkDocsConfig) -> list[dict[str, Any]]:
    """The entries Material's search plugin has collected so far."""
    plugin: Any = config.plugins["material/search"]
    entries: list[dict[str, Any]] = plugin.search_index.entries
    return entries


@event_priority(100)
def words_only(context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Navigation) -> dict[str, Any]:
    """Show the search plugin the words of a page only.

    Formulas and drawings are no words, and the spans that color code are nine tenths of what its parser, half
    of the time of a build, would read.
    """
    _contents[page.url] = page.content or ""
    page.content = NO_WORDS.sub("", _contents[page.url])
    entries = entries_of(config)
    key = hash((page.content, str(page.meta), page.title))
    known, kept = _entries.get(page.url, (None, []))
    _indexing[page.url] = (key, len(entries), page.meta.get("search"))
    if known == key:  # a live reload: the page says what it said before
        entries.extend(kept)
        page.meta["search"] = {"exclude": True}
    return context


@event_priority(-100)
def restore_content(
    context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Navigation
) -> dict[str, Any]:
    """Give the page its content back, without the marks that were meant for the search plugin."""
    page.content = re.sub(r'\s?data-search-\w+="[^"]+"', "", _contents.pop(page.url))
    key, start, page.meta["search"] = _indexing.pop(page.url)
    _entries[page.url] = (key, entries_of(config)[start:])
    return context


on_page_context = CombinedEvent(words_only, restore_content)


def english_base(output: str) -> str:
    """Point the base of a page's configuration at the English part of the site."""
    pattern = r'(<script id="__config"[^>]*>[^<]*?"base": ?")([^"]*?)/?"'
    changed, count = re.subn(pattern, r'\1\2/en/"', output, count=1)
    if not count:
        raise PluginError("Material's page configuration has no base any more: overrides/hooks/search.py")
    return changed


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """English pages look for their index under ``en/`` (with the slash: browsers resolve against it)."""
    return english_base(output) if page.url.startswith("en/") else output


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    """The 404 page searches in the language its header is written in."""
    if template_name == "404.html" and i18n(config).current_language == "en":
        return english_base(output_content)
    return output_content


@event_priority(-250)
def on_post_build(config: MkDocsConfig) -> None:
    """Split the index of the whole site into one a language."""
    if not is_last_build(config):
        return
    site = Path(config.site_dir)
    path = site / "search" / "search_index.json"
    index = json.loads(path.read_text(encoding="utf-8"))
    index["config"]["lang"] = [
        "en"
    ]  # Chinese is segmented while building; what is left needs no stemmer of its own
    languages: dict[str, list[dict[str, object]]] = {"": [], "en": []}
    for entry in index["docs"]:
        english = entry["location"].startswith("en/")
        if english:
            entry["location"] = entry["location"].removeprefix("en/")
        languages["en" if english else ""].append(entry)
    for folder, entries in languages.items():
        if not entries:
            continue
        target = site / folder / "search" / "search_index.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**index, "docs": entries}, ensure_ascii=False, separators=(",", ":"))
        target.write_text(text, encoding="utf-8")
    if not languages[""]:
        path.unlink()
