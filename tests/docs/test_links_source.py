"""Links as they are written: relative, without a language, to files and fragments that exist."""

from pathlib import Path

import pytest

from tools import links
from tools.paths import shown


@pytest.mark.parametrize("path", links.files(), ids=shown)
def test_links_of_a_page(path: Path) -> None:
    assert links.check_file(path) == []


LAB = '# %% [markdown] lang="zh"\n# # 实验 {#lab}\n# LINK\n\n# %% [markdown] lang="en"\n# # Lab {#lab}\n'


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A small tree of pages."""
    root = tmp_path / "docs"
    for topic in ("a/fm", "a/glossary"):
        (root / topic).mkdir(parents=True)
        for language in ("zh", "en"):
            (root / topic / f"index.{language}.md").write_text("# T {#t}\n\n## S {#s}\n", "utf-8")
    (root / "a/glossary/terms.yml").write_text("- id: mask\n", "utf-8")
    (root / "a/fm/lab.py").write_text(LAB, "utf-8")
    (root / "a/fm/architecture.svg").write_text("<svg/>")
    (root / "a/only.zh.md").write_text("# T {#t}\n", "utf-8")
    return root


def check(docs: Path, link: str) -> list[str]:
    """Check one link on a page."""
    path = docs / "a/fm/page.zh.md"
    path.write_text(f"# T {{#here}}\n\n{link}\n", "utf-8")
    return links.check_file(path)


@pytest.mark.parametrize(
    "link",
    [
        "[x](index.md)",
        "[x](index.md#s)",
        "[`x`](../glossary/index.md#mask)",
        "[x](#here)",
        "[x](lab.ipynb)",
        "[x](lab.ipynb#lab)",
        "[x](https://example.org/a)",
        "[x](mailto:a@example.org)",
        "[`FM`][recnotes.layers.FM] and [recnotes.fm][]",
        "![x](architecture.svg)",
        "`[x](nowhere.md)`",
        "```text\n[x](nowhere.md)\n```",
    ],
)
def test_good_links_pass(docs: Path, link: str) -> None:
    assert check(docs, link) == []


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("[x](nowhere.md)", "there is no nowhere.zh.md"),
        ("[x](../only.md)", "there is no only.en.md"),
        ("[x](index.md#nothing)", "there is no #nothing"),
        ("[x](../glossary/index.md#musk)", "there is no #musk"),
        ("[x](#nothing)", "there is no #nothing"),
        ("[x](index.zh.md)", "without the language"),
        ("[x](/a/fm/index.md)", "must be relative"),
        ("[x](../glossary/)", "must name the file"),
        ("[x](../glossary/lab.ipynb)", "no such lab"),
        ("[x](lab.ipynb#nothing)", "in that lab"),
        ("[x](http://example.org)", "must be https"),
        ("![x](other.svg)", "no such file"),
    ],
)
def test_bad_links_are_found(docs: Path, link: str, message: str) -> None:
    found = check(docs, link)
    assert len(found) == 1 and message in found[0] and "page.zh.md:3" in found[0], found


def test_the_links_of_a_lab_are_read(docs: Path) -> None:
    lab = docs / "a/fm/lab.py"
    lab.write_text(LAB.replace("LINK", "[x](index.md#s) [y](#lab) [z](index.md#nothing)"), "utf-8")
    found = links.check_file(lab)
    assert len(found) == 1 and "lab.py:3: index.md#nothing" in found[0]


def test_bad_prerequisites_are_found(docs: Path) -> None:
    path = docs / "a/fm/page.zh.md"
    for value, message in (("[fm]", "chapter/topic"), ("[a/fm]", "its own")):
        path.write_text(f"---\nprerequisites: {value}\n---\n# T {{#here}}\n", "utf-8")
        assert len(links.check_file(path)) == 1 and message in links.check_file(path)[0]
