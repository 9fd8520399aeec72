"""A plugin of pytest: how long each class of tests took, beside what it may take.

Seconds are those of setup, call and teardown, added up over all workers, so with two workers the whole run
lasts about half of their sum. They are wall-clock seconds: on a machine with other work they are too many,
therefore a class over its budget is named, and fails nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# Class of tests → the places it is found in and the seconds it may take in all. The first that fits counts.
# The budgets add up to twice 20 minutes, which two workers have in a run of 20.
CLASSES: dict[str, tuple[tuple[str, ...], int]] = {
    "browser": (("tests/site/test_browser.py",), 300),
    "site": (("tests/site", "tests/site_setup"), 240),
    "labs": (("tests/docs/test_labs.py",), 140),
    "blocks": (("docs/", ".md::", "tests/docs/test_blocks"), 320),
    "exports": (("tests/test_export.py", "tests/test_pieces.py", "tests/test_closure.py"), 180),
    "experiments": (("tests/experiments",), 180),
    "pages": (("tests/docs", "tests/checks"), 120),
    "doctests": (("recnotes/", "tools/"), 60),
    "units": (("tests/",), 860),
}


def class_of(nodeid: str) -> str:
    """Returns the class a test belongs to.

    Args:
        nodeid: pytest's name of the test, a path and more.

    Returns:
        A key of `CLASSES`, "other" where none fits.

    Example:
        >>> class_of("tests/layers/test_fm.py::test_values"), class_of("docs/index.en.md::line 10")
        ('units', 'blocks')
    """
    for name, (places, _) in CLASSES.items():
        if any(nodeid.startswith(place) or (place[0] == "." and place in nodeid) for place in places):
            return name
    return "other"


def table(taken: Iterable[tuple[str, float]]) -> list[str]:
    """Adds up the seconds of each class.

    Args:
        taken: name and seconds of each phase of each test.

    Returns:
        A line a class that ran, the longest first, and one for all.

    Example:
        >>> table([("tests/docs/test_labs.py::a", 200.0), ("tests/docs/test_labs.py::a", 1.0)])
        ['labs          201 s of  140 s  over the budget', 'all           201 s of 2400 s']
    """
    seconds: dict[str, float] = {}
    for nodeid, duration in taken:
        seconds[class_of(nodeid)] = seconds.get(class_of(nodeid), 0.0) + duration
    lines = []
    for name, spent in sorted(seconds.items(), key=lambda item: -item[1]):
        allowed = CLASSES[name][1] if name in CLASSES else 0
        over = "  over the budget" if spent > allowed else ""
        lines.append(f"{name:11} {spent:5.0f} s of {allowed:4} s{over}")
    whole = sum(allowed for _, allowed in CLASSES.values())
    return [*lines, f"{'all':11} {sum(seconds.values()):5.0f} s of {whole:4} s"]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table where more than one class ran."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    taken = [(r.nodeid, r.duration) for r in reports if hasattr(r, "duration") and hasattr(r, "when")]
    if len({class_of(nodeid) for nodeid, _ in taken}) > 1:
        terminalreporter.section("seconds by class of tests, over all workers")
        for line in table(taken):
            terminalreporter.write_line(line)
