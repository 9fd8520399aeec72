"""Files that travel inside a wheel, for whoever reaches a package index only."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from recnotes.data.files import ChecksumError, DownloadError, locked, sha256

__all__ = ["pip_download"]


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
    with locked(path):
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
