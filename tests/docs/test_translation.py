"""A difference between the two languages of a page is found."""

import pytest

from tests.docs.sample_pages import EN, ZH, page
from tools.translation import compare


def test_a_good_translation_passes() -> None:
    assert compare(page(ZH), page(EN)) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("x = 1  # one", "x = 2  # one", "python block"),
        ("```text\n1\n```", "```text\n2\n```", "text block"),
        ("make serve  #", "make test  #", "bash block"),
        ("```bash\nmake serve  # start it\n```\n", "", "fenced blocks"),
        ("```bash", "```console", "a bash block"),
        ("y = x \\quad", "y = 2x \\quad", "formula"),
        ("at most \\(D\\), and \\(D\\)", "at most D, and D", "formula 'D'"),
        ("## Code {#code}", "## Code {#the-code}", "heading"),
        ("## Code {#code}", "### Code {#code}", "heading"),
        ("#rank)", "#range)", "link"),
        ("recnotes.layers.fm]", "recnotes.layers.ffm]", "link"),
        ("(architecture.svg)", "(other.svg)", "image"),
        ("| \\(x\\) | `[D]` |", "| \\(x\\) | `[D]` |\n| z | z |", "table"),
        ("!!! note", "!!! warning", "admonition"),
        ("!!! note", "??? note", "admonition"),
        ("[basics/embedding]", "[]", "prerequisites"),
        ("search: {boost: 2}\n", "", "front matter keys"),
        ("1,225", "1,226", "number"),
        ("12 thousand", "12 million", "number"),
        ("0.25", "0.52", "number"),
        ("modules: a", "modules: b", "comment or directive"),
        ("stays.[^1]", "stays.", "footnote"),
        ("[^1]: Footnote.", "[^2]: Footnote.", "footnote"),
    ],
)
def test_a_difference_is_found(old: str, new: str, message: str) -> None:
    assert old in EN
    found = compare(page(ZH, "a.zh.md"), page(EN.replace(old, new), "a.en.md"))
    assert any(message in problem for problem in found), found
