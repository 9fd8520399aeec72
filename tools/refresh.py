"""Run the blocks of pages and rewrite their expected outputs.

    python tools/refresh.py                                   # every page
    python tools/refresh.py docs/interaction/deepfm/index.zh.md
    python tools/refresh.py --check ...                       # only compare

The same program in the other language's file gets the same output without a second run. The difference is
shown. A page with a failing block is left untouched. Exit code: 0 nothing to change, 1 changed (or, with
`--check`, out of date), 2 a block failed.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.block_run import BUDGET, Result, run  # noqa: E402
from tools.blocks import MARKER, Block, blocks, program, tidy  # noqa: E402
from tools.paths import pages, shown, twin  # noqa: E402

Runner = Callable[[Block], Result]


def rewrite(text: str, path: Path, outputs: dict[int, str]) -> str:
    """The page's text with new expected outputs; `outputs` maps a block's line to what it printed."""
    lines = text.splitlines(keepends=True)
    for block in reversed(blocks(path, text)):
        if block.fence.line not in outputs:
            continue
        output = tidy(outputs[block.fence.line])
        if block.output is not None and tidy(block.output.code) == output:
            continue
        indent = block.fence.indent
        ticks = "```"
        while ticks in output:
            ticks += "`"
        body = [f"{indent}{line}\n" if line else "\n" for line in output.splitlines()]
        new = [f"{indent}{ticks}text\n", *body, f"{indent}{ticks}\n"]
        if block.output is None:
            at = block.fence.end
            lines[at:at] = [f"{indent}{MARKER}\n", *new]
        else:
            lines[block.output.line - 1 : block.output.end] = new
    return "".join(lines)


def write(path: Path, before: str, after: str) -> bool:
    """Replace the file in one step, unless somebody changed it since it was read."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(after)
        os.chmod(name, path.stat().st_mode & 0o777)
        if path.read_bytes() != before.encode():
            return False
        os.replace(name, path)
        return True
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def refresh(files: list[Path], check: bool = False, runner: Runner = run) -> int:
    """Refresh (or check) the pages and return the exit code."""
    status = 0
    asked = list(dict.fromkeys(path.resolve() for path in files))
    seen: set[Path] = set()
    for path in asked:
        if path in seen:
            continue
        other = twin(path)
        pair = [path] if other is None else [path, other.resolve()]
        seen.update(pair)
        status = max(status, _refresh_pair(pair, asked, check, runner))
    return status


def _refresh_pair(pair: list[Path], asked: list[Path], check: bool, runner: Runner) -> int:
    known: dict[str, str] = {}
    texts = {path: path.read_bytes().decode("utf-8") for path in pair}
    new: dict[Path, str] = {}
    for path in pair:
        outputs: dict[int, str] = {}
        left = 0
        for block in blocks(path, texts[path]):
            try:
                key = program(block.code)
            except SyntaxError as error:
                if path not in asked:
                    left += 1
                    continue
                line = block.fence.line + (error.lineno or 0)
                print(f"{shown(path)}:{line}: {error.msg}; {shown(path)} is left as it was", file=sys.stderr)
                return 2
            if key not in known:
                if path not in asked:
                    left += 1
                    continue
                result = runner(block)
                if result.error:
                    where = f"{shown(path)}:{result.line}: the block at line {block.fence.line} failed"
                    print(f"{where}; {shown(path)} is left as it was\n{result.error}", file=sys.stderr)
                    return 2
                slow = f"  over the budget of {BUDGET} s" if result.seconds > BUDGET else ""
                print(f"{block.where}: {result.seconds:.1f} s{slow}", flush=True)
                known[key] = result.output
            outputs[block.fence.line] = known[key]
        if left:
            print(f"{shown(path)}: {left} blocks are not those of {pair[0].name}, left as they are")
        new[path] = rewrite(texts[path], path, outputs)
    status = 0
    for path in pair:
        before, after = texts[path], new[path]
        if before == after:
            continue
        status = max(status, 1)
        name = shown(path)
        difference = difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), name, name, n=2
        )
        sys.stdout.writelines(difference)
        if not check and not write(path, before, after):
            print(f"{name} changed while its blocks ran; run again", file=sys.stderr)
            status = 2
    return status


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Run the blocks of pages and rewrite their expected outputs."
    )
    parser.add_argument("files", nargs="*", type=Path, help="Markdown pages; all of them if none is given")
    parser.add_argument("--check", action="store_true", help="only compare, change nothing")
    options = parser.parse_args(argv)
    for path in options.files:
        if not path.is_file():
            parser.error(f"no such page: {path}")
    status = refresh(options.files or pages(), options.check)
    print({0: "nothing to change", 1: "out of date" if options.check else "rewritten", 2: "failed"}[status])
    return status


if __name__ == "__main__":
    sys.exit(main())
