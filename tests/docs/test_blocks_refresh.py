"""`tools/refresh.py` rewrites expected outputs, in both languages, and nothing else."""

import pytest

from tools import refresh as tool
from tools.block_run import Result

PAGE = """\
# Page

```python
print(1)  # COMMENT
```
<!--pytest-codeblocks:expected-output-->
```text
old
```

Text.

    ```python
    print(2)

    print(3)
    ```
"""
FRESH = """\
# Page

```python
print(1)  # COMMENT
```
<!--pytest-codeblocks:expected-output-->
```text
1
```

Text.

    ```python
    print(2)

    print(3)
    ```
    <!--pytest-codeblocks:expected-output-->
    ```text
    2

    3
    ```
"""


def fake(block):
    """Prints what a block of these samples prints, without Keras."""
    if "fail" in block.code:
        return Result("", "ZeroDivisionError", line=block.fence.line + 1)
    return Result("\n\n".join(part[0] for part in block.code.split("print(")[1:]) + " \n\n")


@pytest.fixture
def pair(tmp_path):
    zh, en = tmp_path / "page.zh.md", tmp_path / "page.en.md"
    zh.write_text(PAGE.replace("COMMENT", "注释"), encoding="utf-8")
    en.write_text(PAGE.replace("COMMENT", "comment"), encoding="utf-8")
    return zh, en


def test_both_languages_get_one_run(pair, capsys):
    zh, en = pair
    runs = []
    assert tool.refresh([zh], runner=lambda block: runs.append(block) or fake(block)) == 1
    assert len(runs) == 2
    assert zh.read_text("utf-8") == FRESH.replace("COMMENT", "注释")
    assert en.read_text("utf-8") == FRESH.replace("COMMENT", "comment")
    assert "-old\n+1\n" in capsys.readouterr().out
    assert tool.refresh([zh, en], runner=fake) == 0
    assert sorted(path.name for path in zh.parent.iterdir()) == ["page.en.md", "page.zh.md"]


def test_check_changes_nothing(pair, capsys):
    zh, en = pair
    before = zh.read_bytes(), en.read_bytes()
    assert tool.refresh([zh], check=True, runner=fake) == 1
    assert (zh.read_bytes(), en.read_bytes()) == before
    assert "-old\n+1\n" in capsys.readouterr().out


def test_a_failing_block_leaves_the_page_alone_and_names_its_line(pair, capsys):
    zh, en = pair
    zh.write_text(PAGE + "\n```python\nfail()\n```\n", encoding="utf-8")
    before = zh.read_bytes(), en.read_bytes()
    assert tool.refresh([zh], runner=fake) == 2
    assert (zh.read_bytes(), en.read_bytes()) == before
    assert "page.zh.md:20: the block at line 19 failed" in capsys.readouterr().err
    zh.write_text(PAGE + "\n```python\nfail(\n```\n", encoding="utf-8")
    assert tool.refresh([zh], runner=fake) == 2
    assert "page.zh.md:20: '(' was never closed" in capsys.readouterr().err


def test_other_programs_in_the_twin_are_left(pair, capsys):
    zh, en = pair
    en.write_text(PAGE.replace("print(1)", "print(7)"), encoding="utf-8")
    tool.refresh([zh], runner=fake)
    assert "old" in en.read_text("utf-8") and "\n    3\n" in en.read_text("utf-8")
    assert "1 blocks are not those of page.zh.md" in capsys.readouterr().out
    assert tool.refresh([zh, en], runner=fake) == 1
    assert "\n7\n" in en.read_text("utf-8")


def test_a_page_edited_meanwhile_is_not_overwritten(pair, capsys):
    zh, _ = pair

    def slow(block):
        zh.write_text("edited", encoding="utf-8")
        return fake(block)

    assert tool.refresh([zh], runner=slow) == 2
    assert zh.read_text("utf-8") == "edited"
    assert "changed while its blocks ran" in capsys.readouterr().err


def test_an_output_with_a_fence_gets_a_longer_fence(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nprint('```')\n```\n")
    tool.refresh([page], runner=lambda block: Result("```\n"))
    assert "````text\n```\n````\n" in page.read_text()


def test_the_command_line(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("```python\nprint('a', __name__)\n```\n")
    assert tool.main([str(page)]) == 1
    assert tool.main(["--check", str(page)]) == 0
    assert "a __main__\n" in page.read_text()
    with pytest.raises(SystemExit):
        tool.main([str(tmp_path / "none.md")])


def test_a_wrong_shape_comment_is_a_failure(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("```python\nimport numpy as np\n\nx = np.ones([2, 3])  # [B]\nprint(1)\n```\n")
    assert tool.main([str(page)]) == 2
    assert "page.md:4: the comment says [B], x has [2, 3]" in capsys.readouterr().err
