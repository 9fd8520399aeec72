"""MovieLens-1M: the official log, and the sequences gSASRec's authors made of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from recnotes.data.download import DownloadError
from recnotes.data.files import read_members
from recnotes.data.movielens import CITATION
from recnotes.data.sequences import Sequences
from recnotes.data.source import RemoteFile, Source, on_github

__all__ = [
    "AGE_GROUPS",
    "OCCUPATIONS",
    "MovieLens1M",
    "MovieLens1MSequences",
    "movielens_1m",
    "movielens_1m_sequences",
]

LICENSE = (
    "MovieLens-1M belongs to GroupLens (University of Minnesota). Free for research that acknowledges it by "
    "the citation below; no redistribution and no commercial use without permission; no endorsement. Full "
    "terms: https://files.grouplens.org/datasets/movielens/ml-1m-README.txt"
)
SOURCE = Source(
    "ml-1m",
    "MovieLens-1M",
    (
        RemoteFile(
            "ml-1m.zip",
            "https://files.grouplens.org/datasets/movielens/ml-1m.zip",
            "a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20",
        ),
    ),
    LICENSE,
    CITATION,
)
_GSASREC = ("asash/gSASRec-pytorch", "7e350285fb4721377c96e20ace7c74bf19bea57b")
SEQUENCES = Source(
    "ml-1m-sequences",
    "MovieLens-1M as sequences",
    (
        on_github(
            *_GSASREC,
            "datasets/ml1m/train/input.txt",
            "06957b3d3cc937ac05e5f5ade2d2d5c1042efdd2b6779b768140e74d4f6b20e3",
            "ml1m.train.input.txt",
        ),
        on_github(
            *_GSASREC,
            "datasets/ml1m/val/input.txt",
            "e4503bcef51a7689c48d491bd0dc090f053b8103b2c2bf6eed3bc31699fa09ca",
            "ml1m.val.input.txt",
        ),
        on_github(
            *_GSASREC,
            "datasets/ml1m/val/output.txt",
            "bb290f4a647533bef0f74cfaa6e74260d6e461da4fda072b9aaa6231c86240df",
            "ml1m.val.output.txt",
        ),
        on_github(
            *_GSASREC,
            "datasets/ml1m/test/output.txt",
            "6c9b242c789691b9680374d87a0fee61d6b473b99bed8439e4262a307c98d4ba",
            "ml1m.test.output.txt",
        ),
    ),
    LICENSE,
    CITATION + "; the sequences: A. Petrov, C. Macdonald. 2023. gSASRec. RecSys",
)
AGE_GROUPS = (1, 18, 25, 35, 45, 50, 56)
OCCUPATIONS = 21
_NAMES = ("ratings", "users", "movies")


@dataclass(frozen=True, eq=False)
class MovieLens1M:
    """The official log.

    Attributes:
        user_id: int32 ``[n]``, ``1 ... num_users``.
        item_id: int32 ``[n]``, ``1 ... num_items``, row numbers of the movie file, not the official ids.
        rating: float32 ``[n]``, 1 to 5.
        timestamp: int64 ``[n]``, seconds since 1970.
        age: int32 ``[num_users + 1]``, the lower end of the user's age group.
        gender: text ``[num_users + 1]``, "F" or "M".
        occupation: int32 ``[num_users + 1]``, 0 to 20.
        title: text ``[num_items + 1]``, with the year.
        genres: genres of each movie; entry 0 is padding.
        movie_id: int32 ``[num_items + 1]``, the official ids.
        license: terms of use in one paragraph.
        citation: what to cite.
    """

    user_id: np.ndarray
    item_id: np.ndarray
    rating: np.ndarray
    timestamp: np.ndarray
    age: np.ndarray
    gender: np.ndarray
    occupation: np.ndarray
    title: np.ndarray
    genres: tuple[tuple[str, ...], ...]
    movie_id: np.ndarray
    license: str = field(default=LICENSE, repr=False)
    citation: str = field(default=CITATION, repr=False)

    @property
    def num_users(self) -> int:
        """Number of users, padding not counted."""
        return len(self.age) - 1

    @property
    def num_items(self) -> int:
        """Number of movies, padding not counted."""
        return len(self.title) - 1


@dataclass(frozen=True, eq=False)
class MovieLens1MSequences:
    """What gSASRec's authors made of the log: movies with five ratings or more, in order of time.

    The second last movie of the users outside the validation part is not in the files published as text, so
    that a model that is tested on all users sees their history without it.

    Attributes:
        train: movies ``1 ... num_items`` of each user without the last two, of a validation user without the
            last three.
        validation: histories of 512 users, all but the last two.
        validation_target: int32 ``[512]``, the second last movie of those users.
        validation_user: int64 ``[512]``, which entry of ``train`` each of them is.
        test_target: int32 ``[6040]``, the last movie of each user.
        num_items: number of movies, padding not counted.
        license: terms of use in one paragraph.
        citation: what to cite.
    """

    train: Sequences
    validation: Sequences
    validation_target: np.ndarray
    validation_user: np.ndarray
    test_target: np.ndarray
    num_items: int
    license: str = field(default=LICENSE, repr=False)
    citation: str = field(default=SEQUENCES.citation, repr=False)


def movielens_1m() -> MovieLens1M:
    """Returns MovieLens-1M: 1,000,209 ratings by 6,040 users of 3,883 movies.

    Returns:
        Columns.

    Raises:
        DownloadError: the file could not be had or read.

    Example:
        >>> data = movielens_1m()  # doctest: +SKIP
        >>> len(data.rating), data.num_users, data.num_items  # doctest: +SKIP
        (1000209, 6040, 3883)

    References:
        F. Maxwell Harper and Joseph A. Konstan. The MovieLens Datasets: History and Context. ACM TiiS 5(4),
        2015. https://doi.org/10.1145/2827872.
    """
    (path,) = SOURCE.fetch()
    return parse(*(text.decode("latin-1") for text in read_members(path, [f"ml-1m/{n}.dat" for n in _NAMES])))


def parse(ratings: str, users: str, movies: str) -> MovieLens1M:
    r"""Reads the three tables, whose columns are separated by two colons.

    Args:
        ratings: user, movie, rating, seconds.
        users: user, gender, age, occupation, postal code.
        movies: movie, title, genres with a bar between them.

    Returns:
        The data set.

    Raises:
        DownloadError: the users do not run from 1, or a rating names a movie that is not there.

    Example:
        >>> parse("1::7::5::978300760", "1::F::1::10::48067", "7::Sabrina (1995)::Comedy|Romance").genres
        ((), ('Comedy', 'Romance'))
    """
    log = np.array(ratings.replace("::", " ").split(), np.int64).reshape(-1, 4)
    people = [line.rstrip("\r").split("::") for line in users.split("\n") if line]
    films = [line.rstrip("\r").split("::") for line in movies.split("\n") if line]
    if [int(row[0]) for row in people] != list(range(1, len(people) + 1)):
        raise DownloadError("MovieLens-1M: users must run from 1 without a gap")
    official = np.array([0, *(int(row[0]) for row in films)], np.int32)
    rows = np.searchsorted(official, log[:, 1])
    if (rows == len(official)).any() or (official[np.minimum(rows, len(official) - 1)] != log[:, 1]).any():
        raise DownloadError("MovieLens-1M: a rating names a movie that movies.dat does not have")
    data = MovieLens1M(
        user_id=log[:, 0].astype(np.int32),
        item_id=rows.astype(np.int32),
        rating=log[:, 2].astype(np.float32),
        timestamp=log[:, 3].copy(),
        age=np.array([0, *(int(row[2]) for row in people)], np.int32),
        gender=np.array(["", *(row[1] for row in people)]),
        occupation=np.array([0, *(int(row[3]) for row in people)], np.int32),
        title=np.array(["", *(row[1] for row in films)]),
        genres=((), *(tuple(row[2].split("|")) for row in films)),
        movie_id=official,
    )
    for value in vars(data).values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return data


def movielens_1m_sequences() -> MovieLens1MSequences:
    """Returns MovieLens-1M as the sequences that SASRec's and gSASRec's papers use.

    Returns:
        Training histories and targets: 6,040 users, 3,416 movies.

    Raises:
        DownloadError: a file could not be had, or the parts do not fit one another.

    Example:
        >>> data = movielens_1m_sequences()  # doctest: +SKIP
        >>> len(data.train), len(data.validation), data.num_items  # doctest: +SKIP
        (6040, 512, 3416)

    References:
        Petrov and Macdonald, *gSASRec: Reducing Overconfidence in Sequential Recommendation Trained with
        Negative Sampling*, RecSys 2023, https://arxiv.org/abs/2308.07192, and the authors' repository
        asash/gSASRec-pytorch.
    """
    texts = [path.read_text("ascii").splitlines() for path in SEQUENCES.fetch()]
    train, validation = (Sequences([int(i) for i in line.split()] for line in lines) for lines in texts[:2])
    targets = [np.array([int(line) for line in lines], np.int32) for lines in texts[2:]]
    number = {row.tobytes(): user for user, row in enumerate(train)}
    users = [number.get(row[:-1].tobytes(), -1) for row in validation]
    if -1 in users or len(set(users)) < len(users):
        raise DownloadError("MovieLens-1M: the validation histories do not continue training histories")
    num_items = int(max(part.max() for part in (train.items, validation.items, *targets)))
    return MovieLens1MSequences(train, validation, targets[0], np.array(users), targets[1], num_items)
