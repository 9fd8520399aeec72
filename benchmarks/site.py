"""Sizes of the built site: ``python -m benchmarks.site [SITE]`` (default: build it into a temporary folder).

Prints, for every article and lab, the gzipped HTML and the bytes of a first visit in Chromium (all that the
page asks for before the search is used, as it goes over the wire, with gzip at level 6).
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tools.pages_server import serving

KB = 1024
LIMITS = {"article": 30 * KB, "lab": 60 * KB, "first visit": 250 * KB}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class PageSize:
    """One page: its address below the site's, its kind, its gzipped HTML and its first visit in bytes."""

    page: str
    kind: str
    html: int
    visit: int

    def problems(self) -> Iterator[str]:
        """What exceeds its limit."""
        if self.html > LIMITS[self.kind]:
            yield f"{self.page}: {self.html / KB:.1f} KB of HTML, limit {LIMITS[self.kind] / KB:.0f}"
        limit = LIMITS["first visit"]
        if self.visit > limit:
            yield f"{self.page}: {self.visit / KB:.1f} KB on a first visit, limit {limit / KB:.0f}"


def topic_pages(site: Path) -> list[tuple[str, str]]:
    """Address and kind of every article and lab."""
    labs = sorted(path.parent.relative_to(site).as_posix() for path in site.rglob("lab/index.html"))
    return [(f"{lab.removesuffix('lab')}", "article") for lab in labs] + [(f"{lab}/", "lab") for lab in labs]


def first_visit(browser: Browser, url: str) -> int:
    """Bytes that went over the wire, headers included, when a new visitor opens the page."""
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    received: list[float] = []

    def finished(event: dict[str, Any]) -> None:
        received.append(event["encodedDataLength"])

    session.on("Network.loadingFinished", finished)
    page.goto(url, wait_until="networkidle")
    context.close()
    return int(sum(received))


def measure(site: Path, browser: Browser) -> list[PageSize]:
    """Sizes of every article and lab of a built site."""
    sizes = []
    with serving(site) as address:
        for page, kind in topic_pages(site):
            html = len(gzip.compress((site / page / "index.html").read_bytes(), 6, mtime=0))
            sizes.append(PageSize(page, kind, html, first_visit(browser, address + page)))
    return sizes


def report(sizes: list[PageSize]) -> str:
    """The sizes as a table."""
    lines = [f"{'page':52s} {'kind':8s} {'HTML, KB':>9s} {'first visit, KB':>16s}"]
    lines += [f"{s.page:52s} {s.kind:8s} {s.html / KB:9.1f} {s.visit / KB:16.1f}" for s in sizes]
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and exit with 1 where a limit is exceeded."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.site", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("site", nargs="?", type=Path)
    options = parser.parse_args()
    chromium = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if chromium is None:
        parser.error(f"none of {', '.join(BROWSERS)} is installed")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = options.site
        if site is None:
            site = Path(folder) / "site"
            environment = {
                **os.environ,
                "NO_MKDOCS_2_WARNING": "1",
                "RECNOTES_SITE_URL": "https://x.example/recnotes/",
            }
            command = [
                sys.executable,
                "-m",
                "mkdocs",
                "build",
                "--quiet",
                "--strict",
                "--site-dir",
                str(site),
            ]
            subprocess.run(command, env=environment, check=True)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        sizes = measure(site, browser)
        browser.close()
    print(report(sizes))
    problems = [line for size in sizes for line in size.problems()]
    print("\n".join(problems) or "All within their limits.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
