"""Two languages in one site: what mkdocs-static-i18n leaves to be done.

* ``RECNOTES_ONLY=en`` (or ``zh``) builds one language, at the address it has in the whole site.
* No ``<link rel="alternate">`` in the head: Material's script would ask for ``<page>/sitemap.xml`` of each.
  The sitemap carries the alternates instead.
* A sitemap of all pages of all languages, with ``hreflang``.
"""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import ConfigurationError
from mkdocs.plugins import event_priority
from mkdocs.structure.pages import Page

LANGUAGES = {"zh": "", "en": "en/"}
"""Each language and the folder of the site its pages are in."""

ALTERNATE = re.compile(r'<link rel="alternate" href="[^"]*" hreflang="[^"]*">\n?')

_pages: dict[str, str] = {}


def language_of(url: str) -> str:
    """The language of the page at this address of the site."""
    return "en" if url.startswith("en/") else "zh"


def twin_url(url: str) -> str:
    """The address of the same page in the other language."""
    return url.removeprefix("en/") if url.startswith("en/") else "en/" + url


def i18n(config: MkDocsConfig) -> Any:
    """The mkdocs-static-i18n plugin of this build."""
    return config.plugins["i18n"]


def is_last_build(config: MkDocsConfig) -> bool:
    """Whether all languages are built by now (the plugin builds the second one inside the first)."""
    return not i18n(config).building


@event_priority(100)
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Honor RECNOTES_ONLY, before mkdocs-static-i18n reads which languages to build."""
    plugin = i18n(config)
    only = os.environ.get("RECNOTES_ONLY", "")
    if only and only not in LANGUAGES:
        raise ConfigurationError(f"RECNOTES_ONLY must be one of {', '.join(LANGUAGES)}, received {only!r}")
    if only:
        for language in plugin.config.languages:
            language.build = language.locale == only
    if not plugin.building:
        plugin.current_language = only or plugin.default_language
        plugin.search_entries.clear()  # or a live reload would keep the entries of the build before
        _pages.clear()
    # Now, for the plugins that read it before mkdocs-static-i18n sets it.
    config.theme["language"] = plugin.current_language
    return config


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Take the alternates out of the head and remember the page for the sitemap."""
    _pages[page.url] = page.file.src_uri
    return ALTERNATE.sub("", output)


@event_priority(-200)
def on_post_build(config: MkDocsConfig) -> None:
    """Write the sitemap once all languages are there."""
    if not is_last_build(config):
        return
    base = (config.site_url or "").rstrip("/") + "/"
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">'
    )
    for url in sorted(_pages):
        lines.append(f"<url><loc>{escape(base + url)}</loc>")
        for other in sorted({url, twin_url(url)} & _pages.keys()):
            code = {"zh": "zh-Hans", "en": "en"}[language_of(other)]
            lines.append(f'<xhtml:link rel="alternate" hreflang="{code}" href="{escape(base + other)}"/>')
        lines.append("</url>")
    lines.append("</urlset>\n")
    text = "\n".join(lines).encode()
    site = Path(config.site_dir)
    (site / "sitemap.xml").write_bytes(text)
    (site / "sitemap.xml.gz").write_bytes(gzip.compress(text, mtime=0))
    (site / "robots.txt").write_text(f"User-agent: *\nAllow: /\nSitemap: {base}sitemap.xml\n")
