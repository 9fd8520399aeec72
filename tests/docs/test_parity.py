"""The two languages of every page agree, and articles follow the template."""

from pathlib import Path

import pytest

from tools import parity
from tools.paths import DOCS, pairs

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


# Bad samples ---------------------------------------------------------------------------------------


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
