"""Linters over the whole tree: Markdown, spelling, Python style, types; each is seen failing."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sysconfig.get_path("scripts"))


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a linter of this environment."""
    program = SCRIPTS / command[0]
    return subprocess.run(
        [str(program), *command[1:]], cwd=cwd, capture_output=True, encoding="utf-8", check=False
    )


def said(done: subprocess.CompletedProcess[str]) -> str:
    """What a linter complained about; nothing where it is content."""
    return "" if done.returncode == 0 else done.stdout + done.stderr


# The tree ------------------------------------------------------------------------------------------


def test_markdown() -> None:
    assert said(run("rumdl", "check", ".")) == ""


def test_spelling() -> None:
    assert said(run("typos", "--format", "brief", ".")) == ""


def test_python_style() -> None:
    assert said(run("ruff", "check", "--quiet", ".")) == ""


def test_python_format() -> None:
    assert said(run("ruff", "format", "--check", "--quiet", ".")) == ""


def test_types() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert said(done) == ""


# Bad samples ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("# A {#a}\n\n### B {#b}\n\nText.\n", "MD001"),
        ("# A {#a}\n\nText\n| a | b |\n|---|---|\n| c | d |\n", "MD058"),
        ("# A {#a}\n\n| a | b |\n|---|---|\n| c | d | e |\n", "MD056"),
        ("# A {#a}\n\n```\ncode\n```\n", "MD040"),
        ("# A {#a}\n\nSee https://example.org now.\n", "MD034"),
        ("# A {#a}\n\n(text)[link.md]\n", "MD011"),
        ("# A {#a}\n\n**Bold as a heading**\n\nText.\n", "MD036"),
        ("# A {#a}\n\nText.[^1]\n", "MD066"),
        ("# A {#a}\n\nText.   \nMore.\n", "MD009"),
    ],
)
def test_bad_markdown_is_found(tmp_path: Path, text: str, rule: str) -> None:
    (tmp_path / "page.zh.md").write_text(text, "utf-8")
    assert rule in said(
        run("rumdl", "check", "--config", str(ROOT / ".rumdl.toml"), "page.zh.md", cwd=tmp_path)
    )


def test_this_sites_markdown_passes(tmp_path: Path) -> None:
    text = (
        "---\ntitle: A\n---\n# A {#a}\n\n" + "long " * 60 + "[x][recnotes.fm] \\(a_1 * b_1\\).[^1]\n\n"
        '!!! note "b"\n    text\n\n    ```python\n    print(1)\n    ```\n\n=== "A"\n\n    one\n\n'
        "```python\nprint(1)\n```\n<!--pytest-codeblocks:expected-output-->\n```text\n1\n```\n\n"
        "$$\na * b_1\n+ c\n$$\n\n- a\n- b\n\n[^1]: Foot.\n"
    )
    (tmp_path / "page.zh.md").write_text(text, "utf-8")
    assert (
        said(run("rumdl", "check", "--config", str(ROOT / ".rumdl.toml"), "page.zh.md", cwd=tmp_path)) == ""
    )


@pytest.mark.parametrize("word", ["recieve", "behaviour", "embeding"])
def test_bad_spelling_is_found(tmp_path: Path, word: str) -> None:
    (tmp_path / "page.en.md").write_text(f"We {word} it.\n", "utf-8")
    done = run("typos", "--config", str(ROOT / "_typos.toml"), "--format", "brief", ".", cwd=tmp_path)
    assert f"`{word}` should be" in said(done)


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ('"""A module."""\n\nimport os\n', "F401"),
        ('"""A module."""\n\n\ndef f(x=[]):\n    """Return x."""\n    return x\n', "B006"),
        ("x = 1\n", "D100"),
    ],
)
def test_bad_style_is_found(tmp_path: Path, code: str, rule: str) -> None:
    (tmp_path / "bad.py").write_text(code, "utf-8")
    done = run("ruff", "check", "--config", str(ROOT / "pyproject.toml"), "bad.py", cwd=tmp_path)
    assert rule in said(done)


def test_bad_format_is_found(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("x  =  1\n", "utf-8")
    done = run("ruff", "format", "--check", "--config", str(ROOT / "pyproject.toml"), "bad.py", cwd=tmp_path)
    assert "bad.py" in said(done)


def test_bad_types_are_found(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(
        "def f(x: int) -> str:\n    return x\n\n\ndef g(x):\n    return x\n", "utf-8"
    )
    config = str(ROOT / "pyproject.toml")
    command = [sys.executable, "-m", "mypy", "--config-file", config, "--cache-dir", str(tmp_path), "bad.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert "Incompatible return value" in said(done) and "missing a type annotation" in said(done)
