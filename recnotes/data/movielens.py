"""MovieLens-100K: 100,000 ratings by 943 users of 1,682 movies, as NumPy arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import recnotes.data.download as files
from recnotes.data._movielens_parse import parse_atomic, parse_official
from recnotes.data.download import DownloadError
from recnotes.data.movielens_tables import (  # noqa: F401, importable from here too
    CITATION,
    LICENSE,
    MovieLens,
    MovieLensItems,
    MovieLensRatings,
    MovieLensUsers,
)

__all__ = ["movielens_100k"]

URL = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
ZIP_NAME = "ml-100k.zip"
ZIP_SHA256 = "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229"
ZIP_FILES = {
    "u.data": "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490",
    "u.item": "553841ebc7de3a0fd0d6b62a204ea30c1e651aacfb2814c7a6584ac52f2c5701",
    "u.user": "f120e114da2e8cf314fd28f99417c94ae9ddf1cb6db8ce0e4b5995d40e90e62c",
}
# The same ratings, users and items travel inside this wheel: for whoever reaches a package index only.
WHEEL_REQUIREMENT = "recbole==1.2.1"
WHEEL_NAME = "recbole-1.2.1-py3-none-any.whl"
WHEEL_SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
WHEEL_FOLDER = "recbole/dataset_example/ml-100k/"
WHEEL_FILES = {
    "ml-100k.inter": "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff",
    "ml-100k.item": "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532",
    "ml-100k.user": "4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972",
}


def movielens_100k() -> MovieLens:
    """Return MovieLens-100K, fetched at the first call and kept in the cache.

    Looked for in this order, each file checked by SHA-256:

    1. ``RECNOTES_DATA``: ``ml-100k.zip``, or ``u.data``, ``u.item`` and ``u.user`` out of it, or the wheel of
       ``recbole``, or ``ml-100k.inter``, ``.item`` and ``.user`` out of that (single files may also lie in a
       folder ``ml-100k``);
    2. the cache;
    3. GroupLens's server;
    4. the copy inside the PyPI wheel ``recbole==1.2.1``, fetched by ``pip download`` and not installed.

    The arrays are the same from any of them.

    Returns:
        Ratings, users and items. License and citation are attributes, and are printed at the first fetch.

    Raises:
        DownloadError: no source could be had; the message lists what was tried and where to put the file.

    Example:
        >>> data = movielens_100k()  # doctest: +SKIP
        >>> data.items.title[data.ratings.item_id[:2]]  # doctest: +SKIP
        array(['Kolya', 'L.A. Confidential'], dtype='<U74')

    References:
        F. Maxwell Harper and Joseph A. Konstan. The MovieLens Datasets: History and Context. ACM TiiS 5(4),
        2015. https://doi.org/10.1145/2827872. By its README every user rated at least 20 movies, between
        September 1997 and April 1998.
    """
    tried: list[str] = []
    if found := files.find_local({ZIP_NAME: ZIP_SHA256}, tried):
        return _from_zip(found[0])
    if found := files.find_local(ZIP_FILES, tried, "ml-100k"):
        return parse_official(str(found[0].parent), *(path.read_bytes() for path in found))
    if found := files.find_local({WHEEL_NAME: WHEEL_SHA256}, tried):
        return _from_wheel(found[0])
    if found := files.find_local(WHEEL_FILES, tried, "ml-100k"):
        return parse_atomic(str(found[0].parent), *(path.read_bytes() for path in found))
    folder = files.cache_folder() / "ml-100k"
    archive, wheel = folder / ZIP_NAME, folder / WHEEL_NAME
    sources: list[tuple[Path, str, Callable[[], Path], Callable[[Path], MovieLens]]] = [
        (archive, ZIP_SHA256, lambda: files.download(URL, archive, ZIP_SHA256), _from_zip),
        (
            wheel,
            WHEEL_SHA256,
            lambda: files.pip_download(WHEEL_REQUIREMENT, wheel, WHEEL_SHA256),
            _from_wheel,
        ),
    ]
    # Both caches first: who once fell back to the wheel shall not wait for the server at every call.
    for path, expected, _, read in sources:
        if path.is_file() and files.sha256(path) == expected:
            return read(path)
    for path, _, fetch, read in sources:
        try:
            fetch()
        except DownloadError as error:
            tried.append(str(error))
        else:
            print(f"{LICENSE}\nCite: {CITATION}\nKept in {path}", file=sys.stderr)
            return read(path)
    lines = "\n".join(f"  - {line}" for line in tried)
    where = files.data_folder() or "a folder"
    raise DownloadError(
        f"MovieLens-100K could not be had. Tried:\n{lines}\n"
        f"By hand: fetch {URL} (SHA-256 {ZIP_SHA256}) on any machine, "
        f"put it into {where} and set RECNOTES_DATA to that folder, or put it at {archive}."
    )


def _from_zip(path: Path) -> MovieLens:
    return parse_official(str(path), *files.read_members(path, ["ml-100k/" + name for name in ZIP_FILES]))


def _from_wheel(path: Path) -> MovieLens:
    return parse_atomic(str(path), *files.read_members(path, [WHEEL_FOLDER + name for name in WHEEL_FILES]))
