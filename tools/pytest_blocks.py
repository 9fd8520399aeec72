"""The pytest plugin that runs the blocks of pages, on top of pytest-codeblocks.

pytest-codeblocks finds the blocks; this makes each run as a reader would run it: in a real `__main__` whose
source AutoGraph and tracebacks can find, with Keras reset, in an empty folder, its shape comments checked.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_codeblocks import plugin as codeblocks
from pytest_codeblocks.main import extract_from_file

from tools.block_run import BUDGET, execute, out_of_reach, page_traceback, shape_tracer
from tools.blocks import blocks, tidy
from tools.interpreter import PYTEST_SEED, reset, set_environment
from tools.paths import ROOT, shown, twin

LIMIT = 60  # CPU seconds after which it fails: a noisy machine stays far below
HANGS = 900  # seconds on the clock after which it is stopped
DRAW = "RECNOTES_DRAW"  # seed of the blocks drawn for fresh processes

set_environment()  # before anything imports TensorFlow


class BlockFailed(Exception):
    """A block that failed; the message is what pytest shows."""


def carried(path: Path) -> bool:
    """Whether the page's blocks run in its twin: equal programs need only one run."""
    other = twin(path)
    return other is not None and (path.name.endswith(".en.md") or other.name.endswith("README.md"))


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Stop a block that hangs (where the system has alarms)."""

    def ring(number: int, frame: object) -> None:
        raise TimeoutError(f"still running after {seconds} s")

    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _collect(self: Any) -> Iterator[Any]:
    """Every `python` block of the page, once; shell blocks are for people."""
    asked = {Path(str(arg).split("::")[0]).resolve() for arg in self.config.args}
    if carried(self.path) and self.path.resolve() not in asked:
        return
    # Its parser loses the empty lines of indented blocks, so the code comes from ours.
    mine = {block.fence.line: block for block in blocks(self.path)}
    found = [block for block in extract_from_file(self.path) if block.syntax == "python"]
    if [block.lineno for block in found] != list(mine):
        lines = sorted({block.lineno for block in found} ^ set(mine))
        raise self.CollectError(
            f"{shown(self.path)}: unclear whether there are Python blocks at lines {lines}"
        )
    for block in found:
        item = codeblocks.TestBlock.from_parent(parent=self, name=f"line {block.lineno}")
        block.code, block.expected_output = mine[block.lineno].code, mine[block.lineno].expected
        item.obj = block
        yield item


def _run(self: Any) -> None:
    """Run one block and compare what it printed with the page."""
    block = self.obj
    where = f"{shown(self.path)}:{block.lineno}"
    tracer = shape_tracer(self.path, block.code, block.lineno)
    start = time.process_time()
    try:
        with _alarm(HANGS), tracer:
            output = execute(block.code, self.path, block.lineno)
    except (Exception, SystemExit) as error:
        if out_of_reach(error):
            pytest.skip(f"{where}: needs the network or RECNOTES_DATA: {error}")
        text, line = page_traceback(error, self.path)
        raise BlockFailed(f"{shown(self.path)}:{line or block.lineno}: the block fails\n{text}") from None
    seconds = time.process_time() - start
    self.user_properties.append(("block_seconds", seconds))
    if block.expected_output is not None and tidy(output) != tidy(block.expected_output):
        raise BlockFailed(
            f"{where}: the page says\n{tidy(block.expected_output)}\nbut the block prints\n{tidy(output)}\n"
            "(`make refresh` rewrites it; a block that prints other numbers at every run sets no seed)"
        )
    if tracer.wrong():
        raise BlockFailed("\n".join(tracer.wrong()))
    if seconds > LIMIT:
        raise BlockFailed(f"{where}: {seconds:.0f} s of CPU time, the budget is {BUDGET} s")


def _failure(self: Any, excinfo: Any) -> str:
    if isinstance(excinfo.value, BlockFailed):
        return str(excinfo.value)
    return str(pytest.Item.repr_failure(self, excinfo))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Labs are scripts: doctest must not import (that is, run) them; their own check does."""
    return True if collection_path.suffix == ".py" and (ROOT / "docs") in collection_path.parents else None


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Keep the tests of a file in one worker: their fixtures are made for a file; `-n2` alone does not."""
    if getattr(config.option, "numprocesses", None) and config.option.dist in ("no", "load"):
        config.option.dist = "loadfile"


def pytest_configure(config: pytest.Config) -> None:
    """Patch pytest-codeblocks; fix the seed of the draw once for all workers."""
    codeblocks.MarkdownFile.collect = _collect
    codeblocks.TestBlock.runtest = _run
    codeblocks.TestBlock.repr_failure = _failure
    codeblocks.TestBlock.reportinfo = lambda self: (self.path, self.obj.lineno - 1, self.name)
    os.environ.setdefault(DRAW, str(random.SystemRandom().randrange(10**6)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Every block and test starts with Keras reset and seeded; fixtures do not reach blocks."""
    if isinstance(item, codeblocks.TestBlock):
        reset(PYTEST_SEED)
    elif "keras" in sys.modules:
        reset(0)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many blocks ran, how long they took, which are over the budget."""
    taken = [
        (value, report.nodeid)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in getattr(report, "user_properties", [])
        if name == "block_seconds"
    ]
    ran = [getattr(report, "nodeid", "") for reports in terminalreporter.stats.values() for report in reports]
    drawn = any("::test_ten_blocks_drawn" in nodeid for nodeid in ran)
    if not taken and not drawn:
        return
    terminalreporter.section("code blocks")
    if taken:
        total, slowest = sum(seconds for seconds, _ in taken), max(taken)[0]
        terminalreporter.write_line(
            f"{len(taken)} blocks, {total:.0f} s of CPU time, slowest {slowest:.1f} s"
        )
    for seconds, nodeid in sorted(taken, reverse=True):
        if seconds > BUDGET:
            terminalreporter.write_line(f"over the budget of {BUDGET} s: {nodeid} {seconds:.1f} s")
    if drawn:
        terminalreporter.write_line(f"ten blocks drawn for fresh processes with {DRAW}={os.environ[DRAW]}")
