"""How long ``make serve`` takes at the site's full size: ``python -m benchmarks.serve``.

A scratch copy of the repository gets as many topics and labs as the full site will have, by copying the
finished ones and making each copy's text its own. Then the server is started twice (the second time with the
conversions kept) and one article is edited while it runs, with both languages and with one. Times are from
the clock, in seconds.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PORT = 8123


def distinct(text: str, number: int) -> str:
    """The same text with a number in every paragraph, so that no two copies convert or index alike."""
    front, body = text.split("\n---\n", 1) if text.startswith("---\n") else ("", text)
    fenced = False
    lines = []
    for line in body.split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            line += f"\n# {number}" if fenced and line.strip() == "```python" else ""
        prose = not fenced and re.match(r"[A-Za-z\u4e00-\u9fff].*[.。]$", line)
        lines.append(f"{line} ({number})" if prose else line)
    body = re.sub(r"^(# .*?)( \{#.*\})?$", rf"\1 {number}\2", "\n".join(lines), count=1, flags=re.M)
    return f"{front}\n---\n{body}" if front else body


def grow(tree: Path, topics: int, labs: int) -> list[str]:
    """Copy topics until there are this many; return the added folders."""
    finished = [path.parent for path in sorted((tree / "docs").rglob("lab.py"))]
    added: list[str] = []
    chapters: dict[str, list[object]] = {}
    for number in range(len(finished), topics):
        source = finished[number % len(finished)]
        target = source.with_name(f"{source.name}-{number}")
        target.mkdir()
        for path in source.iterdir():
            if path.suffix == ".ipynb" and number >= labs:
                continue
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".ipynb":
                text = re.sub(r'"(# [^"]*?)( \{#)', rf'"\1 {number}\2', text, count=1)
            elif path.suffix == ".md":
                text = distinct(text, number)
                if number >= labs:
                    text = re.sub(r"\[([^\]]*)\]\(lab\.ipynb[^)]*\)", r"\1", text)
            (target / path.name).write_text(text, encoding="utf-8")
        name = target.relative_to(tree / "docs").as_posix()
        pages: list[object] = [f"{name}/index.md"]
        if number < labs:
            pages.append({"实验": f"{name}/lab.md"})
        chapters.setdefault(name.split("/")[0], []).append({f"T{number}": pages})
        added.append(name)
    config = tree / "mkdocs.yml"
    lines = yaml.safe_dump([{chapter: pages} for chapter, pages in chapters.items()], allow_unicode=True)
    indented = "".join(f"  {line}\n" for line in lines.splitlines())
    config.write_text(config.read_text(encoding="utf-8").rstrip() + "\n" + indented, encoding="utf-8")
    return added


def fetch(path: str) -> str:
    """A page of the running server, or nothing."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{path}", timeout=30) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return ""


def seconds_until(path: str, text: str, limit: float = 300) -> float:
    """Time until the page at this path holds the text."""
    started = time.monotonic()
    while text not in fetch(path):
        if time.monotonic() - started > limit:
            raise TimeoutError(f"{path} did not show {text!r} within {limit:.0f} s")
        time.sleep(0.1)
    return time.monotonic() - started


@contextmanager
def server(tree: Path, only: str = "") -> Iterator[None]:
    """The server `make serve` starts, in the scratch tree."""
    command = [sys.executable, "tools/serve.py", "--port", str(PORT), "--only", only]
    process = subprocess.Popen(
        command, cwd=tree, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def edited(tree: Path, topic: str, language: str, word: str) -> float:
    """Add a sentence to an article and wait until the server shows it."""
    path = tree / "docs" / topic / f"index.{language}.md"
    path.write_text(path.read_text(encoding="utf-8") + f"\n{word}\n", encoding="utf-8")
    return seconds_until(f"{'en/' if language == 'en' else ''}{topic}/", word)


def show(what: str, seconds: float) -> None:
    """Print one measurement."""
    print(f"{what:40s} {seconds:6.1f}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time make serve at full size.")
    parser.add_argument("--topics", type=int, default=60)
    parser.add_argument("--labs", type=int, default=45)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        ignored = shutil.ignore_patterns(".*", "site", "__pycache__", "*.egg-info")
        shutil.copytree(ROOT, tree, ignore=ignored)
        added = grow(tree, options.topics, options.labs)
        home, last = "<h1", added[-1]
        print(f"{options.topics} topics, {options.labs} labs, two languages")
        with server(tree):
            show("ready, nothing kept from before", seconds_until(last + "/", home))
        with server(tree):
            show("ready, conversions kept", seconds_until(last + "/", home))
            show("an edit visible, both languages", edited(tree, last, "en", "edit-one"))
            show("another edit, the other language", edited(tree, last, "zh", "edit-two"))
        with server(tree, "en"):
            show("ready, ONLY=en", seconds_until(f"en/{last}/", home))
            show("an edit visible, ONLY=en", edited(tree, last, "en", "edit-three"))


if __name__ == "__main__":
    main()
