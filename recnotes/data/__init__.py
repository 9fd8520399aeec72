"""Generators with planted truth (offline, instant) and loaders of public data sets."""

from recnotes.data.download import ChecksumError, DownloadError
from recnotes.data.movielens import MovieLens, movielens_100k

__all__ = [
    "ChecksumError",
    "DownloadError",
    "MovieLens",
    "movielens_100k",
]
