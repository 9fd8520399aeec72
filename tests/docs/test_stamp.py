"""Pages whose languages moved on, alone or together, are found and stamped."""

from pathlib import Path

import pytest

from tests.docs.sample_pages import EN, ZH, page
from tools import stamp
from tools.pages import Page
from tools.paths import pairs, shown


@pytest.mark.parametrize(("zh", "en"), pairs(), ids=shown)
def test_no_language_moved_on_alone(zh: Path, en: Path) -> None:
    assert stamp.problems(Page.read(zh), Page.read(en)) == []


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A stamped pair of pages."""
    paths = tmp_path / "index.zh.md", tmp_path / "index.en.md"
    for path, text in zip(paths, (ZH, EN), strict=True):
        path.write_text(text, "utf-8")
    assert stamp.stamp(*paths) == []
    return paths


def check(pair: tuple[Path, Path]) -> list[str]:
    """What the test of the real pages would say."""
    return stamp.problems(*map(Page.read, pair))


def edit(path: Path, old: str, new: str) -> None:
    """Change a file."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_stamped_pair_passes_and_stamping_again_changes_nothing(pair: tuple[Path, Path]) -> None:
    assert check(pair) == []
    before = [path.read_bytes() for path in pair]
    assert stamp.stamp(*pair) == []
    assert [path.read_bytes() for path in pair] == before


def test_code_formulas_links_and_white_space_are_no_prose(pair: tuple[Path, Path]) -> None:
    edit(pair[1], "x = 1", "x = 2")
    edit(pair[1], "at most \\(D\\)", "at most \\(K\\)")
    edit(pair[1], "#rank", "#range")
    edit(pair[1], "the rank", "the\nrank")
    assert check(pair) == []


def test_one_language_alone_is_found_and_not_stamped(pair: tuple[Path, Path]) -> None:
    edit(pair[1], "the rank", "the full rank")
    assert len(check(pair)) == 1 and "index.en.md moved on alone" in check(pair)[0]
    assert "moved on alone" in stamp.stamp(*pair)[0]
    assert len(check(pair)) == 1
    assert stamp.stamp(*pair, accept=True) == []
    assert check(pair) == []


def test_both_languages_together_are_found_and_stamped(pair: tuple[Path, Path]) -> None:
    edit(pair[1], "the rank", "the full rank")
    edit(pair[0], "秩", "满秩")
    assert "both languages changed" in check(pair)[0]
    assert stamp.stamp(*pair) == []
    assert check(pair) == []


def test_a_new_page_must_be_stamped(tmp_path: Path) -> None:
    assert "both languages changed" in stamp.problems(page(ZH), page(EN))[0]
