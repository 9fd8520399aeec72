"""MovieLens-100K out of GroupLens's files, and out of RecBole's."""

from __future__ import annotations

import re

import numpy as np

from recnotes.data.files import DownloadError
from recnotes.data.movielens_tables import (
    GENDERS,
    GENRES,
    MovieLens,
    MovieLensItems,
    MovieLensRatings,
    MovieLensUsers,
)


def parse_official(source: str, data: bytes, item: bytes, user: bytes) -> MovieLens:
    """Read u.data, u.item (Latin-1) and u.user."""
    items = []
    for row in _rows(item.decode("latin-1"), "|", 5 + len(GENRES)):
        flags = row[5:]
        items.append((row[0], row[1], [g for g, flag in zip(GENRES, flags, strict=True) if flag == "1"]))
    return _build(data.decode("ascii"), items, _rows(user.decode("latin-1"), "|", 5), source)


def parse_atomic(source: str, inter: bytes, item: bytes, user: bytes) -> MovieLens:
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
