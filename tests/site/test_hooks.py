"""The site's hooks one by one: what they make, and what they refuse."""

from __future__ import annotations

import importlib
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import nbformat
import pytest
from mkdocs.exceptions import PluginError

from .conftest import ROOT, build

HOOKS = ROOT / "overrides" / "hooks"


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Imports a hook as MkDocs does, beside the other hooks."""
    monkeypatch.syspath_prepend(str(HOOKS))
    before = set(sys.modules)

    def load(name: str) -> ModuleType:
        return importlib.import_module(name)

    yield load
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(HOOKS) in str(sys.modules[name].__file__):
            del sys.modules[name]


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@t.example"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A repository with two dated commits."""
    folder = tmp_path / "repository"
    (folder / "docs").mkdir(parents=True)
    git(folder, "init", "-q")
    for name, day in (("one.md", "2024-01-02"), ("two.md", "2025-03-04")):
        (folder / "docs" / name).write_text(name)
        git(folder, "add", ".")
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@t.example", "commit", "-qm", name],
            cwd=folder,
            check=True,
            env={
                "PATH": "/usr/bin:/bin",
                "GIT_COMMITTER_DATE": f"{day}T12:00:00+0000",
                "HOME": str(tmp_path),
            },
        )
    return folder


def test_pages_are_dated_by_their_last_commit(hook, history: Path) -> None:
    facts = hook("facts")
    assert facts.last_changes(history) == {"docs/one.md": "2024-01-02", "docs/two.md": "2025-03-04"}


def test_a_changed_file_has_no_date(hook, history: Path) -> None:
    (history / "docs/one.md").write_text("changed")
    assert hook("facts").last_changes(history) == {"docs/two.md": "2025-03-04"}


def test_a_shallow_clone_and_a_copy_without_history_have_no_dates(
    hook, history: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{history}", "shallow")
    assert hook("facts").last_changes(tmp_path / "shallow") == {}
    (tmp_path / "copy/docs").mkdir(parents=True)
    assert hook("facts").last_changes(tmp_path / "copy") == {}
    inside = history / "inside"  # an unpacked copy inside another project's repository
    inside.mkdir()
    assert hook("facts").last_changes(inside) == {}


def test_dates_are_written_as_each_language_writes_them(hook) -> None:
    facts = hook("facts")
    assert facts.written("2025-03-04", "zh") == "2025 年 3 月 4 日"
    assert facts.written("2025-03-04", "en") == "March 4, 2025"


def test_a_copy_without_history_builds_and_says_no_date(scratch: Path, tmp_path: Path) -> None:
    run = build(tmp_path / "out", tree=scratch, RECNOTES_ONLY="en")
    assert run.returncode == 0, run.stderr
    html = (tmp_path / "out/en/start/reading/index.html").read_text(encoding="utf-8")
    assert "verified with TensorFlow" in html and "Last changed" not in html and "issues/new" not in html


def test_an_unknown_prerequisite_fails_the_build(scratch: Path, tmp_path: Path) -> None:
    page = scratch / "docs/interaction/deepfm/index.en.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("prerequisites: [", "prerequisites: [basics/nothing, ", 1), encoding="utf-8")
    run = build(tmp_path / "out", tree=scratch, RECNOTES_ONLY="en")
    assert run.returncode != 0
    assert "prerequisite 'basics/nothing' is not a topic of this site" in run.stdout + run.stderr


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("[x](nothing.md)", "nothing.md"),
        ("[x](../../start/glossary/index.md#no-such-term)", "no-such-term"),
        ("[x][recnotes.models.deepfm.NoSuchModel]", "recnotes.models.deepfm.NoSuchModel"),
    ],
)
def test_a_link_that_leads_nowhere_fails_the_build(
    scratch: Path, tmp_path: Path, link: str, said: str
) -> None:
    page = scratch / "docs/interaction/deepfm/index.en.md"
    page.write_text(page.read_text(encoding="utf-8") + f"\n{link}\n", encoding="utf-8")
    run = build(tmp_path / "out", tree=scratch, RECNOTES_ONLY="en")
    assert run.returncode != 0
    assert said in run.stdout + run.stderr


def test_a_formula_of_a_lab_fails_with_the_line_of_its_script(scratch: Path, tmp_path: Path) -> None:
    folder = scratch / "docs/interaction/deepfm"
    script = folder / "lab.py"
    text = script.read_text(encoding="utf-8")
    script.write_text(text + '\n# %% [markdown] lang="en"\n# $\\frac{7}{$\n', encoding="utf-8")
    notebook = nbformat.read(folder / "lab.en.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("$\\frac{7}{$", id="broken"))
    nbformat.write(notebook, folder / "lab.en.ipynb")
    run = build(tmp_path / "out", tree=scratch, RECNOTES_ONLY="en")
    assert run.returncode != 0
    line = text.count("\n") + 3
    assert f"interaction/deepfm/lab.py:{line}: formula does not parse" in run.stdout + run.stderr


def test_a_notebook_becomes_markdown(hook, tmp_path: Path) -> None:
    v4 = nbformat.v4
    svg = '<?xml version="1.0"?>\n<svg viewBox="0 0 1 1" role="x">\n\n<path d="M0 0"/></svg>'
    cells = [
        v4.new_markdown_cell("# Title {#lab}"),
        v4.new_code_cell("print('```')", outputs=[v4.new_output("stream", text="\x1b[31m```\x1b[0m\n")]),
        v4.new_code_cell("install", metadata={"tags": ["notebook-only"]}),
        v4.new_code_cell(
            "plot()",
            metadata={"alt": 'A "plot" of a < b'},
            outputs=[v4.new_output("display_data", data={"image/svg+xml": svg})],
        ),
    ]
    nbformat.write(v4.new_notebook(cells=cells), tmp_path / "lab.en.ipynb")
    markdown = hook("labs").notebook_markdown(tmp_path / "lab.en.ipynb")
    assert markdown.startswith("# Title {#lab}\n\n````python\nprint('```')\n````\n\n````text\n```\n````\n")
    assert "install" not in markdown and "\x1b" not in markdown and "<?xml" not in markdown
    assert 'role="img" aria-label="A &quot;plot&quot; of a &lt; b"' in markdown
    assert markdown.count("role=") == 1 and "\n\n<path" not in markdown


def test_a_failed_cell_and_a_plot_without_text_are_refused(hook, tmp_path: Path) -> None:
    v4 = nbformat.v4
    for outputs, said in (
        ([v4.new_output("error", ename="ValueError", evalue="", traceback=[])], "failed cell"),
        ([v4.new_output("display_data", data={"image/svg+xml": "<svg/>"})], "without alternative text"),
    ):
        nbformat.write(
            v4.new_notebook(cells=[v4.new_code_cell("x", outputs=outputs)]), tmp_path / "lab.en.ipynb"
        )
        with pytest.raises(PluginError, match=said):
            hook("labs").notebook_markdown(tmp_path / "lab.en.ipynb")


def test_a_drawing_without_text_is_refused_and_one_with_text_is_put_in(hook, tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text('<svg viewBox="0 0 100 50"><path d="M0 0"/></svg>')
    files = [SimpleNamespace(src_uri="t/a.svg", url="t/a.svg", abs_src_path=str(tmp_path / "a.svg"))]
    page = SimpleNamespace(url="t/", file=SimpleNamespace(src_uri="t/index.en.md"))
    figures = hook("figures")
    html = figures.on_page_content('<p><img alt="A box" src="a.svg"></p>', page, None, files)
    assert html.startswith('<figure class="rn-diagram"><svg role="img" aria-label="A box"')
    assert 'style="max-width:130px"' in html
    for wrong, said in (
        ('<img alt="" src="a.svg">', "no alternative text"),
        ('<img alt="A box" src="b.svg">', "not a file"),
    ):
        with pytest.raises(PluginError, match=said):
            figures.on_page_content(wrong, page, None, files)


def test_included_source_is_named_after_its_file(hook) -> None:
    include = '```py\n--8<-- "recnotes/layers/fm.py:pooled"\n```\n'
    named = '```py title="recnotes/layers/fm.py"\n--8<-- "recnotes/layers/fm.py:pooled"\n```\n'
    indented = "    " + include.replace("\n-", "\n    -")
    for text, expected in ((include, named), ("```python\nx\n```\n", "```python\nx\n```\n")):
        assert hook("pages").on_page_markdown(text, None, None, None) == expected
    assert 'title="recnotes/layers/fm.py"' in hook("pages").on_page_markdown(indented, None, None, None)


def test_formulas_become_mathml(hook) -> None:
    page = SimpleNamespace(file=SimpleNamespace(src_uri="t.md", abs_src_path=None))
    inline = '<p><span class="arithmatex">\\(a &lt; b_i\\)</span></p>'
    display = '<div class="arithmatex">\\[\n\\text{中文}\n\\]</div>'
    html = hook("maths").on_page_content(inline + display, page, None, None)
    assert html.count("<math") == 2 and "arithmatex" not in html and "中文" in html
    assert html.count('data-search-exclude="formula"') == 2
    assert '<div class="rn-math"><math' in html


def test_the_font_holds_what_it_is_asked_for_and_its_license(hook) -> None:
    from io import BytesIO

    from fontTools.ttLib import TTFont

    maths = hook("maths")
    wanted = {"x", maths.italic("x"), maths.italic("h"), maths.italic("σ"), *maths.UNSEEN}
    font = TTFont(BytesIO(maths.subset_font("".join(sorted(wanted)))))
    assert font.flavor == "woff2" and "MATH" in font
    assert {chr(code) for code in font.getBestCmap()} >= {"√", "𝑥", "ℎ", "𝜎", "\u0302"}
    assert "Open Font License" in font["name"].getDebugName(13)


def test_a_conversion_that_warned_is_not_kept(hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = hook("cache")
    monkeypatch.setattr(cache, "FOLDER", tmp_path / "kept")
    monkeypatch.setattr(cache, "key_of", lambda page, config, files: page.file.src_uri)
    converted = []

    def page_of(name: str, warn: bool) -> SimpleNamespace:
        page = SimpleNamespace(file=SimpleNamespace(src_uri=name), links_to_anchors=None)

        def render(config: object, files: object) -> None:
            converted.append(name)
            page.content, page.toc, page._title_from_render, page.present_anchor_ids = "x", [], "t", {"a"}
            if warn:
                logging.getLogger("mkdocs").warning("broken link")

        page.render = render
        return page

    logging.getLogger("mkdocs").propagate = False
    for name, warn in (("good", False), ("good", False), ("bad", True), ("bad", True)):
        page = page_of(name, warn)
        cache.on_page_markdown("text", page, None, [])
        page.render(None, [])
        assert page.content == "x" and page.present_anchor_ids == {"a"}
    assert converted == ["good", "bad", "bad"]


def test_an_unreadable_conversion_counts_as_absent(
    hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = hook("cache")
    monkeypatch.setattr(cache, "FOLDER", tmp_path)
    (tmp_path / "key").write_bytes(b"half a pick")
    assert cache.load("key") is None


def test_docstring_sections_are_read_as_meant() -> None:
    spec = importlib.util.spec_from_file_location(
        "griffe_docstrings", ROOT / "overrides/griffe_docstrings.py"
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = "Does.\n\nReturns:\n    Called on ``x``: the rest.\n\nExample:\n    >>> 1\n    1\n"
    assert module.tidy(text, "output") == (
        "Does.\n\nReturns:\n    output: Called on ``x``: the rest.\n\nExamples:\n    >>> 1\n    1\n"
    )


def test_a_language_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    run = build(tmp_path / "out", RECNOTES_ONLY="fr")
    assert run.returncode != 0
    assert "RECNOTES_ONLY must be one of zh, en, received 'fr'" in run.stdout + run.stderr
