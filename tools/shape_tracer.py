"""Hold trailing shape comments to the tensors that were really assigned.

While a `Tracer` is active, each shape comment in the traced files is compared with the value just assigned
(or returned). Where two symbols of one call have the same size, a wrong comment could pass; a comment counts
as *proven* only after a call whose sizes were all distinct. Run eagerly, or with static shapes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from tools.paths import shown
from tools.shape_bindings import Bindings
from tools.shape_comments import Comment, ShapeError


@dataclass
class _Call:
    """A call that is being traced: `pending` is the comment of the statement that runs now."""

    lines: dict[int, Comment]
    bindings: Bindings
    pending: Comment | None = None


class Tracer:
    """Checks shape comments while it is active (`with tracer: ...`).

    `failures` holds one message a wrong comment, `ambiguous` the calls in which two symbols had one size.
    Where `declared` says which sizes a symbol may have, others are failures, and a comment counts as proven
    only if all its symbols are declared: one that is alone in its function is then held to something, too.
    """

    declared: dict[str, tuple[int, ...]] | None = None

    def __init__(self, found: Iterable[Comment], names: dict[Path, str] | None = None) -> None:
        self.comments = list(found)
        self.failures: dict[str, str] = {}
        self.ambiguous: dict[str, str] = {}
        self._files: dict[str, dict[int, Comment]] = {}
        for comment in self.comments:
            name = (names or {}).get(comment.path, str(comment.path.resolve()))
            lines = self._files.setdefault(name, {})
            for line in range(comment.first, comment.last + 1):
                lines[line] = comment
        self._frames: dict[FrameType, _Call] = {}
        self._before: Any = None

    def wrong(self) -> list[str]:
        """One message a wrong comment, and one a call in which a wrong comment could pass."""
        ambiguous = [f"{text}: choose distinct sizes" for text in self.ambiguous.values()]
        return [*self.failures.values(), *ambiguous]

    def __enter__(self) -> Tracer:
        self._before = sys.gettrace()
        if self._files:
            sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)
        for frame in list(self._frames):
            self._frames.pop(frame).bindings.finish()

    def _call(self, frame: FrameType, event: str, arg: Any) -> Any:
        lines = self._files.get(frame.f_code.co_filename)
        name = frame.f_code.co_name
        if lines is None or (name.startswith("<") and name != "<module>"):
            return None  # comprehensions have no statements
        # A generator comes back with the frame it had.
        state = self._frames[frame] = self._frames.get(frame) or _Call(lines, Bindings(self.declared))

        def local(frame: FrameType, event: str, arg: Any) -> Any:
            if event == "exception":
                if arg[0] is not StopIteration:
                    state.pending = None
                return local
            pending = state.pending
            here = state.lines.get(frame.f_lineno)
            # Several lines, or (3.12) an inlined comprehension: one statement passes its lines repeatedly.
            if pending is not None and not (event == "line" and here is pending):
                state.pending = None
                self._check(state, pending, frame, event, arg)
            if event == "line" and here is not None:
                state.pending = here
            if event == "return":
                self._end(frame, state)
            return local

        return local

    def _check(self, state: _Call, comment: Comment, frame: FrameType, event: str, arg: Any) -> None:
        if comment.target is None and event != "return":
            return
        variables = frame.f_locals
        try:
            if comment.target is None:
                value = arg
            else:
                try:
                    value = eval(comment.target, frame.f_globals, variables)
                except Exception as error:
                    raise ShapeError(
                        f"{comment.where}: {comment.name} cannot be read back: {error}"
                    ) from None
            state.bindings.check(comment, value, variables)
        except ShapeError as error:
            text = str(error)
            self.failures.setdefault(
                comment.where, text if comment.where in text else f"{comment.where}: {text}"
            )

    def _end(self, frame: FrameType, state: _Call) -> None:
        self._frames.pop(frame, None)
        state.bindings.finish()
        for text in state.bindings.equal():
            where = f"{shown(Path(frame.f_code.co_filename))}:{frame.f_code.co_firstlineno}"
            self.ambiguous.setdefault(where, f"{where}: {text}")
