"""Files fetched once: checked by SHA-256, resumed where they stopped, whole or not there at all.

Two environment variables steer it. ``RECNOTES_CACHE`` is the folder downloads are kept in (by default
``recnotes`` in the user's cache folder). ``RECNOTES_DATA`` is a folder with files you already have; it is
only read, and a file there is used when its checksum is the expected one.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from recnotes.data.files import (  # noqa: F401, importable from here too
    ChecksumError,
    DownloadError,
    cache_folder,
    checksum,
    data_folder,
    find_local,
    kind,
    locked,
    read_members,
    sha256,
)
from recnotes.data.wheels import pip_download  # noqa: F401, importable from here too

__all__ = ["download"]

_CHUNK = 1 << 16


def download(
    url: str,
    path: str | os.PathLike[str],
    expected: str,
    *,
    timeout: float = 5.0,
    attempts: int = 4,
) -> Path:
    """Fetch a file to ``path``, or leave ``path`` alone.

    Bytes go to ``path`` + ``.part``. What a killed or broken download left there is continued with a
    ``Range`` request; only after the checksum was right is the file renamed to ``path``, in one step. A
    second process that wants the same file waits for the first one.

    Args:
        url: http or https address.
        path: where the file shall be; its folder is created.
        expected: SHA-256 of the file, 64 hexadecimal digits, or its git blob SHA-1, 40.
        timeout: seconds without an answer after which the host counts as out of reach (default: 5.0).
        attempts: how often a connection that broke after it brought something is taken up again (default: 4).

    Returns:
        ``path``.

    Raises:
        DownloadError: the host could not be reached or the transfer kept breaking off.
        ChecksumError: the bytes are not the expected ones; nothing is left on disk.
        ValueError: ``expected`` has neither 64 nor 40 digits.

    Example:
        >>> url = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
        >>> digest = "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229"
        >>> download(url, "data/ml-100k.zip", digest)  # doctest: +SKIP
        PosixPath('data/ml-100k.zip')
    """
    path = Path(path)
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path):
        if path.is_file():
            if checksum(path, expected) == expected:
                return path
            path.unlink()
        resumed = part.exists() and part.stat().st_size > 0
        _fetch(url, part, timeout, attempts)
        if (got := checksum(part, expected)) != expected and resumed:
            # The beginning may stem from another version of the file: once more, from zero.
            part.unlink()
            _fetch(url, part, timeout, attempts)
            got = checksum(part, expected)
        if got != expected:
            part.unlink()
            raise ChecksumError(f"{url}: {kind(got)} is {got}, expected {expected}")
        os.replace(part, path)
    return path


def _fetch(url: str, part: Path, timeout: float, attempts: int) -> None:
    """Append to ``part`` until the server says that it is whole."""
    for attempt in range(1, attempts + 1):
        before = part.stat().st_size if part.exists() else 0
        try:
            if _transfer(url, part, timeout):
                return
            reason: object = "the connection closed before the end of the file"
        except urllib.error.HTTPError as error:
            if error.code != 416:
                raise DownloadError(f"{url}: HTTP {error.code} {error.reason}") from error
            # The part is as long as the file, or longer: the checksum will tell.
            if not before:
                raise DownloadError(f"{url}: HTTP 416 for a request without a range") from error
            return
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
        brought = (part.stat().st_size if part.exists() else 0) - before
        if brought <= 0 or attempt == attempts:
            raise DownloadError(f"{url}: {reason}")


def _transfer(url: str, part: Path, timeout: float) -> bool:
    """One request; True when the file is complete."""
    start = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "recnotes", "Accept-Encoding": "identity"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        partial = answer.status == 206 and (answer.headers.get("Content-Range") or "").startswith(
            f"bytes {start}-"
        )
        if not partial:
            start = 0
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length is not None else None
        with open(part, "ab" if partial else "wb") as file, _progress(Path(url).name, total) as show:
            done = start
            show(done)
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                show(done)
            file.flush()
            os.fsync(file.fileno())
    return total is None or done == total


@contextlib.contextmanager
def _progress(name: str, total: int | None) -> Iterator:
    """Yield a function that redraws one line on stderr; silent where stderr is no terminal."""
    stream = sys.stderr
    if stream is None or not stream.isatty():
        yield lambda done: None
        return
    last = -1

    def show(done: int) -> None:
        nonlocal last
        step = done * 100 // total if total else done >> 20
        if step == last:
            return
        last = step
        bar = f"[{'#' * (step * 30 // 100):30}] {step:3d} %" if total else f"{done / 1e6:.0f} MB"
        stream.write(f"\r{name}  {bar}")
        stream.flush()

    try:
        yield show
    finally:
        stream.write("\n")
