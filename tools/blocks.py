"""Find the fenced blocks of a Markdown page and run a Python block as a reader would.

Used by `tools/refresh.py`, by `tools/pytest_blocks.py` and by the checks of the block rules.
Nothing here imports TensorFlow before a block is run.
"""

from __future__ import annotations

import ast
import contextlib
import io
import linecache
import os
import pydoc
import re
import subprocess
import sys
import tempfile
import time
import tomllib
import traceback
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.shapes import Tracer

ROOT = Path(__file__).resolve().parents[1]
MARKER = "<!--pytest-codeblocks:expected-output-->"
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",  # TensorFlow logs to stderr when it is imported
    "TF_ENABLE_ONEDNN_OPTS": "0",  # digits must not depend on the CPU's instructions
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "KERAS_BACKEND": "tensorflow",
    "MPLBACKEND": "agg",
}

_OPEN = re.compile(r"^(?P<indent>[ \t]*)(?P<ticks>`{3,}|~{3,})(?P<info>.*)$")
_MARK = re.compile(r"^\s*<!--[-\s]*pytest-codeblocks:\s*(?P<word>[^\s>]*?)[-\s]*-->\s*$")
# Never drawn by the blocks' own `set_random_seed`: what still moves with these is an unseeded block.
PYTEST_SEED, REFRESH_SEED = 90_001, 90_002


@dataclass(frozen=True)
class Fence:
    """One fenced block: `line` is the 1-based line of its opening fence, `end` that of the closing one."""

    path: Path
    line: int
    end: int
    indent: str
    ticks: str
    info: str
    code: str

    @property
    def language(self) -> str:
        """The info string as written: `python`, `text`, ..."""
        return self.info.strip()

    @property
    def where(self) -> str:
        """`file:line`, with the file as a path from the repository's root if it is in it."""
        return f"{shown(self.path)}:{self.line}"


@dataclass(frozen=True)
class Block:
    """An executed block: its fence, and the fence of its expected output if there is one."""

    fence: Fence
    output: Fence | None

    @property
    def code(self) -> str:
        """The program, without the indentation of the admonition it may stand in."""
        return self.fence.code

    @property
    def expected(self) -> str | None:
        """The output that stands on the page."""
        return None if self.output is None else self.output.code

    @property
    def where(self) -> str:
        """`file:line` of the opening fence."""
        return self.fence.where


@dataclass
class Result:
    """What a run printed; `error` is empty or the traceback, whose lines are those of the page."""

    output: str
    error: str = ""
    seconds: float = 0.0  # CPU time, all threads
    line: int = 0  # line of the page where it failed
    warned: list[str] = field(default_factory=list)


def shown(path: Path) -> str:
    """A path as messages show it."""
    with contextlib.suppress(ValueError):
        return path.resolve().relative_to(ROOT).as_posix()
    return str(path)


def fences(path: Path, text: str | None = None) -> list[Fence]:
    """All fenced blocks of a page, in order, those indented in admonitions and details included."""
    lines = (path.read_text(encoding="utf-8") if text is None else text).splitlines()
    found: list[Fence] = []
    i = 0
    while i < len(lines):
        opening = _OPEN.match(lines[i])
        if opening is None or (opening["ticks"][0] == "`" and "`" in opening["info"]):
            i += 1
            continue
        start, indent, ticks = i, opening["indent"], opening["ticks"]
        body: list[str] = []
        i += 1
        while i < len(lines):
            stripped = lines[i].strip()
            if len(stripped) >= len(ticks) and set(stripped) == {ticks[0]}:
                break
            body.append(_dedent(lines[i], len(indent)))
            i += 1
        else:
            raise SyntaxError(f"{shown(path)}:{start + 1}: this fence is never closed")
        code = "".join(line + "\n" for line in body)
        found.append(Fence(path, start + 1, i + 1, indent, ticks, opening["info"], code))
        i += 1
    return found


def _dedent(line: str, width: int) -> str:
    return line[min(width, len(line) - len(line.lstrip(" \t"))) :]


def blocks(path: Path, text: str | None = None) -> list[Block]:
    """The page's Python blocks, each with the expected output that follows it."""
    source = path.read_text(encoding="utf-8") if text is None else text
    lines = source.splitlines()
    found = fences(path, source)
    result: list[Block] = []
    for i, fence in enumerate(found):
        if fence.language != "python":
            continue
        output = None
        if i + 1 < len(found):
            between = [line for line in lines[fence.end : found[i + 1].line - 1] if line.strip()]
            marks = [match["word"] for match in map(_MARK.match, between) if match]
            if len(between) == 1 and marks == ["expected-output"]:
                output = found[i + 1]
        result.append(Block(fence, output))
    return result


def program(code: str) -> str:
    """What must be equal in two languages: the syntax tree, without comments and positions."""
    return ast.dump(ast.parse(code))


def tidy(output: str) -> str:
    """An output as a page holds it: no trailing spaces, no empty lines at the end, one newline."""
    text = "\n".join(line.rstrip() for line in output.splitlines()).rstrip("\n")
    return text + "\n" if text else ""


def twin(path: Path) -> Path | None:
    """The same page in the other language, if the page has one."""
    for mine, other in ((".zh.md", ".en.md"), (".en.md", ".zh.md"), (".zh.md", ".md"), (".md", ".zh.md")):
        if path.name.endswith(mine):
            candidate = path.with_name(path.name[: -len(mine)] + other)
            if candidate != path and candidate.exists():
                return candidate
    return None


def pages() -> list[Path]:
    """Every page that may hold blocks: the READMEs and all of `docs`."""
    return sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))


def set_environment() -> None:
    """What every run has set before TensorFlow is imported (a value set by the user stays)."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)


def import_tensorflow() -> None:
    """Import it without the lines its C++ part writes to stderr before its log level counts."""
    if "tensorflow" in sys.modules:
        return
    set_environment()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        except BaseException:
            file.seek(0)
            os.write(kept, file.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def reset(seed: int) -> None:
    """Bring Keras and TensorFlow back to the state of a fresh interpreter, but for the seeds."""
    import_tensorflow()
    import keras
    import tensorflow as tf

    keras.backend.clear_session(
        free_memory=False
    )  # collecting garbage at every test takes most of their time
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.enable_traceback_filtering()
    tf.config.run_functions_eagerly(False)
    keras.utils.set_random_seed(seed)


def filters() -> list[str]:
    """The warning filters of the tests: `filterwarnings` in pyproject.toml."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return list(settings["tool"]["pytest"]["ini_options"].get("filterwarnings", ["error"]))


def _apply_filters(entries: list[str]) -> None:
    warnings.resetwarnings()
    for entry in entries:
        action, message, category, module, line = (entry.split(":") + [""] * 5)[:5]
        kind: Any = pydoc.locate(category) if category else Warning
        warnings.filterwarnings(action, message, kind, module, int(line or 0))  # type: ignore[arg-type]


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
            _apply_filters(filters())
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
    from tools.shapes import Tracer, comments

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
