"""README, start pages, Makefile, .ci/run and the environment script name the same commands."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs" / "start").glob("*/index.*.md")),
]
INSTALL = "pip install -e '.[docs,tests]' -c constraints.txt"


def read(path: str | Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def targets() -> set[str]:
    phony = re.search(r"^\.PHONY: (.*)$", read("Makefile"), re.M)
    assert phony
    return set(phony[1].split())


def recipe(target: str, *arguments: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    run = subprocess.run(
        ["make", "-n", target, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_make_command_named_exists(page):
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.M))
    assert named <= targets(), named - targets()


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_every_target_runs_in_the_environment_it_makes():
    for target in sorted(targets() - {"clean", "environment"}):
        lines = recipe(target).splitlines()
        assert "sh tools/environment.sh" in lines[0], target
        assert lines[1].startswith(".venv/bin/python "), target
        for script in re.findall(r"tools/\w+\.py", lines[1]):
            assert (ROOT / script).is_file(), script


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_make_passes_on_what_the_reader_says():
    assert '--port "8001" --only "en"' in recipe("serve", "ONLY=en", "PORT=8001")
    assert recipe("test", "ARGS=tests/layers -x").rstrip().endswith("-m pytest -n 2 tests/layers -x")


def test_the_plain_commands_do_what_make_does():
    readme = read("README.md")
    install = INSTALL.replace("'", '"')
    for python in (".venv/bin/python", r".venv\Scripts\python"):
        assert f"{python} -m {install}\n{python} tools/serve.py\n{python} -m pytest -n 2\n" in readme
    assert re.sub(r"-qq --disable-pip-version-check ", "", read("tools/environment.sh")).count(INSTALL) == 1
    for language in ("zh", "en"):
        page = read(f"docs/start/reading/index.{language}.md")
        assert rf".venv\Scripts\python -m {install}" in page and "python -m pytest -n 2" in page


def test_the_two_commands_stand_in_both_languages():
    readme = read("README.md")
    english, chinese = readme.split("## 中文说明")
    for command in ("make serve", "make test"):
        assert command in english and command in chinese


@pytest.fixture
def checkout(tmp_path):
    """A checkout with shared data beside it, and stand-ins for the programs .ci/run calls."""
    clone = tmp_path / "clone"
    (clone / ".ci").mkdir(parents=True)
    (tmp_path / "shared" / "data").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", clone / ".ci" / "run")
    (clone / ".venv").mkdir()
    tools = tmp_path / "bin"
    tools.mkdir()
    stand_ins = {
        "make": 'echo "make $@; browser $RECNOTES_BROWSER; data $RECNOTES_DATA; fresh $(ls -d .venv 2>&1)"\n'
        'echo "== 3 passed in 0.1s =="\nexit ${STATUS:-0}',
        "chromium": "exit 0",
        "git": "exit 0",
        "dpkg-query": "echo installed",
        "python3": "exit 0",
        "apt-get": 'echo "apt-get $@" >&2',
        "sudo": 'shift; exec "$@"',
    }
    for name, text in stand_ins.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    for name in ("bash", "sh", "rm", "ls", "dirname", "grep", "id"):
        (tools / name).symlink_to(shutil.which(name))
    return clone


def run_ci(clone: Path, **environment: str) -> subprocess.CompletedProcess:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("RECNOTES_")}
    return subprocess.run(
        ["bash", ".ci/run"],
        cwd=clone,
        env={**kept, "PATH": str(clone.parent / "bin"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(os.name != "posix", reason="a script for Debian")
def test_ci_runs_the_readme_command_in_a_fresh_environment(checkout):
    result = run_ci(checkout)
    assert result.returncode == 0, result.stderr
    called, closing = result.stdout.splitlines()
    assert called.startswith("make test; browser required; ")
    assert f"data {checkout.parent}/shared/data; " in called
    assert "No such file" in called  # .venv was taken away
    assert closing == "== 3 passed in 0.1s =="
    assert "apt-get" not in result.stderr


@pytest.mark.skipif(os.name != "posix", reason="a script for Debian")
def test_ci_fails_when_the_tests_do(checkout):
    assert run_ci(checkout, STATUS="2").returncode == 2


@pytest.mark.skipif(os.name != "posix", reason="a script for Debian")
def test_ci_installs_what_is_missing_from_debian(checkout):
    tools = checkout.parent / "bin"
    (tools / "chromium").unlink()
    (tools / "dpkg-query").write_text("#!/bin/sh\nexit 1\n")
    result = run_ci(checkout)
    assert result.returncode == 0, result.stderr
    assert "chromium fonts-noto-cjk" in result.stderr
