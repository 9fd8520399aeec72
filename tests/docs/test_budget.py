"""The table of seconds by class of tests."""

import re
import subprocess
import sys

from tools.paths import ROOT
from tools.pytest_budget import CLASSES, class_of, table


def test_every_file_of_tests_has_a_class():
    files = [p.relative_to(ROOT).as_posix() for p in (ROOT / "tests").rglob("test_*.py")]
    pages = [p.relative_to(ROOT).as_posix() for p in (ROOT / "docs").rglob("*.md")]
    found = {class_of(f"{name}::x") for name in [*files, *pages, "README.md", "recnotes/trace.py"]}
    assert found == set(CLASSES)


def test_the_budgets_are_those_of_twenty_minutes_on_two_cores():
    assert sum(seconds for _, seconds in CLASSES.values()) == 2 * 20 * 60


def test_a_class_over_its_budget_is_named():
    spent = CLASSES["labs"][1]
    lines = table([("tests/docs/test_labs.py::a", spent), ("tests/test_cli.py::b", 1.0)])
    assert not any("over" in line for line in lines)
    lines = table([("tests/docs/test_labs.py::a", spent), ("tests/docs/test_labs.py::b", 1.0)])
    assert "over the budget" in lines[0] and lines[0].startswith("labs")


def test_pytest_prints_it(tmp_path):
    for place in ("recnotes", "tests"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "test_a.py").write_text("import time\n\ndef test_a():\n    time.sleep(0.6)\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tools.pytest_budget", "-p", "no:cacheprovider"]
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    result = subprocess.run(
        [*command, str(tmp_path)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stdout + result.stderr
    # Each test sleeps for 0.6 seconds, which no machine shortens.
    for name in ("doctests", "units", "all"):
        found = re.search(rf"^{name} +(\d+) s of", result.stdout, re.MULTILINE)
        assert found and int(found[1]) >= 1, result.stdout
