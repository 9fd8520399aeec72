"""Files fetched once: checked by SHA-256, resumed where they stopped, whole or not there at all.

Two environment variables steer it. ``RECNOTES_CACHE`` is the folder downloads are kept in (by default
``recnotes`` in the user's cache folder). ``RECNOTES_DATA`` is a folder with files you already have; it is
only read, and a file there is used when its checksum is the expected one.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = [
    "ChecksumError",
    "DownloadError",
    "cache_folder",
    "data_folder",
    "download",
    "find_local",
    "pip_download",
    "read_members",
    "sha256",
]

_CHUNK = 1 << 16


class DownloadError(RuntimeError):
    """A file could not be had; the message says from where and why."""


class ChecksumError(DownloadError):
    """A file arrived whole, but its bytes are not the expected ones."""


def cache_folder() -> Path:
    """Return the folder downloads are kept in.

    Returns:
        ``RECNOTES_CACHE`` where it is set, else ``recnotes`` in the user's cache folder. It may not exist.

    Example:
        >>> from unittest import mock
        >>> with mock.patch.dict(os.environ, RECNOTES_CACHE="/data/cache"):
        ...     cache_folder().as_posix()
        '/data/cache'
    """
    if folder := os.environ.get("RECNOTES_CACHE"):
        return Path(folder).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "recnotes"


def data_folder() -> Path | None:
    """Return the folder with files you already have.

    Returns:
        ``RECNOTES_DATA`` where it is set, else ``None``.

    Example:
        >>> from unittest import mock
        >>> with mock.patch.dict(os.environ, RECNOTES_DATA="/data/files"):
        ...     data_folder().as_posix()
        '/data/files'
    """
    folder = os.environ.get("RECNOTES_DATA")
    return Path(folder).expanduser() if folder else None


def sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file.

    Args:
        path: path of the file.

    Returns:
        64 hexadecimal digits.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "empty")
        ...     path.touch()
        ...     sha256(path)
        'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_local(files: Mapping[str, str], tried: list[str], subfolder: str = "") -> list[Path] | None:
    """Look for a set of files in ``RECNOTES_DATA`` and check each.

    Args:
        files: file name → expected SHA-256; all of them are needed.
        tried: list that gets one line for whatever did not fit, for the error message.
        subfolder: folder inside ``RECNOTES_DATA`` that may hold them as well (default: "").

    Returns:
        Their paths, in the order of ``files``, or ``None`` when one is missing or has other bytes.

    Example:
        >>> from unittest import mock
        >>> tried = []
        >>> with mock.patch.dict(os.environ, RECNOTES_DATA="nowhere"):
        ...     find_local({"a.txt": 64 * "0"}, tried)
        >>> tried
        ['RECNOTES_DATA=nowhere: not a folder']
    """
    root = data_folder()
    if root is None:
        return None
    if not root.is_dir():
        line = f"RECNOTES_DATA={root}: not a folder"
        tried += [line] if line not in tried else []
    for folder in dict.fromkeys((root, root / subfolder)):
        paths = [folder / name for name in files]
        if not all(path.is_file() for path in paths):
            continue
        wrong = [(path, got) for path in paths if (got := sha256(path)) != files[path.name]]
        if not wrong:
            return paths
        tried += [f"{path}: SHA-256 is {got}, expected {files[path.name]}" for path, got in wrong]
    return None


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
        expected: SHA-256 of the file, 64 hexadecimal digits.
        timeout: seconds without an answer after which the host counts as out of reach (default: 5.0).
        attempts: how often a connection that broke after it brought something is taken up again (default: 4).

    Returns:
        ``path``.

    Raises:
        DownloadError: the host could not be reached or the transfer kept breaking off.
        ChecksumError: the bytes are not the expected ones; nothing is left on disk.

    Example:
        >>> url = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
        >>> digest = "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229"
        >>> download(url, "data/ml-100k.zip", digest)  # doctest: +SKIP
        PosixPath('data/ml-100k.zip')
    """
    path = Path(path)
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path):
        if path.is_file():
            if sha256(path) == expected:
                return path
            path.unlink()
        resumed = part.exists() and part.stat().st_size > 0
        _fetch(url, part, timeout, attempts)
        if (got := sha256(part)) != expected and resumed:
            # The beginning may stem from another version of the file: once more, from zero.
            part.unlink()
            _fetch(url, part, timeout, attempts)
            got = sha256(part)
        if got != expected:
            part.unlink()
            raise ChecksumError(f"{url}: SHA-256 is {got}, expected {expected}")
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


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold ``path`` + ``.lock`` against other processes; the system frees it when the holder dies."""
    with open(path.with_name(path.name + ".lock"), "a+b") as file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def pip_download(
    requirement: str, path: str | os.PathLike[str], expected: str, *, timeout: float = 10.0
) -> Path:
    """Fetch a wheel with pip, from whatever index pip is set up for; nothing is installed.

    Args:
        requirement: exact requirement, such as ``"recbole==1.2.1"``.
        path: where the wheel shall be; its name is the wheel's own.
        expected: SHA-256 of the wheel.
        timeout: seconds without an answer after which pip gives up an attempt (default: 10.0).

    Returns:
        ``path``.

    Raises:
        DownloadError: pip is missing or failed; the message ends in its last lines.
        ChecksumError: the wheel's bytes are not the expected ones; nothing is left on disk.

    Example:
        >>> digest = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
        >>> name = "recbole-1.2.1-py3-none-any.whl"
        >>> pip_download("recbole==1.2.1", f"data/{name}", digest)  # doctest: +SKIP
        PosixPath('data/recbole-1.2.1-py3-none-any.whl')
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path):
        if path.is_file() and sha256(path) == expected:
            return path
        # In the same folder, so that the rename at the end is one step on one file system.
        with tempfile.TemporaryDirectory(prefix=".pip-", dir=path.parent) as folder:
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
            command += ["--disable-pip-version-check", "--no-input", "--retries=1", f"--timeout={timeout:g}"]
            command += ["--dest", folder, requirement]
            shown = f"pip download --no-deps {requirement}"
            ran = subprocess.run(
                command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
            )
            if ran.returncode:
                said = (ran.stderr or ran.stdout).strip().splitlines()[-3:]
                raise DownloadError(f"{shown}: {' / '.join(line.strip() for line in said)}")
            wheel = Path(folder) / path.name
            if not wheel.is_file():
                raise DownloadError(f"{shown}: brought {os.listdir(folder)} instead of {path.name}")
            if (got := sha256(wheel)) != expected:
                raise ChecksumError(f"{shown}: SHA-256 is {got}, expected {expected}")
            os.replace(wheel, path)
    return path


def read_members(archive: str | os.PathLike[str], names: Mapping[str, str] | list[str]) -> list[bytes]:
    """Read named members of a zip file (or wheel) into memory.

    Nothing is extracted to disk, so no member's name, however crafted, becomes a path.

    Args:
        archive: path of the zip file.
        names: full names of the members.

    Returns:
        Their contents, in the order of ``names``.

    Raises:
        DownloadError: the archive cannot be read or lacks a member.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "a.zip")
        ...     with zipfile.ZipFile(path, "w") as file:
        ...         file.writestr("../b.txt", "text")
        ...     read_members(path, ["../b.txt"])
        [b'text']
    """
    try:
        with zipfile.ZipFile(archive) as file:
            return [file.read(name) for name in names]
    except (KeyError, zipfile.BadZipFile) as error:
        raise DownloadError(f"{archive}: {error.args[0] if error.args else error}") from error
