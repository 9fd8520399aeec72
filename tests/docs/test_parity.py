"""The two languages of every page agree, and articles follow the template."""

from pathlib import Path

import pytest

from tools import parity, stamp
from tools.pages import DOCS, Page, pairs

PAIRS = pairs()
LABS = sorted(DOCS.rglob("lab.py"))
NAMES = [zh.parent.relative_to(DOCS).as_posix() + "/" + zh.name.removesuffix(".zh.md") for zh, _ in PAIRS]


# The real pages ------------------------------------------------------------------------------------


def test_everything_exists_in_both_languages() -> None:
    assert parity.both_languages() == []


@pytest.mark.parametrize(("zh", "en"), PAIRS, ids=NAMES)
def test_the_languages_agree_and_articles_follow_the_template(zh: Path, en: Path) -> None:
    assert parity.check_pair(zh, en) == []


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.parent.name)
def test_the_languages_of_a_lab_agree(lab: Path) -> None:
    assert parity.lab(lab) == []


@pytest.mark.parametrize(("zh", "en"), PAIRS, ids=NAMES)
def test_no_language_moved_on_alone(zh: Path, en: Path) -> None:
    assert stamp.problems(Page.read(zh), Page.read(en)) == []


# Bad samples ---------------------------------------------------------------------------------------

ZH = """\
---
title: FM
description: 一句话
prerequisites: [basics/embedding]
search: {boost: 2}
---
# FM：交叉 {#fm}

<!-- modules: a -->

秩至多是 \\(D\\)，见[术语表](../glossary/index.md#rank)与 [`fm`][recnotes.layers.fm]，一共 1225 对，
约 1.2 万个，差 0.25。[^1]

![结构图](architecture.svg)

| 符号 | 形状 |
|---|---|
| \\(x\\) | `[D]` |

$$
y = x \\quad \\text{当 } x > 0
$$

!!! note "注意"
    缩进的话。

## 代码 {#code}

```python
x = 1  # 一
print(x)
```
<!--pytest-codeblocks:expected-output-->
```text
1
```

```bash
make serve  # 启动
```

[^1]: 脚注。
"""

EN = """\
---
title: FM
description: One sentence
prerequisites: [basics/embedding]
search: {boost: 2}
---
# FM: crosses {#fm}

<!-- modules: a -->

In all 1,225 pairs, about 12 thousand of them, 0.25 apart: see [`fm`][recnotes.layers.fm] and the
[glossary](../glossary/index.md#rank); the rank is at most \\(D\\), and \\(D\\) it stays.[^1]

![The structure](architecture.svg)

| symbol | shape |
|---|---|
| \\(x\\) | `[D]` |

$$
y = x \\quad \\text{when } x > 0
$$

!!! note "Note"
    Indented words.

## Code {#code}

```python
x = 1  # one
print(x)
```
<!--pytest-codeblocks:expected-output-->
```text
1
```

```bash
make serve  # start it
```

[^1]: Footnote.
"""


def page(text: str, name: str = "page.md") -> Page:
    """A page that is in no file."""
    return Page(Path(name), text)


def test_a_good_translation_passes() -> None:
    assert parity.compare(page(ZH), page(EN)) == []


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
    found = parity.compare(page(ZH, "a.zh.md"), page(EN.replace(old, new), "a.en.md"))
    assert any(message in problem for problem in found), found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# 标题\n", "has no id"),
        ("# A {#a}\n## B {#特征}\n", "lower-case ASCII"),
        ("# A {#a}\n## B {#b}\n## C {#b}\n", "stands twice"),
        ("# A {#a}\n# B {#b}\n", "one H1"),
        ("## A {#a}\n# B {#b}\n", "one H1"),
        ("text\n", "one H1"),
    ],
)
def test_bad_heading_ids_are_found(text: str, message: str) -> None:
    found = parity.heading_ids(page(text))
    assert len(found) == 1 and message in found[0]


def test_what_stands_in_code_is_no_heading() -> None:
    assert parity.heading_ids(page("# A {#a}\n```bash\n# comment\n```\n")) == []


def article(parts: list[str]) -> str:
    """The skeleton of a model article."""
    body = "# FM {#fm}\n\n| a | b |\n|---|---|\n| c | d |\n\n"
    inside = {
        "architecture": "![结构](architecture.svg)\n",
        "formula-to-code": "$$\nx\n$$\n",
        "differences": "| a | b | c |\n|---|---|---|\n| d | e | f |\n",
        "exercises": '??? success "答案"\n    一\n' * 3,
        "references": "```bibtex\n@a{b}\n```\n",
    }
    for part in parts:
        body += f"## {part} {{#{part}}}\n\n{inside.get(part, '')}\n"
    return body


def test_an_article_with_all_parts_passes() -> None:
    assert parity.template(page(article(list(parity.MODEL_PARTS))), "interaction", "fm") == []
    assert parity.template(page(article(["use", *parity.BASICS_PARTS])), "basics", "fm") == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("{#fm}", "{#ffm}"), "folder's name"),
        (lambda text: text.replace("{#pitfalls}", "{#traps}"), "['pitfalls'] are missing"),
        (
            lambda text: (
                text.replace("{#train}", "{#x}").replace("{#copy}", "{#train}").replace("{#x}", "{#copy}")
            ),
            "in the order",
        ),
        (lambda text: text.replace('??? success "答案"\n    一\n', "", 1), "received 2"),
        (lambda text: text.replace("bibtex", "text"), "BibTeX"),
        (lambda text: text.replace("| a | b |\n|---|---|\n| c | d |\n", ""), "card"),
        (lambda text: text.replace("![结构](architecture.svg)", ""), "diagram"),
        (lambda text: text.replace("| a | b | c |", ""), "in a table"),
        (lambda text: text.replace("$$", ""), "formulas"),
    ],
)
def test_an_article_that_leaves_the_template_is_found(change, message: str) -> None:
    found = parity.template(page(change(article(list(parity.MODEL_PARTS)))), "interaction", "fm")
    assert any(message in problem for problem in found), found


def test_missing_files_are_found(tmp_path: Path) -> None:
    for name in ("a/index.zh.md", "b/index.md", "c/lab.zh.ipynb", "c/lab.en.ipynb", "d/lab.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    found = "\n".join(parity.both_languages(tmp_path))
    assert "there is no index.en.md" in found
    assert "index.md: the name must say the language" in found
    assert found.count("there is no lab.py") == 2
    assert "there is no lab.zh.ipynb" in found


LAB = """\
# %% [markdown] lang="zh"
# # 实验 {#lab}
#
# 秩是 $D$，见 `x`。

# %% [markdown] lang="en"
# # Lab {#lab}
#
# The rank is $D$, see `x`.

# %%
x = 1

# %% [markdown] lang="zh"
# ## 图 {#plot}

# %% [markdown] lang="en"
# ## Plot {#plot}
"""


def test_a_lab_is_compared_cell_by_cell(tmp_path: Path) -> None:
    lab = tmp_path / "lab.py"
    lab.write_text(LAB, "utf-8")
    assert parity.lab(lab) == []
    lab.write_text(LAB.replace("is $D$", "is $E$"), "utf-8")
    found = parity.lab(lab)
    assert len(found) == 2 and "lab.py:4: formula 'D'" in found[0] and "lab.py:9: formula 'E'" in found[1]
    lab.write_text(LAB.replace("Plot {#plot}", "Plot {#figure}"), "utf-8")
    assert any("lab.py:15: heading '## plot'" in problem for problem in parity.lab(lab))
    lab.write_text(LAB.replace("{#plot}", "{#lab}"), "utf-8")
    assert any("lab.py:15: the id 'lab' stands twice" in problem for problem in parity.lab(lab))


# Stamps --------------------------------------------------------------------------------------------


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
