"""`tools/environment.sh`: each thing that can be wrong with Python or with .venv is said in one line."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="make and sh are for Debian, Ubuntu and macOS")


@pytest.fixture
def clone(tmp_path):
    """What the script reads of a clone."""
    (tmp_path / "tools").mkdir()
    for name in ("pyproject.toml", "constraints.txt", "tools/environment.sh"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def old_python(path: Path) -> Path:
    """A Python 3.10: it answers both questions the script asks about the version."""
    return script(path, 'case "$2" in *exit*) exit 1 ;; *) echo 3.10 ;; esac')


def python_with_pip(path: Path, status: int = 0) -> Path:
    """This Python, except that `-m pip` only writes down how it was called."""
    log = path.parent / "pip.log"
    return script(
        path, f'if [ "$2" = pip ]; then echo "$@" >>{log}; exit {status}; fi\nexec {sys.executable} "$@"'
    )


def run(clone: Path, **environment: str) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHON", "VENV")}
    return subprocess.run(
        ["sh", "tools/environment.sh"],
        cwd=clone,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def only_line(text: str) -> str:
    assert text.count("\n") == 1 and text.endswith("\n"), text
    return text


def test_another_python_gets_one_line(clone):
    result = run(clone, PYTHON=str(old_python(clone / "bin" / "python3")))
    assert result.returncode == 1 and result.stdout == ""
    assert "needs Python 3.11, 3.12 or 3.13 (found only Python 3.10)" in only_line(result.stderr)
    assert not (clone / ".venv").exists()


def test_no_python_gets_one_line(clone):
    result = run(clone, PYTHON="/nowhere/python3")
    assert result.returncode == 1
    assert "(found no Python): PYTHON=/nowhere/python3 does not run; " in only_line(result.stderr)


def test_a_fitting_python_is_found_behind_an_old_one(clone):
    """`python3` may be too old where `python3.12` lies beside it."""
    tools = clone / "bin"
    old_python(tools / "python3")
    made = clone / ".venv" / "bin" / "python"
    ready = python_with_pip(clone / "ready")
    script(
        tools / "python3.12",
        f'if [ "$2" = venv ]; then mkdir -p "$3/bin" && cp {ready} "$3/bin/python"; exit; fi\n'
        f'exec {sys.executable} "$@"',
    )
    for name in ("sh", "dirname", "cat", "cksum", "rm", "mkdir", "cp"):
        (tools / name).symlink_to(shutil.which(name))
    for name in ("python3.13", "python3.11", "python"):
        script(tools / name, "exit 127")  # a version manager's shim for a version that is not installed
    result = run(clone, PATH=str(tools))
    assert made.exists(), result.stderr
    assert "Creating .venv with Python 3." in only_line(result.stdout)


def test_a_python_without_venv_gets_one_line_with_the_package(clone):
    fake = script(
        clone / "bin" / "python3",
        f'case "$2" in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"',
    )
    result = run(clone, PYTHON=str(fake))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert result.returncode == 1
    assert f"apt-get install python{version}-venv" in only_line(result.stderr)


def test_a_stale_environment_is_said_once_and_refreshed(clone):
    python_with_pip(clone / ".venv" / "bin" / "python")
    (clone / ".venv" / "recnotes-installed").write_text("older\n")
    result = run(clone)
    assert result.returncode == 0, result.stderr
    assert "no longer matches pyproject.toml and constraints.txt: refreshing it" in only_line(result.stdout)
    calls = (clone / ".venv" / "bin" / "pip.log").read_text()
    assert calls.count("\n") == 1 and "-e .[docs,tests] -c constraints.txt" in calls

    again = run(clone)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")

    with (clone / "constraints.txt").open("a") as file:
        file.write("some-package==1.0\n")
    assert "refreshing it" in only_line(run(clone).stdout)
    assert (clone / ".venv" / "bin" / "pip.log").read_text().count("\n") == 2


def test_a_failed_installation_is_not_taken_for_a_finished_one(clone):
    python_with_pip(clone / ".venv" / "bin" / "python", status=1)
    first = run(clone)
    assert first.returncode == 1 and "mend that and run make again" in only_line(first.stderr)
    python_with_pip(clone / ".venv" / "bin" / "python")
    second = run(clone)
    assert second.returncode == 0
    assert "was not finished: installing what is missing" in only_line(second.stdout)


def test_an_environment_whose_python_is_gone_is_made_anew(clone):
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to("/nowhere/python3")
    result = run(clone, PYTHON="/nowhere/python3")
    assert "making .venv anew" in only_line(result.stdout)
    assert not (clone / ".venv").exists()
