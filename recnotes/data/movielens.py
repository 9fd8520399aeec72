"""MovieLens-100K: 100,000 ratings by 943 users of 1,682 movies, as NumPy arrays."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import recnotes.data.download as files
from recnotes.data.download import DownloadError

__all__ = ["MovieLens", "MovieLensItems", "MovieLensRatings", "MovieLensUsers", "movielens_100k"]

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

LICENSE = (
    "MovieLens-100K belongs to GroupLens (University of Minnesota). Free for research that acknowledges it "
    "by the citation below; no redistribution and no commercial use without permission; no endorsement. "
    "Full terms: https://files.grouplens.org/datasets/movielens/ml-100k-README.txt"
)
CITATION = (
    "F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and Context. ACM "
    "Transactions on Interactive Intelligent Systems 5, 4, Article 19. https://doi.org/10.1145/2827872"
)

GENRES = (
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
)
GENDERS = ("F", "M")


@dataclass(frozen=True, eq=False)
class MovieLensRatings:
    """The ratings, in the order of the official file (which is not the order of time).

    Args:
        user_id: int32, one entry a rating, from 1 to 943.
        item_id: int32, one entry a rating, from 1 to 1682.
        rating: float32, 1.0 to 5.0 in whole steps.
        timestamp: int64, seconds since 1970-01-01 UTC.
    """

    user_id: np.ndarray
    item_id: np.ndarray
    rating: np.ndarray
    timestamp: np.ndarray

    def __len__(self) -> int:
        """Return the number of ratings."""
        return len(self.user_id)


@dataclass(frozen=True, eq=False)
class MovieLensUsers:
    """What is known about users; entry ``u`` of every array belongs to user id ``u``, entry 0 to padding.

    Args:
        age: int32, years.
        gender: int32, 1 for ``"F"``, 2 for ``"M"``: ``gender_names[gender]`` spells it out.
        occupation: int32, from 1: ``occupation_names[occupation]`` spells it out.
        zip_code: strings; a few are Canadian.
        gender_names: names by code, ``""`` for padding.
        occupation_names: names by code in alphabetical order, ``""`` for padding.
    """

    age: np.ndarray
    gender: np.ndarray
    occupation: np.ndarray
    zip_code: np.ndarray
    gender_names: tuple[str, ...]
    occupation_names: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of users, padding not counted."""
        return len(self.age) - 1


@dataclass(frozen=True, eq=False)
class MovieLensItems:
    """What is known about movies; entry ``i`` of every array belongs to item id ``i``, entry 0 to padding.

    Args:
        title: strings, without the year.
        year: int32, the year in the title's brackets; 0 for item 267, whose title is "unknown".
        genres: float32 ``[num_items + 1, 19]``, 1 where the movie has the genre of that column,
            in the order of ``genre_names[1:]``.
        genre_ids: int32 ``[num_items + 1, 6]``, genre ids from 1, right-padded with 0.
        genre_lists: the genres' names, one tuple a movie.
        genre_names: names by genre id, ``""`` for padding.
    """

    title: np.ndarray
    year: np.ndarray
    genres: np.ndarray
    genre_ids: np.ndarray
    genre_lists: tuple[tuple[str, ...], ...]
    genre_names: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of movies, padding not counted."""
        return len(self.year) - 1


@dataclass(frozen=True, eq=False)
class MovieLens:
    """A MovieLens data set.

    User and item ids are the official ones: they already run from 1 without a gap, so that 0 is free for
    padding and an embedding table needs ``num_users + 1`` or ``num_items + 1`` rows.

    Attributes:
        ratings: user id, item id, rating and time of each rating.
        users: features, indexed by user id.
        items: features, indexed by item id.
        source: path of the file the data were read from.
        license: terms of use in one paragraph.
        citation: what to cite.
    """

    ratings: MovieLensRatings
    users: MovieLensUsers
    items: MovieLensItems
    source: str = ""
    license: str = field(default=LICENSE, repr=False)
    citation: str = field(default=CITATION, repr=False)

    @property
    def num_users(self) -> int:
        """Number of users, padding not counted."""
        return len(self.users)

    @property
    def num_items(self) -> int:
        """Number of movies, padding not counted."""
        return len(self.items)


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
        return _parse_official(str(found[0].parent), *(path.read_bytes() for path in found))
    if found := files.find_local({WHEEL_NAME: WHEEL_SHA256}, tried):
        return _from_wheel(found[0])
    if found := files.find_local(WHEEL_FILES, tried, "ml-100k"):
        return _parse_atomic(str(found[0].parent), *(path.read_bytes() for path in found))
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
    return _parse_official(str(path), *files.read_members(path, ["ml-100k/" + name for name in ZIP_FILES]))


def _from_wheel(path: Path) -> MovieLens:
    return _parse_atomic(str(path), *files.read_members(path, [WHEEL_FOLDER + name for name in WHEEL_FILES]))


def _parse_official(source: str, data: bytes, item: bytes, user: bytes) -> MovieLens:
    """Read u.data, u.item (Latin-1) and u.user."""
    items = []
    for row in _rows(item.decode("latin-1"), "|", 5 + len(GENRES)):
        flags = row[5:]
        items.append((row[0], row[1], [g for g, flag in zip(GENRES, flags, strict=True) if flag == "1"]))
    return _build(data.decode("ascii"), items, _rows(user.decode("latin-1"), "|", 5), source)


def _parse_atomic(source: str, inter: bytes, item: bytes, user: bytes) -> MovieLens:
    """Read RecBole's three tables, whose title and year are apart and whose unknown movie is misspelt."""
    items = []
    for number, title, year, genres in _rows(item.decode("utf-8"), "\t", 4, header=True):
        raw = "unknown" if title == "unkonwn" else f"{title} ({year})"
        items.append((number, raw, genres.split(" ")))
    ratings = inter.decode("ascii").split("\n", 1)[1]
    return _build(ratings, items, _rows(user.decode("utf-8"), "\t", 5, header=True), source)


def _rows(text: str, separator: str, width: int, header: bool = False) -> list[list[str]]:
    # Not splitlines(): Latin-1 text may hold U+0085, which is a line end to it.
    rows = [line.rstrip("\r").split(separator) for line in text.split("\n")[int(header) :] if line]
    for row in rows:
        if len(row) != width:
            raise DownloadError(f"each row must have {width} columns, received {separator.join(row)!r}")
    return rows


def _title_and_year(raw: str) -> tuple[str, int]:
    """Split "Title (1995)"; one title ends in "(1995) (V)", for video."""
    match = re.fullmatch(r"(.*?)\s*\((\d{4})\)(?: \(V\))?\s*", raw)
    return (match[1], int(match[2])) if match else (raw.strip(), 0)


def _build(
    ratings: str, items: list[tuple[str, str, list[str]]], users: list[list[str]], source: str
) -> MovieLens:
    table = np.array(ratings.split(), np.int64).reshape(-1, 4)
    for name, ids in (("user", [row[0] for row in users]), ("item", [row[0] for row in items])):
        if [int(number) for number in ids] != list(range(1, len(ids) + 1)):
            raise DownloadError(f"{name} ids must run from 1 without a gap")
    for name, column, largest in (("user", 0, len(users)), ("item", 1, len(items))):
        if len(table) and not (1 <= table[:, column].min() and table[:, column].max() <= largest):
            raise DownloadError(f"{name} ids of ratings must lie in 1..{largest}")

    occupations = sorted({row[3] for row in users})
    multi_hot = np.zeros((len(items) + 1, len(GENRES)), np.float32)
    genre_ids = np.zeros((len(items) + 1, max((len(g) for _, _, g in items), default=1)), np.int32)
    for i, (_, _, genres) in enumerate(items, start=1):
        for j, genre in enumerate(genres):
            multi_hot[i, GENRES.index(genre)] = 1.0
            genre_ids[i, j] = GENRES.index(genre) + 1
    titles = [_title_and_year(raw) for _, raw, _ in items]
    data = MovieLens(
        MovieLensRatings(
            user_id=table[:, 0].astype(np.int32),
            item_id=table[:, 1].astype(np.int32),
            rating=table[:, 2].astype(np.float32),
            timestamp=table[:, 3].copy(),
        ),
        MovieLensUsers(
            age=np.array([0, *(int(row[1]) for row in users)], np.int32),
            gender=np.array([0, *(GENDERS.index(row[2]) + 1 for row in users)], np.int32),
            occupation=np.array([0, *(occupations.index(row[3]) + 1 for row in users)], np.int32),
            zip_code=np.array(["", *(row[4] for row in users)]),
            gender_names=("", *GENDERS),
            occupation_names=("", *occupations),
        ),
        MovieLensItems(
            title=np.array(["", *(title for title, _ in titles)]),
            year=np.array([0, *(year for _, year in titles)], np.int32),
            genres=multi_hot,
            genre_ids=genre_ids,
            genre_lists=((), *(tuple(genres) for _, _, genres in items)),
            genre_names=("", *GENRES),
        ),
        source=source,
    )
    for part in (data.ratings, data.users, data.items):
        for value in vars(part).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False  # A shuffle in place would tear the columns apart.
    return data
