"""Hand-written SVG diagrams are put into the page, so that ``currentColor`` follows its color scheme."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import urljoin

from labs import figure
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

WIDTH = re.compile(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) [\d.]+"')
LARGEST = 1.3
"""How much larger than drawn (for a phone) a diagram may be shown on a wide screen."""
IMAGE = re.compile(r"(?:<p>\s*)?<img\b(?P<attributes>[^>]*\bsrc=\"(?P<src>[^\":]+\.svg)\"[^>]*)>(?:\s*</p>)?")


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Replace ``<img src="….svg" alt="…">`` by the drawing itself, named by its alternative text."""
    sources = {file.url: file.abs_src_path for file in files if file.src_uri.endswith(".svg")}

    def inline(match: re.Match[str]) -> str:
        alt = re.search(r'\balt="([^"]*)"', match["attributes"])
        if not alt or not alt[1].strip():
            raise PluginError(f"{page.file.src_uri}: {match['src']} has no alternative text")
        path = sources.get(urljoin(page.url, match["src"]))
        if path is None:
            raise PluginError(f"{page.file.src_uri}: {match['src']} is not a file of this site")
        text = Path(path).read_text(encoding="utf-8")
        drawing = figure(text, html.unescape(alt[1])).replace("rn-plot", "rn-diagram", 1)
        return WIDTH.sub(
            lambda box: f'{box[0]} style="max-width:{LARGEST * float(box[1]):.0f}px"', drawing, 1
        )

    return IMAGE.sub(inline, content)
