"""What MovieLens-100K holds: ratings, users, movies, its terms of use and what to cite."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

__all__ = ["MovieLens", "MovieLensItems", "MovieLensRatings", "MovieLensUsers"]

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
