"""Files that are there already: the two folders they are looked for in, checksums, archives, locks."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = [
    "ChecksumError",
    "DownloadError",
    "cache_folder",
    "checksum",
    "data_folder",
    "find_local",
    "kind",
    "read_members",
    "sha256",
]


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
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "empty")
        ...     path.touch()
        ...     sha256(path)
        'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksum(path: str | os.PathLike[str], like: str) -> str:
    """Return the digest of a file in the form of another one.

    Args:
        path: path of the file.
        like: 64 digits for SHA-256, or 40 for the SHA-1 that git gives a file's content, which hashes the
            word ``blob``, the length and a zero byte first.

    Returns:
        As many hexadecimal digits as ``like`` has.

    Raises:
        ValueError: ``like`` has another length.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "empty")
        ...     path.touch()
        ...     checksum(path, 40 * "0")  # git's name of the empty file
        'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
    """
    if len(like) == 64:
        return sha256(path)
    if len(like) != 40:
        raise ValueError(f"like must have 64 or 40 digits, received {like!r}")
    digest = hashlib.sha1(b"blob %d\0" % os.path.getsize(path), usedforsecurity=False)
    with open(path, "rb") as file:
        while chunk := file.read(1 << 16):
            digest.update(chunk)
    return digest.hexdigest()


def kind(digest: str) -> str:
    """Return what a digest of this length is called.

    Args:
        digest: hexadecimal digits.

    Returns:
        "SHA-256" or "git blob SHA-1".

    Example:
        >>> kind(40 * "0")
        'git blob SHA-1'
    """
    return "SHA-256" if len(digest) == 64 else "git blob SHA-1"


def find_local(files: Mapping[str, str], tried: list[str], subfolder: str = "") -> list[Path] | None:
    """Look for a set of files in ``RECNOTES_DATA`` and check each.

    Args:
        files: file name → expected SHA-256 or git blob SHA-1; all of them are needed.
        tried: list that gets one line for whatever did not fit, for the error message.
        subfolder: folder inside ``RECNOTES_DATA`` that may hold them as well (default: "").

    Returns:
        Their paths, in the order of ``files``, or ``None`` when one is missing or has other bytes.

    Raises:
        ValueError: a digest has neither 64 nor 40 digits.

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
        wrong = [
            (path, got) for path in paths if (got := checksum(path, files[path.name])) != files[path.name]
        ]
        if not wrong:
            return paths
        tried += [f"{path}: {kind(got)} is {got}, expected {files[path.name]}" for path, got in wrong]
    return None


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
        >>> import tempfile
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


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
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
