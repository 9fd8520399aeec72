"""Lab notebooks become pages.

A notebook is turned into Markdown (its text as it stands, code as fenced blocks, outputs as text blocks and
inline SVG) and then goes the way of every other page: the same heading ids, table of contents, formulas,
highlighting, copy buttons, search entries and link checks, with no style sheet or script of its own. The
notebook itself is published beside the page for download. Nothing is executed.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import nbformat
import yaml
from languages import LANGUAGES, i18n
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import meta

DESCRIPTION = {"zh": "实验：{}", "en": "Lab: {}"}
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def fence(text: str, language: str) -> str:
    """A fenced block that holds this text whatever is in it."""
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"


def svg_of(output: Any) -> str | None:
    """The SVG of a notebook output, if it has one."""
    data = output.get("data", {})
    svg = data.get("image/svg+xml")
    if svg is None and "<svg" in data.get("text/html", ""):
        svg = data["text/html"]
    return "".join(svg) if svg is not None else None


def figure(svg: str, alt: str) -> str:
    """An inline SVG as a figure that a screen reader announces by its alternative text."""
    svg = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->", "", svg, flags=re.DOTALL).strip()
    svg = re.sub(r"\s*\n\s*", " ", svg)  # a blank line would end the HTML block
    label = alt.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    svg = re.sub(r'\s(?:role|aria-label|aria-labelledby)="[^"]*"', "", svg, count=3)
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
    return f'<figure class="rn-plot">{svg}</figure>'


def output_markdown(output: Any, alt: str, where: str) -> str:
    """One output of a code cell as Markdown."""
    if output["output_type"] == "error":
        raise PluginError(f"{where}: the notebook holds a failed cell ({output['ename']}); run `make labs`")
    if output["output_type"] == "stream":
        return fence(ANSI.sub("", "".join(output["text"])), "text")
    if (svg := svg_of(output)) is not None:
        if not alt:
            raise PluginError(f"{where}: a plot without alternative text (alt_zh, alt_en on its cell)")
        return figure(svg, alt)
    text = output.get("data", {}).get("text/plain", "")
    return fence("".join(text), "text")


def notebook_markdown(path: Path) -> str:
    """A notebook as the Markdown of a page."""
    notebook = nbformat.read(path, as_version=4)
    parts = []
    for number, cell in enumerate(notebook.cells, 1):
        if "notebook-only" in cell.metadata.get("tags", []):
            continue  # links and the Colab install, which the page has in its own way
        if cell.cell_type == "markdown":
            parts.append(cell.source)
        elif cell.cell_type == "code":
            parts.append(fence(cell.source, "python"))
            alt = cell.metadata.get("alt", "")
            for output in cell.outputs:
                parts.append(output_markdown(output, alt, f"{path}: cell {number}"))
    return "\n\n".join(parts) + "\n"


def front_matter(folder: Path, language: str, body: str) -> str:
    """Front matter of a lab: its heading, the article's description, a place below it in the search."""
    article = folder / f"index.{language}.md"
    _, data = meta.get_data(article.read_text(encoding="utf-8"))
    heading = re.search(r"^# (.*?)(?: \{#[\w-]+\})?$", body, re.M)
    if heading is None:
        raise PluginError(f"{folder}: the lab has no heading of the first level")
    page = {
        "title": heading[1],
        "description": DESCRIPTION[language].format(data.get("description", heading[1])),
        "search": {"boost": 0.5},
    }
    return "---\n" + yaml.safe_dump(page, allow_unicode=True, sort_keys=True) + "---\n"


@event_priority(-200)
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for every notebook of the language being built (mkdocs-static-i18n has chosen the files)."""
    language = i18n(config).current_language
    for file in list(files):
        name = PurePosixPath(file.src_uri)
        if name.name != f"lab.{language}.ipynb" or not file.abs_src_path:
            continue
        source = Path(file.abs_src_path)
        body = notebook_markdown(source)
        text = front_matter(source.parent, language, body) + body
        page = File.generated(config, name.with_suffix(".md").as_posix(), content=text)
        urls = {code: f"{root}{name.parent}/lab/" for code, root in LANGUAGES.items()}
        page.dest_uri = urls[language] + "index.html"
        page.url = urls[language]
        page.abs_dest_path = str(Path(config.site_dir) / page.dest_uri)
        page.name = "lab"
        page.locale = page.locale_alternate_of = page.localization = language  # type: ignore[attr-defined]
        page.alternates = {code: SimpleNamespace(url=url) for code, url in urls.items()}  # type: ignore[attr-defined]
        page.notebook = source  # type: ignore[attr-defined]
        page.notebook_text = source.read_text(encoding="utf-8")  # type: ignore[attr-defined]
        files.append(page)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """An article links its lab as ``lab.ipynb``, which a reader of the folder sees; the site has a page."""
    return re.sub(r"\]\(((?:\.\./|[\w-]+/)*)lab\.ipynb(#[\w-]+)?\)", r"](\1lab.md\2)", markdown)
