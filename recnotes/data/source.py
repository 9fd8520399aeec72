"""A public data set as a list of pinned files: where each is, its checksum, its terms, how it is fetched."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from recnotes.data import files
from recnotes.data.download import DownloadError, download

__all__ = ["RemoteFile", "Source"]

_GITHUB = "https://raw.githubusercontent.com/"


@dataclass(frozen=True)
class RemoteFile:
    """One file at a pinned address.

    Attributes:
        name: name it is kept under, also looked for in ``RECNOTES_DATA``.
        url: http or https address that names a version, such as a commit.
        digest: SHA-256, 64 hexadecimal digits, or where only that is known the 40 of git's blob SHA-1.
    """

    name: str
    url: str
    digest: str


@dataclass(frozen=True)
class Source:
    """A data set's files with their terms.

    Attributes:
        name: short name; also the folder in the cache.
        title: what it is, in a few words.
        files: the files, all of them needed.
        license: terms of use in one paragraph.
        citation: what to cite.
    """

    name: str
    title: str
    files: tuple[RemoteFile, ...]
    license: str
    citation: str

    def fetch(self) -> list[Path]:
        """Returns the paths of the files, each checked; fetches those that are on no disk yet.

        Each file is looked for in ``RECNOTES_DATA`` (there, or in a folder with the data set's name), in the
        cache, then at its address. At a fetch the terms and the citation are printed to stderr.

        Returns:
            Paths, in the order of ``files``.

        Raises:
            DownloadError: a file could not be had; the message lists what was tried and where to put it.

        Example:
            >>> Source("none", "nothing", (), "free", "nobody").fetch()
            []
        """
        paths, fetched = [], []
        for file in self.files:
            path, new = self._one(file)
            paths.append(path)
            fetched += [path] if new else []
        if fetched:
            kept = ", ".join(map(str, fetched))
            print(f"{self.license}\nCite: {self.citation}\nKept in {kept}", file=sys.stderr)
        return paths

    def _one(self, file: RemoteFile) -> tuple[Path, bool]:
        """Returns the path of one file and whether it had to be fetched."""
        tried: list[str] = []
        if found := files.find_local({file.name: file.digest}, tried, self.name):
            return found[0], False
        path = files.cache_folder() / self.name / file.name
        if path.is_file() and files.checksum(path, file.digest) == file.digest:
            return path, False
        try:
            return download(file.url, path, file.digest), True
        except DownloadError as error:
            tried.append(str(error))
        lines = "\n".join(f"  - {line}" for line in tried)
        raise DownloadError(
            f"{self.title}: {file.name} could not be had. Tried:\n{lines}\n"
            f"By hand: fetch {file.url} ({files.kind(file.digest)} {file.digest}) on any machine, put it "
            f"into {files.data_folder() or 'a folder'} as {file.name} and set RECNOTES_DATA to that folder, "
            f"or put it at {path}."
        )


def on_github(repository: str, commit: str, path: str, digest: str, name: str = "") -> RemoteFile:
    """Returns a file of a GitHub repository at a commit.

    Args:
        repository: owner and name.
        commit: SHA-1 of the commit.
        path: path in the repository.
        digest: SHA-256 or git's blob SHA-1.
        name: name to keep it under, "" for the last part of its path (default: "").

    Returns:
        The file.

    Example:
        >>> on_github("owner/name", "0123456", "data/a.txt", 64 * "0").url
        'https://raw.githubusercontent.com/owner/name/0123456/data/a.txt'
    """
    return RemoteFile(name or path.rpartition("/")[2], f"{_GITHUB}{repository}/{commit}/{path}", digest)
