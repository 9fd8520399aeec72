"""Every public data set by name, for the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from recnotes.data import (
    amazon_sequences,
    census,
    diginetica_sessions,
    frappe_split,
    movielens,
    movielens_1m_files,
)
from recnotes.data.source import Source

__all__ = ["Entry", "entries", "find"]


@dataclass(frozen=True)
class Entry:
    """A data set in the catalog.

    Attributes:
        name: name on the command line.
        title: what it is, in a few words.
        load: function that returns it, fetching it if need be.
        license: terms of use in one paragraph.
        citation: what to cite.
    """

    name: str
    title: str
    load: Callable[[], Any]
    license: str
    citation: str


def entries() -> list[Entry]:
    """Returns all data sets.

    Returns:
        Entries, sorted by name.

    Example:
        >>> [entry.name for entry in entries()][:3]
        ['amazon-beauty', 'amazon-sports', 'amazon-toys']
    """
    pairs: list[tuple[Source, Callable[[], Any]]] = [
        *((s, partial(amazon_sequences.amazon, name)) for name, s in amazon_sequences.SOURCES.items()),
        (census.SOURCES["test"], census.census_income),
        (diginetica_sessions.SOURCE, diginetica_sessions.diginetica),
        (diginetica_sessions.SAMPLE, diginetica_sessions.diginetica_sample),
        (frappe_split.SOURCE, frappe_split.frappe),
        (movielens_1m_files.SOURCE, movielens_1m_files.movielens_1m),
        (movielens_1m_files.SEQUENCES, movielens_1m_files.movielens_1m_sequences),
    ]
    listed = [
        Entry(source.name, source.title, load, source.license, source.citation) for source, load in pairs
    ]
    listed.append(
        Entry("ml-100k", "MovieLens-100K", movielens.movielens_100k, movielens.LICENSE, movielens.CITATION)
    )
    return sorted(listed, key=lambda entry: entry.name)


def find(name: str) -> Entry:
    """Returns one data set's entry.

    Args:
        name: its name.

    Returns:
        The entry.

    Raises:
        ValueError: there is no such data set.

    Example:
        >>> find("frappe").title
        'Frappe'
    """
    for entry in entries():
        if entry.name == name:
            return entry
    raise ValueError(f"name must be one of {[entry.name for entry in entries()]}, received {name!r}")
