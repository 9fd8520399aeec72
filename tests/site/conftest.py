"""The site, built once for all its tests, served as GitHub Pages would, and a real browser to look at it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from filelock import FileLock
from playwright.sync_api import Browser, sync_playwright

from tools.pages_server import serving

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "https://recnotes.example/recnotes/"
REPOSITORY = "https://github.com/example/recnotes"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def build(target: Path, *, tree: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Build the site strictly into a folder, as ``mkdocs build --strict`` does."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)],
        cwd=tree,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


@lru_cache(maxsize=512)
def parsed(path: Path) -> BeautifulSoup:
    """An HTML file's tree."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")


@dataclass(frozen=True)
class Site:
    """A built site: its folder, and the address it is served at."""

    folder: Path
    address: str

    @property
    def pages(self) -> list[str]:
        """Every page's address below the site's, from the sitemap."""
        text = (self.folder / "sitemap.xml").read_text(encoding="utf-8")
        return [url.removeprefix(ADDRESS) for url in re.findall(r"<loc>([^<]*)</loc>", text)]

    def html(self, page: str) -> BeautifulSoup:
        """One page, parsed once; not to be changed."""
        return parsed(self.folder / page / "index.html")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The whole site, built strictly for a sub-path with a repository set, and served."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder = shared / "site"
    with FileLock(shared / "site.lock"):
        if not folder.exists():
            run = build(folder, RECNOTES_SITE_URL=ADDRESS, RECNOTES_REPOSITORY=REPOSITORY)
            assert run.returncode == 0, run.stdout + run.stderr
    with serving(folder) as address:
        yield Site(folder, address)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; tests that need it skip where there is none, but never in .ci/run."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        if os.environ.get("RECNOTES_BROWSER") == "required":
            pytest.fail("RECNOTES_BROWSER=required, and no Chromium is installed")
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the site is built from, to be broken."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("docs", "overrides", "recnotes", "experiments"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tree / name)
    return tree
