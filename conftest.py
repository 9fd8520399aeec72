"""Loads the plugins that run the blocks of pages and add up seconds, and prints what tests measured."""

from typing import Any

pytest_plugins = ("tools.pytest_blocks", "tools.pytest_budget")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests recorded under "printed" (under pytest-xdist their own output is lost)."""
    for report in terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", []):
        for name, text in report.user_properties if report.when == "call" else ():
            if name == "printed":
                terminalreporter.section(report.nodeid)
                terminalreporter.write_line(text)
