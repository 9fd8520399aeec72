import subprocess
import sys

import pytest

import recnotes
from recnotes.cli import main
from recnotes.export import export
from recnotes.registry import find, model_names
from recnotes.trace import trace


def test_list(capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == model_names()
    assert all(line.endswith(".") for line in lines)


def test_trace(capsys):
    assert main(["trace", "FM", "--depth", "2"]) == 0
    entry = find("fm")
    assert capsys.readouterr().out == trace(entry.build(), entry.inputs(), depth=2) + "\n"


@pytest.mark.parametrize("name", model_names())
def test_trace_of_every_model_counts_its_parameters(name):
    entry = find(name)
    model = entry.build()
    table = trace(model, entry.inputs())
    assert f"| {model.count_params():,} |" in table.splitlines()[-1]
    assert "?" not in table
    # DIN's unit runs on real items alone: how many there are is not in the graph, so that part is a bound.
    assert ("≥" in table) == (name == "din")


def test_export(capsys):
    assert main(["export", "sasrec"]) == 0
    assert capsys.readouterr().out == export("sasrec")


def test_export_for_other_choices(capsys):
    choices = {"wiring": "authors", "loss": "cross_entropy"}
    options = [f"--set={name}={value}" for name, value in choices.items()]
    assert main(["export", "sasrec", *options]) == 0
    assert capsys.readouterr().out == export("sasrec", choices)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("wiring=?", "wiring of sasrec must be one of paper, authors, any, received '?'"),
        ("width=3", "choices of sasrec must be among: wiring (paper, authors, any); "),
        ("wiring", "wiring of sasrec must be one of paper, authors, any, received ''"),
    ],
)
def test_export_for_what_there_is_not(option, message, capsys):
    with pytest.raises(SystemExit):
        main(["export", "sasrec", "--set", option])
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", ["trace", "export"])
def test_unknown_name(command, capsys):
    with pytest.raises(SystemExit) as error:
        main([command, "svm"])
    assert error.value.code == 2
    said = capsys.readouterr().err
    assert said.endswith(f"recnotes: error: name must be one of {', '.join(model_names())}, received 'svm'\n")


def test_no_command(capsys):
    with pytest.raises(SystemExit) as error:
        main([])
    assert error.value.code == 2
    assert "usage: recnotes" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit) as error:
        main(["--version"])
    assert error.value.code == 0
    assert capsys.readouterr().out == f"{recnotes.__version__}\n"


def test_answers_without_tensorflow():
    """List and export read sources: they must not wait for TensorFlow, nor need it."""
    code = (
        "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        "from recnotes.cli import main; main(['list']); main(['export', 'deepfm'])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert ran.stderr == b""
    assert ran.stdout.decode().endswith(export("deepfm"))
    assert b"\r" not in ran.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pipe")
def test_closed_pipe_is_no_error():
    command = f"{sys.executable} -m recnotes.cli export sasrec | head -n 1"
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert ran.stdout == "# SPDX-License-Identifier: MIT\n"
    assert ran.stderr == ""
