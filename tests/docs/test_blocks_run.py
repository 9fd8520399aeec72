"""How blocks run under pytest, shown on sample pages in a pytest of their own."""

import os
import re
import subprocess
import sys
from collections import Counter
from types import SimpleNamespace

import pytest

from tools import pytest_blocks
from tools.blocks import MARKER, blocks
from tools.paths import ROOT, pages

PAGE = """\
# Page {#page}

```python
import pickle

import tensorflow as tf


@tf.function
def count(x):
    while x < 10:  # AutoGraph needs the source
        x += 3
    return x


class Thing:
    pass


thing = pickle.loads(pickle.dumps(Thing()))
print(int(count(tf.constant(1))), type(thing).__module__, __name__)
```
<!--pytest-codeblocks:expected-output-->
```text
10 __main__ __main__
```

!!! note

    ```python
    import os

    import keras

    keras.config.set_floatx("float64")
    keras.utils.set_random_seed(1)
    os.environ["LEFT_BEHIND"] = "1"
    open("file.txt", "w").close()
    layer = keras.layers.Dense(2)

    print(layer.name, os.listdir())
    ```
    <!--pytest-codeblocks:expected-output-->
    ```text
    dense ['file.txt']
    ```

```python
import os

import keras

print(keras.layers.Dense(2).name, keras.config.floatx(), "LEFT_BEHIND" in os.environ, os.listdir())
```
<!--pytest-codeblocks:expected-output-->
```text
dense float32 False []
```

```bash
exit 1
```
"""


def sample(code, output):
    return f"# Page\n\n```python\n{code}\n```\n{MARKER}\n```text\n{output}\n```\n"


def run(folder, *options):
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", str(folder), "-c", str(ROOT / "pyproject.toml")]
        + ["-p", "tools.pytest_blocks", "-p", "no:cacheprovider", "-q", *options, str(folder)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
    )


def test_blocks_run_as_a_reader_runs_them_in_parallel_too(tmp_path):
    (tmp_path / "page.zh.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "page.en.md").write_text(PAGE, encoding="utf-8")
    done = run(tmp_path, "-n2", "-vv")
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout  # one language, and no shell
    assert (
        len(set(re.findall(r"^\[(gw\d)\].*PASSED", done.stdout, re.MULTILINE))) == 1
    )  # one file, one worker
    assert "3 blocks, " in done.stdout


BAD = [
    ("print(1)", "2", ":3: the page says\n2\n\nbut the block prints\n1"),
    ("def f(x):\n    return 1 / x\n\n\nprint(f(0))", "", ":5: the block fails"),
    ("print(1", "1", ":4: the block fails"),
    ("import warnings\n\nwarnings.warn('old')\nprint(1)", "1", "UserWarning: old"),
    ("import sys\n\nsys.exit(1)", "", "SystemExit: 1"),
    ("import keras\n\nprint(keras.random.normal([]).numpy())", "0.5", "sets no seed"),
    (
        "import numpy as np\n\nx = np.ones([2, 3])  # [B, D]\ny = x.T  # [B, D]\nprint(1)",
        "1",
        ":7: the comment says [B, D], y has [3, 2]; B is 2 here",
    ),
    ("import numpy as np\n\nx = np.ones([2, 2])  # [B, D]\nprint(1)", "1", "B and D are both 2"),
]


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    for number, (code, output, _) in enumerate(BAD):
        (folder / f"page{number}.md").write_text(sample(code, output), encoding="utf-8")
    (folder / "module.py").write_text('"""Adds.\n\n>>> 1 + 1\n3\n"""\n')
    return run(folder, "-vv")


@pytest.mark.parametrize("number", range(len(BAD)))
def test_a_bad_block_fails(bad, number):
    assert bad.returncode == 1 and f"{len(BAD) + 1} failed" in bad.stdout
    reports = bad.stdout.split("line 3 ____")[1:]
    assert BAD[number][2] in reports[number]


def test_a_bad_doctest_fails(bad):
    assert "module.py:3: DocTestFailure" in bad.stdout


def test_a_block_whose_data_are_nowhere_is_skipped_with_a_reason(tmp_path):
    code = "from recnotes.data.files import DownloadError\n\nraise DownloadError('nowhere')\nprint(1)"
    (tmp_path / "page.md").write_text(sample(code, "1"), encoding="utf-8")
    done = run(tmp_path, "-rs")
    assert done.returncode == 0 and "1 skipped" in done.stdout
    assert "page.md:3: needs the network or RECNOTES_DATA: nowhere" in " ".join(done.stdout.split())


def test_what_two_parsers_read_differently_fails(tmp_path):
    (tmp_path / "page.md").write_text("<!--pytest-codeblocks:skipfile-->\n" + PAGE, encoding="utf-8")
    done = run(tmp_path)
    assert done.returncode and "unclear whether there are Python blocks at lines [4, " in done.stdout


def test_pytest_collects_every_block_of_the_tree_once():
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "--no-header", "docs", *ROOT.glob("*.md")],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    collected = Counter(re.findall(r"^(\S+\.md)::line (\d+)$", done.stdout, re.MULTILINE))
    here = [page for page in pages() if page.parent == ROOT or not pytest_blocks.carried(page)]
    expected = Counter(
        (str(page.relative_to(ROOT)), str(block.fence.line)) for page in here for block in blocks(page)
    )
    assert collected == expected, done.stdout[-2000:]
    assert sum(expected.values()) > 0


@pytest.mark.parametrize(
    ("setting", "value", "code", "message"),
    [
        ("LIMIT", -1, "print(1)", "s of CPU time, the budget is 10 s"),
        ("HANGS", 0.2, "while True:\n    pass", "still running after 0.2 s"),
    ],
)
def test_a_block_that_takes_too_long_fails(monkeypatch, tmp_path, setting, value, code, message):
    monkeypatch.setattr(pytest_blocks, setting, value)
    item = SimpleNamespace(
        obj=SimpleNamespace(code=code, lineno=3, expected_output="1\n"),
        path=tmp_path / "page.md",
        user_properties=[],
    )
    with pytest.raises(pytest_blocks.BlockFailed, match=message):
        pytest_blocks._run(item)
