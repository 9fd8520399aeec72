"""Files of results: read whatever has been written so far, write in one step, lose nothing."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from experiments.layout import entries, laid_out, table

RESULTS = Path(__file__).parent / "results"


def plain(value: Any) -> Any:
    """Returns a value as JSON gives it back.

    Args:
        value: what to write.

    Returns:
        The value with lists for tuples and numbers for NumPy's.

    Example:
        >>> plain({"units": (64, 64)})
        {'units': [64, 64]}
    """
    return json.loads(json.dumps(value, default=float))


def read(path: Path) -> dict[str, Any]:
    """Reads a file of results.

    Args:
        path: path of the file.

    Returns:
        Its content, every curve as a list of objects.

    Raises:
        ValueError: it is damaged; the message names it and says what to do.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        if not isinstance(content["settings"], dict):
            raise TypeError("settings must be an object")
        for trial in content["runs"]:
            int(trial["seed"]), float(trial["minutes"]), dict(trial["metrics"])
            trial["curve"] = entries(trial["curve"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is damaged ({type(error).__name__}: {error}); nothing was changed: restore it with git, "
            "or move it away to start anew"
        ) from error
    return content


def write(path: Path, content: dict[str, Any]) -> None:
    """Writes results in one step: whoever reads the file sees the old one or the new one.

    Args:
        path: path of the file.
        content: what `read` returns.

    Raises:
        ValueError: the entries of a curve have not all the same names.
    """
    runs = [{**trial, "curve": table(trial["curve"])} for trial in content["runs"]]
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(laid_out({**content, "runs": runs}) + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def set_aside(path: Path, folder: Path) -> Path:
    """Copies a file of results to where it is out of the way, beside those that were set aside before.

    Args:
        path: path of the file; it stays until its place is written anew.
        folder: where the copy goes; it is made.

    Returns:
        Path of the copy: ``NAME.before.json``, or with a number where another one has that name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content, number = path.read_bytes(), 1
    while True:
        copy = folder / f"{path.stem}.before{f'-{number}' * (number > 1)}.json"
        if not copy.exists():
            part = copy.with_name(copy.name + ".part")
            shutil.copyfile(path, part)
            os.replace(part, copy)
        if copy.read_bytes() == content:
            return copy
        number += 1


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Waits until no other process writes results in a folder, and keeps others waiting meanwhile.

    Where a system cannot lock a folder (Windows, some network drives), nobody waits.
    """
    try:
        import fcntl

        descriptor = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # and with it the lock, also where the process is killed
