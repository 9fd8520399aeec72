"""Small repairs to Material's pages that have no template block: names and roles for assistive technology."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from languages import ALTERNATE, LANGUAGES, i18n, language_of
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

PLAIN = re.compile(r'<span(?: class="(?:n|o|p|w)")?>([^<]*)</span>')
SOURCE = re.compile(r'(<details class="mkdocstrings-source")>')
DEFAULT = re.compile(r"\s\(default: (?:[^()<]|\([^()]*\)|<[^>]*>)*\)(?=\.?\s*</p>|\.)")
INCLUDE = re.compile(r'^( *```py)(\n *--8<-- "([^":]+))', re.M)
SEARCH_NAME = {"zh": "搜索", "en": "Search"}


def repair(output: str, language: str) -> str:
    """Name the search dialog."""
    return re.sub(
        r'(<div class="md-search" data-md-component="search" role="dialog")>',
        rf'\1 aria-label="{SEARCH_NAME[language]}">',
        output,
    )


@event_priority(-150)
def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    """The first page of "start" is a page like the others, not the index of its section."""
    for page in nav.pages:
        if page.file.src_uri.startswith("start/"):
            page.file.name = Path(page.file.src_uri).parent.name
    return nav


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Included source says above it which file it is from."""
    return INCLUDE.sub(r'\1 title="\3"\2', markdown)


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Tidy code and API pages.

    Names, punctuation and operators have the color of all code: without their spans an article is an eighth
    lighter. On API pages source code stays out of the search, and defaults are said once, by mkdocstrings.
    """
    content = PLAIN.sub(r"\1", content)
    if "doc doc-" not in content:
        return content
    content = SOURCE.sub(r'\1 data-search-exclude="source">', content)
    return DEFAULT.sub("", content)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Repair every page."""
    return repair(output, language_of(page.url))


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    """Repair the 404 page, which is no page to MkDocs."""
    if template_name != "404.html":
        return output_content
    output_content = ALTERNATE.sub("", output_content)
    base = urlsplit(config.site_url or "/").path.rstrip("/") + "/"
    for language, folder in LANGUAGES.items():
        output_content = re.sub(
            rf'<a href="[^"]*" hreflang="{language}"',
            f'<a href="{base}{folder}" hreflang="{language}"',
            output_content,
        )
    return repair(output_content, i18n(config).current_language)
