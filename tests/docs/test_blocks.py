"""The rules of code blocks hold on every page, and each rule fails on a bad sample."""

import textwrap
from pathlib import Path

import pytest

from tools.block_rules import carried_wrongly, violations
from tools.blocks import blocks
from tools.paths import ROOT, pages, shown
from tools.pytest_blocks import carried

GOOD = """\
---
title: Sample
---
# Sample {#sample}

```python
import numpy as np

print(np.ones(2).sum())
```
<!--pytest-codeblocks:expected-output-->
```text
2.0
```

??? success "Answer"

    ```python
    for i in range(2):

        print(i)
    ```
    <!--pytest-codeblocks:expected-output-->

    ```text
    0
    1
    ```

=== "Shell"

    ```bash
    make test
    ```

=== "Include"

    ```py
    --8<-- "package/module.py:call"
    ```

```console
$ make serve
```
"""


@pytest.fixture
def page(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package/module.py").write_text("# --8<-- [start:call]\n# --8<-- [end:call]\n")

    def write(text, name="page.md"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def check(page):
    return violations(page, page.parent)


@pytest.mark.parametrize("path", pages(), ids=shown)
def test_every_page_obeys_the_block_rules(path):
    assert violations(path, ROOT) == []


@pytest.mark.parametrize("path", [path for path in pages() if carried(path)], ids=shown)
def test_blocks_that_do_not_run_are_those_of_the_twin(path):
    assert carried_wrongly(path) == []


def test_a_good_page_breaks_no_rule(page):
    path = page(GOOD)
    assert check(path) == []
    assert [block.fence.line for block in blocks(path)] == [6, 18]
    assert blocks(path)[1].code == "for i in range(2):\n\n    print(i)\n"
    assert blocks(path)[1].expected == "0\n1\n"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("```python\nimport", "``` python\nimport", 6, "a fence must be"),
        ("```python\nimport", "```python3\nimport", 6, "a fence must be"),
        ("```python\nimport", '```python title="x"\nimport', 6, "a fence must be"),
        ("```python\nimport", "```{.python}\nimport", 6, "a fence must be"),
        ("```python\nimport", "```Python\nimport", 6, "a fence must be"),
        ("```console\n$ make serve\n```", "~~~console\n$ make serve\n~~~", 42, "a fence must be"),
        ("```console\n", "```\n", 42, "a fence must be"),
        ("```console\n", "```mermaid\n", 42, "a fence must be"),
        ("    ```bash\n    make test\n    ```", "   ```bash\n   make test\n   ```", 32, "multiple of four"),
        ('    --8<-- "package/module.py:call"\n', "    x = 1\n", 38, "holds only an include"),
        ("package/module.py:call", "package/other.py:call", 38, "no such file"),
        ("module.py:call", "module.py:gone", 38, "no section gone"),
        ("$ make serve", '--8<-- "package/module.py:call"', 42, "stands in a py fence"),
        ("import numpy as np\n", "import numpy as np\n" + "x = 1\n" * 24, 6, "27 lines"),
        ("<!--pytest-codeblocks:expected-output-->\n```text\n2.0\n```\n", "", 6, "no expected output"),
        ("```text\n2.0", "```console\n2.0", 12, "stands in a text fence"),
        ("2.0\n```", "```", 12, "is empty"),
        ("2.0\n```", "2.0 \n```", 12, "spaces or empty lines"),
        ("print(np.ones(2).sum())", "np.ones(2).sum()", 6, "end in a print"),
        ("print(np.ones(2).sum())", "print(np.ones(2).sum()", 6, "line 3 of the block"),
        ("print(np.ones(2).sum())", "print(tf.ones(2).sum())", 9, "no tf in this block"),
        ("print(np.ones(2)", "x = np.ones(2)  # [f(B)]\nprint(np.ones(2)", 9, "must be a symbol"),
        ("# Sample {#sample}\n", "<!--pytest-codeblocks:skip-->\n", 4, "only an expected output"),
        ("# Sample {#sample}\n", "<!--pytest.mark.skip-->\n", 4, "only an expected output"),
        ("```console", "<!--pytest-codeblocks:cont-->\n```console", 42, "only an expected output"),
        ("$ make serve\n```", "$ make serve", 42, "never closed"),
    ],
)
def test_each_rule_fails_on_a_bad_sample(page, old, new, line, message):
    assert old in GOOD
    path = page(GOOD.replace(old, new))
    found = check(path)
    assert any(text.startswith(f"{path}:{line}: ") and message in text for text in found), found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# Page\n\n<!--pytest-codeblocks:skipfile-->\n" + GOOD, "only an expected output"),
        ("<!--pytest-codeblocks:skipfile-->\n" + GOOD.split("---\n", 2)[2], "collects this block 0 times"),
        ("# Page\n\n    indented = 'code'\n", "shows 1 text blocks, 0 are fences"),
        ("# Page\n\n> ```python\n> print(1)\n> ```\n", "shows 1 python blocks, 0 are fences"),
        ("# Page\n\n<pre>x</pre>\n", "shows 1 none blocks, 0 are fences"),
    ],
)
def test_no_code_escapes_the_runner(page, text, message):
    assert any(message in found for found in check(page(text)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("", "", None),
        ("import numpy as np\n", "import numpy as np  # the comment is translated\n", None),
        ("np.ones(2)", "np.ones(3)", "not the program"),
        ("2.0\n", "3.0\n", "not the expected output"),
        ("```python\nimport", "```text\nimport", "1 blocks, page.zh.md has 2"),
    ],
)
def test_the_twin_must_have_the_block_that_does_not_run(page, old, new, message):
    page(GOOD, "page.zh.md")
    found = carried_wrongly(page(GOOD.replace(old, new), "page.en.md"))
    assert found == [] if message is None else message in found[0]


def test_a_page_without_a_twin_is_named(page):
    assert "no page in the other language" in carried_wrongly(page(GOOD, "page.en.md"))[0]


def test_samples_are_not_pages():
    assert all(Path(ROOT) in path.parents for path in pages())
    assert textwrap.dedent(GOOD) == GOOD
