r"""Formulas become MathML while the site is built, and the font they need becomes a small file of its own.

``pymdownx.arithmatex`` marks ``\( … \)``, ``$ … $`` and ``$$ … $$``; ``math-core`` turns them into MathML.
A formula that does not parse fails the build and names its file and line. STIX Two Math comes from the
package ``ziamath`` and is subset with fontTools to the characters of this site's formulas.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from importlib.metadata import distribution
from io import BytesIO
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from languages import is_last_build
from math_core import LatexError, LatexToMathML
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

FORMULA = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">(?:\\\((?P<inline>.*?)\\\)|\\\[(?P<block>.*?)\\\])</(?P=tag)>',
    re.DOTALL,
)
FONT = "assets/fonts/stix-two-math.woff2"
UNSEEN = {"√", *(chr(c) for c in range(0x300, 0x370))}
"""What is drawn without standing in the text: the sign of roots, and what wide accents are made of."""

_converter = LatexToMathML(fancy_error=False)
_characters: set[str] = set()


@lru_cache(maxsize=20_000)
def mathml(latex: str, display: bool) -> str:
    """One formula as MathML that the search index passes over."""
    text = _converter.convert_with_local_state(latex, displaystyle=display)
    return text.replace("<math", '<math data-search-exclude="formula"', 1)


def source_line(latex: str, page: Page) -> str:
    """Where a formula stands: file and line in what the author wrote."""
    notebook = getattr(page.file, "notebook", None)
    if notebook is not None:
        candidates = [notebook.parent / "lab.py"]
    elif page.file.abs_src_path:
        candidates = [Path(page.file.abs_src_path), *sorted(Path("recnotes").rglob("*.py"))]
    else:
        candidates = []
    first = latex.strip().splitlines()[0] if latex.strip() else latex
    for path in candidates:
        text = path.read_text(encoding="utf-8")
        at = text.find(latex.strip())
        if at < 0:
            at = text.find(first)
        if at >= 0:
            return f"{path}:{text.count(chr(10), 0, at) + 1}"
    return page.file.src_uri


@event_priority(-50)
def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Replace every marked formula of a page by MathML."""

    def convert(match: re.Match[str]) -> str:
        display = match["block"] is not None
        latex = html.unescape(match["block"] if display else match["inline"])
        try:
            text = mathml(latex.strip(), display)
        except LatexError as error:
            where = source_line(latex, page)
            raise PluginError(f"{where}: formula does not parse: {error}: {latex.strip()}") from error
        _characters.update(html.unescape(re.sub(r"<[^>]*>", "", text)))
        return f'<div class="rn-math">{text}</div>' if display else text

    return FORMULA.sub(convert, content)


def italic(character: str) -> str:
    """The math italic letter a browser shows for a single letter in ``<mi>``, or the character itself."""
    for first, last, start in (
        ("A", "Z", 0x1D434),
        ("a", "z", 0x1D44E),
        ("Α", "Ω", 0x1D6E2),
        ("α", "ω", 0x1D6FC),
    ):
        if first <= character <= last:
            return "ℎ" if character == "h" else chr(start + ord(character) - ord(first))
    return {"ϵ": "𝜖", "ϑ": "𝜗", "ϕ": "𝜙", "∂": "𝜕", "∇": "𝛻"}.get(character, character)


@lru_cache(maxsize=4)
def subset_font(characters: str) -> bytes:
    """STIX Two Math with these characters only, as woff2; copyright and license stay in its name table."""
    path = Path(str(distribution("ziamath").locate_file("ziamath/fonts/STIXTwoMath-Regular.ttf")))
    options = subset.Options()
    options.flavor = "woff2"
    options.name_IDs = ["*"]
    options.layout_features = ["*"]
    options.notdef_outline = True
    options.recalc_timestamp = False
    font = TTFont(BytesIO(path.read_bytes()), recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=sorted(ord(c) for c in characters))
    subsetter.subset(font)
    out = BytesIO()
    subset.save_font(font, out, options)
    return out.getvalue()


@event_priority(-200)
def on_post_build(config: MkDocsConfig) -> None:
    """Write the font once the formulas of all languages are known."""
    if not is_last_build(config):
        return
    target = Path(config.site_dir) / FONT
    target.parent.mkdir(parents=True, exist_ok=True)
    characters = _characters | UNSEEN | {italic(character) for character in _characters}
    target.write_bytes(subset_font("".join(sorted(characters))))
