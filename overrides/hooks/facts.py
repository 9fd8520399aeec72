"""What every page says about itself: what to read first, its lab, verified with what, last changed when."""

from __future__ import annotations

import os
import re
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from languages import language_of
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]


@lru_cache(maxsize=1)
def verified_with() -> dict[str, str]:
    """TensorFlow's and Keras's versions in constraints.txt; a test holds that the tests run with them."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, re.M))
    return {name: pins[name] for name in ("tensorflow", "keras")}


def git(*arguments: str, root: Path = ROOT) -> str | None:
    """What git prints, or None where there is no git or no repository."""
    try:
        run = subprocess.run(
            ["git", "-c", "core.quotepath=off", *arguments],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout


def last_changes(root: Path = ROOT) -> dict[str, str]:
    """Date (YYYY-MM-DD) of the last commit of each tracked file; empty where the history is not whole.

    In a shallow clone every file seems to come from the last commit; a file with uncommitted changes has no
    date yet.
    """
    top = git("rev-parse", "--show-toplevel", root=root)
    if top is None or Path(top.strip()).resolve() != root.resolve():
        return {}
    if (git("rev-parse", "--is-shallow-repository", root=root) or "true").strip() != "false":
        return {}
    dates: dict[str, str] = {}
    date = ""
    for line in (
        git("log", "--format=@%cs", "--name-only", "--", "docs", "recnotes", root=root) or ""
    ).splitlines():
        if line.startswith("@"):
            date = line[1:]
        elif line:
            dates.setdefault(line, date)
    for line in (git("status", "--porcelain", "--", "docs", "recnotes", root=root) or "").splitlines():
        dates.pop(line[3:].split(" -> ")[-1].strip('"'), None)
    return dates


_dates: dict[str, str] = {}


def on_pre_build(config: MkDocsConfig) -> None:
    """Read the dates once a build; the commit's time stands for the build's, so that two builds are equal."""
    _dates.clear()
    _dates.update(last_changes())
    stamp = git("log", "-1", "--format=%ct")
    if stamp and stamp.strip():
        os.environ.setdefault("SOURCE_DATE_EPOCH", stamp.strip())


def sources(page: Page, content: str) -> list[str]:
    """The files whose last change is the page's last change."""
    notebook = getattr(page.file, "notebook", None)
    folder = Path("docs", page.file.src_uri).parent.as_posix()
    if notebook is not None:
        return [f"{folder}/lab.py"]
    names = [f"docs/{page.file.src_uri}"]
    names += [f"{folder}/{name}" for name in re.findall(r"\]\((\w[\w.-]*\.svg)\)", content)]
    names += re.findall(r'--8<-- "([\w/.-]+\.py)', content)
    if (ROOT / folder / "terms.yml").is_file():
        names.append(f"{folder}/terms.yml")
    for module in re.findall(r"^::: ([\w.]+)$", content, re.M):
        path = Path(*module.split("."))
        names.append(f"{path}/__init__.py" if (ROOT / path).is_dir() else f"{path}.py")
    return names


def changed(page: Page, content: str) -> str | None:
    """Date of the page's last change, or None where it is not known for all its files."""
    dates = [_dates.get(name) for name in sources(page, content)]
    return max(date for date in dates if date) if dates and all(dates) else None


def written(date: str, language: str) -> str:
    """A date as each language writes it."""
    year, month, day = (int(part) for part in date.split("-"))
    if language == "zh":
        return f"{year} 年 {month} 月 {day} 日"
    months = "January February March April May June July August September October November December".split()
    return f"{months[month - 1]} {day}, {year}"


def on_page_context(
    context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Navigation
) -> dict[str, Any]:
    """Hand the facts to the templates (overrides/rn)."""
    language = language_of(page.url)
    by_uri = {item.file.src_uri: item for item in nav.pages}
    folder = Path(page.file.src_uri).parent.as_posix()
    is_lab = hasattr(page.file, "notebook")
    repository = str(config.extra.get("repository") or "").rstrip("/")
    needs = []
    for topic in page.meta.get("prerequisites") or []:
        target = by_uri.get(f"{topic}/index.{language}.md")
        if target is None:
            raise PluginError(f"{page.file.src_uri}: prerequisite {topic!r} is not a topic of this site")
        needs.append(target)
    date = changed(page, page.markdown or "")
    source = f"docs/{folder}/lab.py" if is_lab else f"docs/{page.file.src_uri}"
    notebook = f"docs/{folder}/lab.{language}.ipynb"
    has_install = "google.colab" in getattr(page.file, "notebook_text", "")
    facts: dict[str, Any] = {
        "language": language,
        "needs": needs,
        "versions": verified_with(),
        "article": by_uri.get(f"{folder}/index.{language}.md") if is_lab else None,
        "lab": None if is_lab else by_uri.get(f"{folder}/lab.{language}.md"),
        "download": f"{page.url.rstrip('/')}.ipynb" if is_lab else None,
        "colab": None,
        "date": date,
        "written": written(date, language) if date else None,
        "report": None,
    }
    if repository:
        title = quote(f"{page.url or '/'}: ")
        facts["report"] = f"{repository}/issues/new?title={title}&body={quote(f'{source}: ')}"
        # Without the cell that installs the package there (tools/labs.py), a notebook does not run in Colab.
        if has_install and repository.startswith("https://github.com/"):
            path = repository.removeprefix("https://github.com/")
            facts["colab"] = f"https://colab.research.google.com/github/{path}/blob/main/{notebook}"
    context["facts"] = facts
    return context
