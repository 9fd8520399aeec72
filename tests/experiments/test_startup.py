"""TensorFlow's import says nothing but what is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = (
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "I0000 00:00:1.5 1 stub.cc:31] Could not find cuda drivers",
    "W0000 00:00:1.5 1 stub.cc:31] a warning",
    "Traceback (most recent call last):",
)


def imported(folder, then, **environment):
    """What is written to stderr by importing a TensorFlow that writes ``LINES`` and ends so."""
    said = "".join(line + os.linesep for line in LINES)
    text = f"import os\nos.write(2, {said.encode()!r})\n{then}\n"
    (folder / "tensorflow.py").write_text(text)
    code = "from experiments.startup import import_tensorflow\nimport_tensorflow()\nimport tensorflow\n"
    code += "import os\nos.write(2, b'I0000 later')"
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}
    variables.pop("TF_CPP_MIN_LOG_LEVEL", None)
    ran = subprocess.run(
        [sys.executable, "-c", code], env=variables | environment, capture_output=True, text=True
    )
    return ran.returncode, ran.stderr.splitlines()


def test_chatter_is_left_out_while_it_is_imported_and_nothing_else(tmp_path):
    assert imported(tmp_path, "") == (0, [*LINES[2:], "I0000 later"])


def test_the_level_that_asks_for_everything_gets_it(tmp_path):
    assert imported(tmp_path, "", TF_CPP_MIN_LOG_LEVEL="0") == (0, [*LINES, "I0000 later"])


@pytest.mark.parametrize(
    ("then", "last"), [("raise ImportError('broken')", "ImportError: broken"), ("os.abort()", LINES[3])]
)
def test_an_import_that_fails_says_why(tmp_path, then, last):
    status, lines = imported(tmp_path, then)
    assert status != 0 and lines[:2] == list(LINES[2:]) and lines[-1] == last


def test_the_command_line_is_silent():
    command = [sys.executable, "-m", "experiments", "run", "absent"]
    variables = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    ran = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
    assert ran.returncode == 2 and ran.stdout == ""
    assert ran.stderr.startswith("usage: python -m experiments")
