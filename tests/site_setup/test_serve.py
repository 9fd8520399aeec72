"""`tools/serve.py`: what it says beyond MkDocs, one line each, and what it hands to MkDocs."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tools import serve

ROOT = Path(__file__).resolve().parents[2]
SERVE = [sys.executable, str(ROOT / "tools" / "serve.py")]
FAKE_MKDOCS = """\
import os, socket, sys, time
host, port = sys.argv[sys.argv.index("--dev-addr") + 1].split(":")
print("mkdocs", sys.argv[1], os.environ["RECNOTES_ONLY"], os.environ["NO_MKDOCS_2_WARNING"], flush=True)
print("site", os.environ["RECNOTES_SITE_URL"], flush=True)
with socket.create_server((host, int(port))):
    time.sleep(2)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*SERVE, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_a_busy_port_is_said_in_one_line_before_building():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = run("--port", str(port))
    assert result.returncode == 1 and result.stdout == ""
    said = re.fullmatch(
        rf"Port {port} is busy: stop what uses it, or run `make serve PORT=(\d+)`\.\n", result.stderr
    )
    assert said and int(said[1]) > port


def test_a_port_kept_for_the_administrator_is_not_called_busy(monkeypatch, capsys):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(serve.socket.socket, "bind", refuse)
    assert serve.main(["--port", "80"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "You may not listen on port 80: run `make serve PORT=8000`.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "fr"], "ONLY must be zh or en, received 'fr'.\n"),
        (["--port", "http"], "PORT must be a number from 1 to 65535, received 'http'.\n"),
        (["--port", "70000"], "PORT must be a number from 1 to 65535, received '70000'.\n"),
    ],
)
def test_a_wrong_argument_gets_one_line(arguments, said):
    result = run(*arguments)
    assert result.returncode == 2
    assert (result.stdout, result.stderr) == ("", said)


@pytest.mark.parametrize(("only", "there", "absent"), [("", "zh http", "-"), ("en", "/en/", "zh http")])
def test_mkdocs_gets_the_language_and_the_reader_the_address(tmp_path, only, there, absent):
    (tmp_path / "mkdocs").mkdir()
    (tmp_path / "mkdocs" / "__init__.py").touch()
    (tmp_path / "mkdocs" / "__main__.py").write_text(FAKE_MKDOCS)
    port = free_port()
    result = run("--port", str(port), "--only", only, PYTHONPATH=str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert f"mkdocs serve {only} 1\n" in result.stdout
    assert f"site http://127.0.0.1:{port}/\n" in result.stdout
    ready = re.search(r"^Ready after \d+ s: (.*)$", result.stdout, re.M)
    assert ready and f"http://127.0.0.1:{port}/" in ready[1]
    assert there in ready[1] and absent not in ready[1]


def test_a_lab_newer_than_its_notebooks_is_said_in_one_line(tmp_path, monkeypatch, capfd):
    lab = tmp_path / "docs" / "chapter" / "topic" / "lab.py"
    lab.parent.mkdir(parents=True)
    lab.write_text("# %%\nprint(1)\n")
    monkeypatch.setattr(serve, "modified", lambda: {lab: lab.stat().st_mtime})

    sleeps = []

    def sleep(seconds):
        sleeps.append(seconds)
        if len(sleeps) == 3:
            raise InterruptedError

    monkeypatch.setattr(serve.time, "sleep", sleep)
    with pytest.raises(InterruptedError):
        serve.watch_labs()
    said = capfd.readouterr()
    assert said.out.count("\n") == 1 and "lab.py" in said.out and "make labs" in said.out
    assert said.err == ""


def test_the_labs_of_the_site_are_watched():
    assert set(serve.modified()) == set((ROOT / "docs").glob("*/*/lab.py"))
