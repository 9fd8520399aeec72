"""Labs: built once, both languages, deterministic; stale notebooks and other outputs are found."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tools import lab_notebook, labs
from tools.lab_figures import page_svg
from tools.lab_notebook import is_stale, notebook, notebook_path, repository
from tools.lab_source import LabError, all_labs, read_lab
from tools.paths import LANGUAGES

TITLE = '# %% [markdown] lang="zh"\n# # 实验 {#lab}\n\n# %% [markdown] lang="en"\n# # Lab {#lab}\n\n'
NUMBERS = '# %%\nimport numpy as np\n\nx = np.arange(6.0)  # [6]\nprint("mean", x.mean())\n\n'
PLOT = """\
# %% alt_zh="一条上升的“线”" alt_en="A rising \\"line\\" & more"
import matplotlib.pyplot as plt

fig, ax = plt.subplots()
ax.plot(x, 2 * x, marker="o", label="$w_i$")
ax.bar([0], [1.0], color="k")
ax.set_xlabel("特征 feature")
ax.legend()

"""


def make(folder: Path, text: str) -> Path:
    """Write a lab."""
    folder.mkdir(exist_ok=True)
    lab = folder / "lab.py"
    lab.write_text(text, "utf-8")
    return lab


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab with numbers and a plot, built."""
    lab = make(tmp_path_factory.mktemp("topic"), TITLE + NUMBERS + PLOT)
    labs.build(lab)
    return lab


def read(lab: Path, language: str) -> dict:
    """Read a built notebook as plain JSON."""
    return json.loads(notebook_path(lab, language).read_text("utf-8"))


def figure(lab: Path, language: str) -> str:
    """Return the SVG of the built lab's plot."""
    for cell in read(lab, language)["cells"]:
        for output in cell.get("outputs", []):
            if "image/svg+xml" in output.get("data", {}):
                return output["data"]["image/svg+xml"]
    raise AssertionError("no figure")


# The real labs -------------------------------------------------------------------------------------


def test_no_lab_is_stale() -> None:
    assert [str(lab) for lab in all_labs() if is_stale(lab)] == []


@pytest.mark.parametrize("lab", all_labs(), ids=lambda lab: lab.parent.name)
def test_outputs_are_what_the_code_prints_now(lab: Path) -> None:
    run, problems = labs.check(lab)
    assert problems == []
    assert run is not None
    print(f"{run.cpu:.1f} s of CPU time, {run.wall:.1f} s on the clock")


@pytest.mark.parametrize("lab", all_labs(), ids=lambda lab: lab.parent.name)
def test_alternative_texts_are_each_in_their_language(lab: Path) -> None:
    for cell in read_lab(lab):
        if "alt_zh" in cell.metadata:
            assert re.search("[一-鿿]", cell.metadata["alt_zh"])
            assert not re.search("[一-鿿]", cell.metadata["alt_en"])


# The mechanism -------------------------------------------------------------------------------------


def test_both_notebooks_hold_their_language_and_the_outputs(built: Path) -> None:
    for language, title, alt in (
        ("zh", "# 实验 {#lab}", "一条上升的“线”"),
        ("en", "# Lab {#lab}", 'A rising "line" & more'),
    ):
        cells = read(built, language)["cells"]
        assert cells[0]["source"] == title
        assert cells[1]["metadata"]["tags"] == ["notebook-only"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        assert code[0]["outputs"][0]["text"] == "mean 2.5\n"
        assert code[1]["metadata"]["alt"] == alt
        assert code[1]["outputs"][0]["metadata"]["image/svg+xml"]["alt"] == alt
        svg = ElementTree.fromstring(figure(built, language))
        assert svg.attrib["role"] == "img" and svg.attrib["aria-label"] == alt
        assert svg[0].tag.endswith("title") and svg[0].text == alt


def test_two_builds_are_equal_to_the_byte(built: Path, tmp_path: Path) -> None:
    # The folder's name is part of the ids, so it must be the same.
    again = make(tmp_path / built.parent.name, built.read_text("utf-8"))
    labs.build(again)
    for language in LANGUAGES:
        one, two = notebook_path(built, language), notebook_path(again, language)
        assert one.read_bytes() == two.read_bytes()


def test_figures_follow_the_page_and_share_no_ids(built: Path) -> None:
    svg = figure(built, "en")
    assert "currentColor" in svg and "#000000" not in svg and "<style" not in svg and "font-family" not in svg
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert ids and all(name.startswith(f"{built.parent.name}-lab-2-") for name in ids)
    for used in re.findall(r'href="#([^"]+)"', svg) + re.findall(r"url\(#([^)]+)\)", svg):
        assert used in ids
    assert len(svg) < 12_000


def test_a_stale_lab_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab = make(tmp_path / "topic", TITLE + NUMBERS)
    assert labs.main(["--stale", str(lab)]) == 1
    assert labs.main([str(lab)]) == 0
    assert labs.main(["--stale", str(lab)]) == 0
    lab.write_text(lab.read_text("utf-8").replace("实验", "练习"), "utf-8")
    capsys.readouterr()
    assert labs.main(["--stale", str(lab)]) == 1
    assert capsys.readouterr().out.count("\n") == 1
    assert labs.main(["--check", str(lab)]) == 1


def test_check_finds_other_numbers_and_other_plots(built: Path, tmp_path: Path) -> None:
    lab = make(tmp_path / built.parent.name, built.read_text("utf-8"))
    for language in LANGUAGES:
        notebook_path(lab, language).write_bytes(notebook_path(built, language).read_bytes())
    assert labs.check(lab)[1] == []
    path = notebook_path(lab, "zh")
    path.write_text(path.read_text("utf-8").replace("mean 2.5", "mean 2.7"), "utf-8")
    path = notebook_path(lab, "en")
    text = path.read_text("utf-8")
    assert "5.0,10.0" in text
    path.write_text(text.replace("5.0,10.0", "5.0,11.0"), "utf-8")
    problems = labs.check(lab)[1]
    assert len(problems) == 2
    assert "lab.zh.ipynb prints" in problems[0] and "lab.en.ipynb plots" in problems[1]


def test_a_failing_cell_keeps_the_notebooks_and_names_the_line(tmp_path: Path) -> None:
    lab = make(tmp_path / "topic", TITLE + NUMBERS)
    labs.build(lab)
    before = [notebook_path(lab, language).read_bytes() for language in LANGUAGES]
    lab.write_text(TITLE + NUMBERS + "# %%\ndef f():\n    return 1 / 0\n\n\nf()\n", "utf-8")
    line = lab.read_text("utf-8").splitlines().index("    return 1 / 0") + 1
    with pytest.raises(LabError, match=rf"lab\.py:{line}: cell 4 failed: ZeroDivisionError"):
        labs.build(lab)
    assert [notebook_path(lab, language).read_bytes() for language in LANGUAGES] == before
    assert sorted(path.name for path in lab.parent.iterdir()) == ["lab.en.ipynb", "lab.py", "lab.zh.ipynb"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TITLE.replace('lang="en"', 'lang="zh"') + NUMBERS, 'must be lang="en"'),
        (TITLE.split('# %% [markdown] lang="en"')[0] + NUMBERS, "no English twin"),
        (TITLE + '# %% [markdown] lang="zh"\n# 再见\n', "no English twin"),
        (NUMBERS, "must start with a pair"),
        ("x = 1\n" + TITLE, "must start with `# %%`"),
        (TITLE + '# %% alt_zh="图"\nprint(1)\n', "must come together"),
    ],
)
def test_a_badly_formed_lab_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(LabError, match=message):
        read_lab(make(tmp_path / "topic", text))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import matplotlib.pyplot as plt\n\nplt.plot([1, 2]);", "exactly if it draws"),
        ("object()", "an address in memory"),
        ("import sys\n\nprint('careful', file=sys.stderr)", "must not:\ncareful"),
    ],
)
def test_a_cell_that_breaks_a_rule_is_refused(tmp_path: Path, code: str, message: str) -> None:
    with pytest.raises(LabError, match=message):
        labs.build(make(tmp_path / "topic", TITLE + "# %%\n" + code + "\n"))


def test_the_install_cell_stands_only_where_the_repository_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = make(tmp_path / "topic", TITLE + NUMBERS)
    cells = read_lab(lab)
    monkeypatch.setattr(lab_notebook, "repository", lambda: None)
    without = notebook(lab, cells, "en")
    monkeypatch.setattr(lab_notebook, "repository", lambda: "https://example.org/a/b")
    within = notebook(lab, cells, "en")
    assert len(within.cells) == len(without.cells) + 1
    install = within.cells[2]
    assert 'if "google.colab" in sys.modules' in install.source
    assert "%pip install" in install.source and "git+https://example.org/a/b" in install.source
    assert install.metadata["tags"] == ["notebook-only"]


def test_the_repository_is_read_past_mkdocs_own_tags(tmp_path: Path) -> None:
    config = tmp_path / "mkdocs.yml"
    config.write_text(
        "a: !!python/name:x.y ''\nextra:\n  repository: !ENV [RECNOTES_NONE, 'https://e.org']\n"
    )
    assert repository(config) == "https://e.org"
    config.write_text("extra:\n  repository: ''\n")
    assert repository(config) is None


# Figures and shape comments ------------------------------------------------------------------------


def test_an_svg_without_ids_stays_without() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 36"><path id="x" d="M 0.123456 1"/></svg>'
    page = page_svg(svg, "t-1", "a < b")
    assert " id=" not in page and 'd="M 0.12 1"' in page
    assert 'width="96"' in page and "<title>a &lt; b</title>" in page


def test_shape_comments_are_held_to_the_arrays(tmp_path: Path) -> None:
    code = (
        "# %%\nimport numpy as np\n\n\ndef f(x):\n    y = x.sum(0)  # [D]\n    return y\n\n\n"
        "x = np.ones((2, 3))  # [B, D]\n\n# %%\ny = f(x)  # [D]\n"
    )
    lab = make(tmp_path / "topic", TITLE + code)
    labs.build(lab)
    lines = (TITLE + code).splitlines()
    wrong = {
        "    y = x.sum(0)  # [D]": "    y = x.sum(0)  # [B, D]",
        "x = np.ones((2, 3))  # [B, D]": "x = np.ones((2, 3))  # [B]",
        "y = f(x)  # [D]": "y = f(x)  # [D?]",
    }
    lab.write_text("\n".join(wrong.get(line, line) for line in lines) + "\n", "utf-8")
    with pytest.raises(LabError) as error:
        labs.build(lab)
    for line in wrong:
        assert f"lab.py:{lines.index(line) + 1}: " in str(error.value)
    lab.write_text(TITLE + code.replace("(2, 3)", "(3, 3)"), "utf-8")
    with pytest.raises(LabError, match="choose distinct sizes"):
        labs.build(lab)
