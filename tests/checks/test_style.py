"""ruff and mypy pass with the configured rules, and would not pass bad code."""

import subprocess
import sys

import pytest

from tools.blocks import ROOT


def run(*command, stdin=None):
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, input=stdin, capture_output=True, encoding="utf-8"
    )
    return done.returncode, done.stdout + done.stderr


def test_ruff_formats_the_tree():
    status, output = run("ruff", "format", "--check", ".")
    assert status == 0, output


def test_ruff_lints_the_tree():
    status, output = run("ruff", "check", "--output-format=concise", ".")
    assert status == 0, output


def test_mypy_checks_the_tree():
    status, output = run("mypy")
    assert status == 0, output


def test_ruff_would_reformat_a_bad_sample():
    assert (
        run("ruff", "format", "--check", "--stdin-filename=recnotes/sample.py", "-", stdin="x = ( 1)\n")[0]
        == 1
    )


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("E501", f'"""Doc."""\n\nx = "{"a" * 110}"\n'),
        ("F401", '"""Doc."""\n\nimport os\n'),
        ("I001", '"""Doc."""\n\nimport sys\nimport os\n\nprint(os, sys)\n'),
        ("UP006", '"""Doc."""\n\nimport typing\n\nx: typing.List[int] = []\n'),
        ("B006", '"""Doc."""\n\n\ndef f(x=[]):\n    """Does."""\n    return x\n'),
        ("D103", '"""Doc."""\n\n\ndef f(x):\n    return x\n'),
        (
            "D417",
            '"""Doc."""\n\n\ndef f(x, y):\n    """Does.\n\n    Args:\n        x: a.\n    """\n',
        ),
    ],
)
def test_ruff_rejects_bad_samples(rule, code):
    status, output = run(
        "ruff", "check", "--output-format=concise", "--stdin-filename=recnotes/x.py", "-", stdin=code
    )
    assert status == 1 and rule in output


def test_mypy_rejects_bad_samples(tmp_path):
    sample = tmp_path / "sample.py"
    sample.write_text(
        "def f(x):\n    return x\n\n\ndef g(x: int) -> str:\n    return x\n\n\nx: int = 1  # type: ignore\n"
    )
    status, output = run("mypy", "--config-file", str(ROOT / "pyproject.toml"), str(sample))
    assert status == 1
    assert all(f"[{rule}]" in output for rule in ("no-untyped-def", "return-value", "unused-ignore")), output
