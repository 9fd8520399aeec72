"""Diginetica: sessions of clicks in a web shop, in the split by time that SR-GNN made."""

from __future__ import annotations

import csv
import io
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from recnotes.data.sequences import Sequences
from recnotes.data.source import Source, on_github

__all__ = ["Diginetica", "DigineticaViews", "diginetica", "diginetica_sample"]

LICENSE = (
    "Diginetica was published for the CIKM Cup 2016, for research; the repositories the split and the sample "
    "come from state no license, so no redistribution."
)
CITATION = (
    "CIKM Cup 2016 Track 2: Personalized E-Commerce Search Challenge (Diginetica). The split: S. Wu et al. "
    "2019. Session-based Recommendation with Graph Neural Networks. AAAI, https://arxiv.org/abs/1811.00855"
)
_GCE = ("CCIIPLab/GCE-GNN", "212575302e42d64b8cf0b9ffe1b71b0db398d5be")
SOURCE = Source(
    "diginetica",
    "Diginetica, SR-GNN's split",
    (
        on_github(
            *_GCE,
            "datasets/diginetica/all_train_seq.txt",
            "55694865221c682aaa9df6cd5a4ddccff5de902334df5605c5767ee464e11365",
            "diginetica.all_train_seq.txt",
        ),
        on_github(
            *_GCE,
            "datasets/diginetica/test.txt",
            "b2b81f9cb22feb2174feeb3e678b9de5e41ff1653bf23cdaf9046e5404f002ff",
            "diginetica.test.txt",
        ),
    ),
    LICENSE,
    CITATION,
)
SAMPLE = Source(
    "diginetica-sample",
    "Diginetica, 12,391 raw views",
    (
        on_github(
            "CRIPAC-DIG/SR-GNN",
            "e21cfa431f74c25ae6e4ae9261deefe11d1cb488",
            "datasets/sample_train-item-views.csv",
            "98da96e05c87ef12b739e4bfd9bc7b4864106ee77371f1db9eb4413e3f78d37e",
        ),
    ),
    LICENSE,
    CITATION,
)


@dataclass(frozen=True, eq=False)
class Diginetica:
    """Training sessions, and prefixes of test sessions with the click that follows each.

    Attributes:
        train: items ``1 ... num_items`` of each training session, in order of time.
        test: prefixes of the sessions of the last seven days; every session gives one for each of its clicks
            but the first.
        test_target: int32 ``[n]``, the click that follows each prefix.
        num_items: number of items, padding not counted.
        license: terms of use in one paragraph.
        citation: what to cite.
    """

    train: Sequences
    test: Sequences
    test_target: np.ndarray
    num_items: int
    license: str = field(default=LICENSE, repr=False)
    citation: str = field(default=CITATION, repr=False)


@dataclass(frozen=True, eq=False)
class DigineticaViews:
    """Raw views, in the order of the file.

    Attributes:
        session: int64 ``[n]``.
        item: int64 ``[n]``.
        timeframe: int64 ``[n]``, milliseconds since the session's first request.
        date: ``[n]``, the day as text.
    """

    session: np.ndarray
    item: np.ndarray
    timeframe: np.ndarray
    date: np.ndarray


class _ListsOnly(pickle.Unpickler):
    """Reads lists, tuples and numbers; a pickle that names a class or function is refused."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(
            f"the file must hold lists, tuples and numbers, it names {module}.{name}"
        )


def diginetica() -> Diginetica:
    """Returns Diginetica's sessions: those of the last seven days test, the others train.

    Returns:
        186,670 training sessions of 43,097 items, 60,858 test prefixes.

    Raises:
        DownloadError: a file could not be had.
        pickle.UnpicklingError: a file asks for more than lists, tuples and numbers.

    Example:
        >>> data = diginetica()  # doctest: +SKIP
        >>> len(data.train), len(data.test), data.num_items  # doctest: +SKIP
        (186670, 60858, 43097)

    References:
        Wu et al., *Session-based Recommendation with Graph Neural Networks*, AAAI 2019,
        https://arxiv.org/abs/1811.00855, whose preprocessing the files of CCIIPLab/GCE-GNN follow.
    """
    train_file, test_file = SOURCE.fetch()
    train = Sequences(_unpickle(train_file))
    prefixes, targets = _unpickle(test_file)
    test_target = np.array(targets, np.int32)
    test_target.flags.writeable = False
    return Diginetica(train, Sequences(prefixes), test_target, int(train.items.max()))


def diginetica_sample() -> DigineticaViews:
    """Returns the 12,391 raw views that SR-GNN's repository carries as a sample.

    Returns:
        Columns, in the order of the file.

    Raises:
        DownloadError: the file could not be had.

    Example:
        >>> len(diginetica_sample().item)  # doctest: +SKIP
        12391
    """
    (path,) = SAMPLE.fetch()
    rows = list(csv.DictReader(io.StringIO(path.read_text("ascii")), delimiter=";"))
    session, item, timeframe = (
        np.array([int(row[name]) for row in rows]) for name in ("session_id", "item_id", "timeframe")
    )
    return DigineticaViews(session, item, timeframe, np.array([row["eventdate"] for row in rows]))


def _unpickle(path: Path) -> Any:
    with open(path, "rb") as file:
        return _ListsOnly(file).load()
