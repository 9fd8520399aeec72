"""The words of every page and lab: typography, banned words, terms, alternative texts, front matter."""

from pathlib import Path

import pytest

from tests.docs.sample_pages import page
from tools import prose
from tools.paths import shown


@pytest.mark.parametrize("path", prose.files(), ids=shown)
def test_the_words_of_a_page(path: Path) -> None:
    assert prose.check_file(path) == []


# Bad and good samples ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("您好。", "zh"),
        ("众所周知，FM 好。", "zh"),
        ("显然如此。", "zh"),
        ("It is simply so.", "en"),
        ("Obviously, it is.", "en"),
        ("As we all know, it is.", "en"),
    ],
)
def test_banned_words_are_found(text: str, wanted: str) -> None:
    assert len(prose.banned(page(text + "\n"), wanted)) == 1


def test_banned_words_in_code_are_not_prose() -> None:
    assert prose.banned(page("`simply`\n\n```bash\nsimply\n```\n"), "en") == []


ENTRIES = [
    {
        "zh": "特征交叉",
        "en": "feature interaction",
        "wrong_zh": ["特征交互"],
        "wrong_en": ["feature crossing"],
    },
    {"zh": "嵌入表", "en": "embedding table", "wrong_zh": ["入表"], "wrong_en": ["table"]},
]


def test_wrong_terms_are_found_and_right_ones_that_contain_them_are_not() -> None:
    assert len(prose.synonyms(page("# 特征交互\n"), "zh", ENTRIES)) == 1
    assert len(prose.synonyms(page("Feature crossing works.\n"), "en", ENTRIES)) == 1
    assert prose.synonyms(page("嵌入表与特征交叉，`特征交互`。\n"), "zh", ENTRIES) == []
    assert prose.synonyms(page("An embedding table; tables.\n"), "en", ENTRIES) == []
    assert len(prose.synonyms(page("入表。\n"), "zh", ENTRIES)) == 1


def test_the_glossary_may_name_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index.zh.md"
    path.write_text(
        "---\ntitle: 术语\ndescription: " + "长" * 40 + "\n---\n# 术语 {#a}\n\n不写特征交互。\n", "utf-8"
    )
    monkeypatch.setattr(prose, "terms", lambda: ENTRIES)
    assert len(prose.check_file(path)) == 1
    monkeypatch.setattr(prose, "TERMS", tmp_path / "terms.yml")
    assert prose.check_file(path) == []


def test_chinese_on_an_english_page_is_found() -> None:
    assert len(prose.foreign(page("The word 特征 here.\n"))) == 1
    assert len(prose.foreign(page("A comma， here.\n"))) == 1
    assert prose.foreign(page("A [中文](a.md) page, `特征`.\n")) == []


@pytest.mark.parametrize(
    ("text", "wanted", "message"),
    [
        ("![](a.svg)", "zh", "must say"),
        ("![图](a.svg)", "zh", "must say"),
        ("![The structure](a.svg)", "zh", "language"),
        ("![模型的整体结构示意](a.svg)", "en", "language"),
        ('<img src="a.svg">', "en", "must say"),
    ],
)
def test_bad_alternative_texts_are_found(text: str, wanted: str, message: str) -> None:
    found = prose.alternatives(page(text + "\n"), wanted)
    assert len(found) == 1 and message in found[0]


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ("description: " + "word " * 12, "must hold a title"),
        ("title: FM", "must hold a description"),
        ("title: FM\ndescription: short", "characters"),
        ("title: FM\ndescription: " + "word " * 40, "characters"),
        ("title: FM\ndescription: " + "词" * 60, "language"),
        ("title: DeepFM\ndescription: " + "word " * 12, "repeat the title"),
    ],
)
def test_bad_front_matter_is_found(front: str, message: str) -> None:
    found = prose.front_matter(page(f"---\n{front}\n---\n# FM {{#fm}}\n"), "en")
    assert len(found) == 1 and message in found[0], found


def test_labs_and_their_alternative_texts_are_read(tmp_path: Path) -> None:
    lab = tmp_path / "lab.py"
    lab.write_text(
        '# %% [markdown] lang="zh"\n# # 实验abc {#lab}\n\n'
        '# %% [markdown] lang="en"\n# # Lab, simply {#lab}\n\n'
        '# %% alt_zh="The gates" alt_en="The gates of two tasks"\nx = 1\n',
        "utf-8",
    )
    found = prose.check_file(lab)
    assert [problem.split(": ")[0].rsplit("/", 1)[1] for problem in found] == [
        "lab.py:2",
        "lab.py:5",
        "lab.py:7",
    ]


def test_the_glossarys_definitions_are_read() -> None:
    entry = {
        "id": "fm",
        "zh": "因子分解机",
        "en": "FM",
        "zh_definition": "一个FM。",
        "en_definition": "It is.",
    }
    assert len(prose.check_terms([entry])) == 1
