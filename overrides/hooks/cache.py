"""Keep what a page's Markdown was converted to, so that a live reload converts the edited page only.

The key is all that conversion depends on: the text, the files it includes, the addresses of the site's
files, the configuration and the versions of the libraries. Pages that mkdocstrings fills are converted anew,
since their conversion also registers what other pages refer to. A conversion that warned is not kept, or the
warning would be lost.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from languages import i18n
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

FOLDER = Path(".cache/recnotes")
LIBRARIES = ("mkdocs", "mkdocs-material", "markdown", "pymdown-extensions", "pygments", "mkdocs-autorefs")
KEPT = ("content", "toc", "_title_from_render", "present_anchor_ids")

_memory: dict[str, dict[str, Any]] = {}
_used: set[str] = set()


class WarningCount(logging.Handler):
    """Counts the warnings MkDocs and its plugins log."""

    def __init__(self) -> None:
        """Start at zero."""
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count one."""
        self.count += 1


@contextmanager
def counted_warnings() -> Iterator[WarningCount]:
    """Count warnings within the block."""
    counter = WarningCount()
    logger = logging.getLogger("mkdocs")
    logger.addHandler(counter)
    try:
        yield counter
    finally:
        logger.removeHandler(counter)


@lru_cache(maxsize=1)
def environment() -> bytes:
    """Versions and configuration that every conversion depends on."""
    parts = [f"{name}={version(name)}" for name in LIBRARIES]
    return "\n".join(parts).encode() + Path("mkdocs.yml").read_bytes()


def key_of(page: Page, config: MkDocsConfig, files: Files) -> str:
    """A digest of all that the conversion of this page depends on."""
    digest = hashlib.sha256(environment())
    digest.update(i18n(config).current_language.encode())
    digest.update(page.file.src_uri.encode() + b"\0" + page.url.encode() + b"\0")
    digest.update("\n".join(sorted(f"{file.src_uri} {file.url}" for file in files)).encode())
    text = page.markdown or ""
    digest.update(text.encode())
    for name in re.findall(r'--8<-- "([^":]+)', text):
        digest.update(Path(name).read_bytes() if os.path.isfile(name) else b"absent")
    return digest.hexdigest()


def load(key: str) -> dict[str, Any] | None:
    """A kept conversion, from memory or disk; a file that cannot be read counts as absent."""
    if key not in _memory:
        try:
            _memory[key] = pickle.loads((FOLDER / key).read_bytes())
        except (OSError, pickle.UnpicklingError, EOFError, AttributeError):
            return None
    return _memory[key]


def store(key: str, value: dict[str, Any]) -> None:
    """Keep a conversion; a file appears whole or not at all."""
    _memory[key] = value
    FOLDER.mkdir(parents=True, exist_ok=True)
    temporary = FOLDER / f".{key}.{os.getpid()}"
    temporary.write_bytes(pickle.dumps(value))
    temporary.replace(FOLDER / key)


@event_priority(-1000)
def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put a render method on the page that asks the cache first."""
    if re.search(r"^::: ", markdown, re.M) or os.environ.get("RECNOTES_KEEP_CONVERSIONS") == "no":
        return markdown
    convert = page.render

    def render(config: MkDocsConfig, files: Files) -> None:
        key = key_of(page, config, files)
        _used.add(key)
        kept = load(key)
        if kept is None:
            with counted_warnings() as warnings:
                convert(config, files)
            if warnings.count == 0:
                links = {file.src_uri: anchors for file, anchors in (page.links_to_anchors or {}).items()}
                store(key, {"links": links, **{name: getattr(page, name) for name in KEPT}})
            return
        for name in KEPT:
            setattr(page, name, kept[name])
        by_uri = {file.src_uri: file for file in files}
        page.links_to_anchors = {by_uri[uri]: anchors for uri, anchors in kept["links"].items()}

    page.render = render  # type: ignore[method-assign]
    return markdown


@event_priority(-200)  # after mkdocs-static-i18n has built the other language
def on_post_build(config: MkDocsConfig) -> None:
    """Drop what neither language used, so that the folder does not grow."""
    one_language = bool(os.environ.get("RECNOTES_ONLY"))
    if i18n(config).building or one_language or os.environ.get("RECNOTES_KEEP_CONVERSIONS") == "no":
        return
    if FOLDER.is_dir():
        for path in FOLDER.iterdir():
            if path.name not in _used:
                path.unlink(missing_ok=True)
    for key in _memory.keys() - _used:
        del _memory[key]
    _used.clear()
