"""Run a page's Python block as a reader would: alone, in an empty folder, in this process or a fresh one."""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import pydoc
import subprocess
import sys
import tempfile
import time
import tomllib
import traceback
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.blocks import Block, tidy
from tools.interpreter import ENVIRONMENT, REFRESH_SEED, reset
from tools.paths import ROOT
from tools.shape_comments import comments
from tools.shape_tracer import Tracer

BUDGET = 10  # CPU seconds a block may take; more is reported


@dataclass
class Result:
    """What a run printed; `error` is empty or the traceback, whose lines are those of the page."""

    output: str
    error: str = ""
    seconds: float = 0.0  # CPU time, all threads
    line: int = 0  # line of the page where it failed


def _apply_filters() -> None:
    """Set the warning filters of the tests: `filterwarnings` in pyproject.toml."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    warnings.resetwarnings()
    for entry in settings["tool"]["pytest"]["ini_options"]["filterwarnings"]:
        action, message, category, module, line = (entry.split(":") + [""] * 5)[:5]
        kind: Any = pydoc.locate(category) if category else Warning
        warnings.filterwarnings(action, message, kind, module, int(line or 0))


@contextlib.contextmanager
def _main_module(name: str, source: str) -> Iterator[types.ModuleType]:
    """A fresh real `__main__` whose source the interpreter, AutoGraph and tracebacks can find."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    module = types.ModuleType("__main__")
    module.__builtins__ = __builtins__  # type: ignore[attr-defined]
    before = sys.modules["__main__"]
    sys.modules["__main__"] = module
    try:
        yield module
    finally:
        sys.modules["__main__"] = before


@contextlib.contextmanager
def _isolated() -> Iterator[None]:
    """A temporary working directory; what a block may change in the process is put back."""
    import keras
    import numpy as np

    here, environment, path = Path.cwd(), dict(os.environ), list(sys.path)
    registered = keras.saving.get_custom_objects()
    objects = dict(registered)
    with tempfile.TemporaryDirectory(prefix="block-", ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        try:
            with np.printoptions(), np.errstate():
                yield
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(environment)
            sys.path[:] = path
            registered.clear()
            registered.update(objects)


def execute(code: str, path: Path, line: int) -> str:
    """Run a block in this process in a fresh `__main__` and return what it printed.

    `line` is the line of the opening fence, so that tracebacks and AutoGraph name the page's lines.
    Exceptions pass through.
    """
    name = str(path.resolve())
    source = "\n" * line + code
    printed = io.StringIO()
    with _main_module(name, source) as module, _isolated(), contextlib.redirect_stdout(printed):
        # dont_inherit: the `annotations` import of this file must not leak into blocks.
        exec(compile(source, name, "exec", dont_inherit=True), module.__dict__)
    return printed.getvalue()


def out_of_reach(error: BaseException) -> bool:
    """Whether a block stopped because a public data set is neither on this machine nor to be had."""
    from recnotes.data.files import DownloadError

    return isinstance(error, DownloadError)


def page_traceback(error: BaseException, path: Path) -> tuple[str, int]:
    """The traceback from the page's first line on, and the last line of the page it passes."""
    name = str(path.resolve())
    frames = traceback.extract_tb(error.__traceback__)
    mine = [i for i, frame in enumerate(frames) if frame.filename == name]
    text = "".join(traceback.format_list(frames[mine[0] :])) if mine else ""
    line = frames[mine[-1]].lineno or 0 if mine else 0
    if isinstance(error, SyntaxError) and error.filename == name:
        line = error.lineno or 0
    return text + "".join(traceback.format_exception_only(type(error), error)), line


def run(block: Block, seed: int = REFRESH_SEED) -> Result:
    """Run a block in this process: Keras reset and seeded, warnings as errors, shape comments checked."""
    reset(seed)
    tracer = shape_tracer(block.fence.path, block.code, block.fence.line)
    start = time.process_time()
    try:
        with warnings.catch_warnings():
            _apply_filters()
            with tracer:
                output = execute(block.code, block.fence.path, block.fence.line)
    except (Exception, SystemExit) as error:
        text, line = page_traceback(error, block.fence.path)
        return Result("", text, time.process_time() - start, line or block.fence.line)
    wrong = tracer.wrong()
    if wrong:
        return Result("", "\n".join(wrong) + "\n", time.process_time() - start, block.fence.line)
    return Result(tidy(output), seconds=time.process_time() - start)


def shape_tracer(path: Path, code: str, line: int) -> Tracer:
    """What holds a block's shape comments to its tensors; a block that does not parse has none."""
    with contextlib.suppress(SyntaxError):
        return Tracer(comments(path, "\n" * line + code)[0])
    return Tracer([])


def run_fresh(block: Block, timeout: float = 300) -> Result:
    """Run a block as a script in a fresh interpreter, in an empty folder, with nothing set before it."""
    with tempfile.TemporaryDirectory(prefix="block-") as folder:
        script = Path(folder, "block.py")
        script.write_text("\n" * block.fence.line + block.code, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, script.name],
            cwd=folder,
            env={**ENVIRONMENT, **os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
        )
    error = done.stderr.replace(str(script), str(block.fence.path)) if done.returncode else ""
    return Result(tidy(done.stdout), error)
