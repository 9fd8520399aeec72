"""Frappe: which app a user opened in which context, with the split that NFM, AFM and BARS use."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from recnotes.data.download import DownloadError
from recnotes.data.files import read_members
from recnotes.data.source import Source, on_github

__all__ = ["FIELDS", "Frappe", "FrappeRows", "frappe"]

FIELDS = (
    "user",
    "item",
    "daytime",
    "weekday",
    "isweekend",
    "homework",
    "cost",
    "weather",
    "country",
    "city",
)
_NFM = "hexiangnan/neural_factorization_machine"
_COMMIT = "ca2a5d11b929816aa44c6e470e795af144608507"
LICENSE = (
    "Frappe may be used for research that acknowledges it by the citation below; no redistribution without "
    "permission, no attempt to identify users, no commercial use without permission."
)
CITATION = (
    "Linas Baltrunas, Karen Church, Alexandros Karatzoglou, Nuria Oliver. 2015. Frappe: Understanding the "
    "Usage and Perception of Mobile App Recommendations In-The-Wild. https://arxiv.org/abs/1505.03014"
)
LOG = on_github(
    "irecsys/CARSKit",
    "0a1789fb0804b067cabd223c4b8fd8b4d2f6e881",
    "context-aware_data_sets/Mobile_Frappe.zip",
    "4adc616de57170f282397f6e6e30215f97fa7ad1b7f40bd12ef5dceaaf3e9b4e",
)
VALIDATION = on_github(
    _NFM,
    _COMMIT,
    "data/frappe/frappe.validation.libfm",
    "fdf4be563a7dd9b15f7a6e8b32671e90e6e7a2a2bd3af4e10bf13c5ad7e76e9e",
)
TEST = on_github(
    _NFM,
    _COMMIT,
    "data/frappe/frappe.test.libfm",
    "a2ebaef3a9af8e55f8bb0d08bc4923965e42e43760ebd7635ac2f8c5db99e097",
)
# Only git's own checksum of the training file is known.
TRAIN = on_github(_NFM, _COMMIT, "data/frappe/frappe.train.libfm", "176b2aaf1f63dd13d3e66a5c17c8ec8186e91893")
SOURCE = Source("frappe", "Frappe", (LOG, VALIDATION, TEST), LICENSE, CITATION)
ORIGINAL = Source("frappe", "Frappe, the original training file", (TRAIN,), LICENSE, CITATION)


@dataclass(frozen=True, eq=False)
class FrappeRows:
    """One part of the split.

    Attributes:
        ids: int32 ``[n, 10]``, the value of each field, counted from 0 within the field.
        label: float32 ``[n]``, 1 for an app that was used, 0 for one that was drawn.
    """

    ids: np.ndarray
    label: np.ndarray

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True, eq=False)
class Frappe:
    """The data set.

    Attributes:
        train: 202,027 rows.
        validation: 57,722 rows.
        test: 28,860 rows.
        values: the values of each field in the order of their ids, as the log spells them.
        rebuilt: whether the apps of the training part's negatives were drawn anew.
        license: terms of use in one paragraph.
        citation: what to cite.
    """

    train: FrappeRows
    validation: FrappeRows
    test: FrappeRows
    values: tuple[tuple[str, ...], ...]
    rebuilt: bool
    license: str = field(default=LICENSE, repr=False)
    citation: str = field(default=CITATION, repr=False)

    @property
    def vocabulary_sizes(self) -> tuple[int, ...]:
        """Number of values of each field."""
        return tuple(map(len, self.values))


def frappe(train: str = "rebuilt", seed: int = 0) -> Frappe:
    """Returns Frappe in the random 70/20/10 split with two negatives a log that NFM's authors published.

    Validation and test are the authors' files. Their training file is needed only for the apps of its
    negatives: everything else follows from the log. A positive of the training part is a row of the log that
    is in no other part. Every row of the log stands for two negatives with its user and context and an app
    that user never opened, so the users and contexts of the training part's negatives are those that the
    other parts leave over; ``"rebuilt"`` draws their apps anew, uniformly from those the user never opened.

    Args:
        train: "rebuilt", or "original" for the authors' training file (default: "rebuilt").
        seed: seed of the apps drawn for "rebuilt" (default: 0).

    Returns:
        The three parts.

    Raises:
        ValueError: ``train`` is neither "rebuilt" nor "original".
        DownloadError: a file could not be had, or the parts do not fit the log.

    Example:
        >>> data = frappe()  # doctest: +SKIP
        >>> len(data.train), len(data.validation), len(data.test)  # doctest: +SKIP
        (202027, 57722, 28860)

    References:
        Baltrunas et al., *Frappe: Understanding the Usage and Perception of Mobile App Recommendations
        In-The-Wild*, 2015, https://arxiv.org/abs/1505.03014. The split: He and Chua, *Neural Factorization
        Machines for Sparse Predictive Analytics*, SIGIR 2017, https://arxiv.org/abs/1708.05027, and the
        authors' repository hexiangnan/neural_factorization_machine.
    """
    if train not in ("rebuilt", "original"):
        raise ValueError(f"train must be 'rebuilt' or 'original', received {train!r}")
    log, validation_file, test_file = SOURCE.fetch()
    rows, values = _read_log(log)
    offsets = np.concatenate([[0], np.cumsum([len(names) for names in values])[:-1]])
    validation, test = (_read_libfm(path, offsets) for path in (validation_file, test_file))
    if train == "original":
        part = _read_libfm(ORIGINAL.fetch()[0], offsets)
    else:
        part = _rebuild(rows, (validation, test), len(values[1]), seed)
    for array in (p for rows_ in (part, validation, test) for p in (rows_.ids, rows_.label)):
        array.flags.writeable = False
    return Frappe(part, validation, test, values, train == "rebuilt")


def _read_log(path: Path) -> tuple[np.ndarray, tuple[tuple[str, ...], ...]]:
    """Returns the log's rows as ids, and the values they stand for, numbered as they appear."""
    (text,) = read_members(path, ["Mobile_Frappe/frappe/frappe.csv"])
    reader = csv.reader(io.StringIO(text.decode("utf-8")), delimiter="\t")
    header = next(reader)
    columns = [header.index(name) for name in FIELDS]
    seen: list[dict[str, int]] = [{} for _ in FIELDS]
    rows = [
        [ids.setdefault(row[c], len(ids)) for ids, c in zip(seen, columns, strict=True)] for row in reader
    ]
    return np.array(rows, np.int32), tuple(tuple(ids) for ids in seen)


def _read_libfm(path: Path, offsets: np.ndarray) -> FrappeRows:
    """Reads lines such as ``-1 204:1 4798:1 …``, whose ids count through all fields."""
    table = np.array(path.read_text("ascii").replace(":1", "").split(), np.int32).reshape(-1, 1 + len(FIELDS))
    return FrappeRows(table[:, 1:] - offsets.astype(np.int32), (table[:, 0] > 0).astype(np.float32))


def _rebuild(log: np.ndarray, held_out: tuple[FrappeRows, ...], num_items: int, seed: int) -> FrappeRows:
    """Takes the held-out rows from the log and from the negatives that it stands for."""
    keep = [0, *range(2, len(FIELDS))]  # all but the app
    positives = Counter(map(tuple, log.tolist()))
    contexts: Counter[tuple[int, ...]] = Counter()
    for row in log[:, keep].tolist():
        contexts[tuple(row)] += 2
    for part in held_out:
        positives.subtract(map(tuple, part.ids[part.label == 1].tolist()))
        contexts.subtract(map(tuple, part.ids[part.label == 0][:, keep].tolist()))
    if min(positives.values()) < 0 or min(contexts.values()) < 0:
        raise DownloadError("Frappe: the held-out files have rows that the log does not explain")
    used = np.zeros((log[:, 0].max() + 1, num_items), bool)
    used[log[:, 0], log[:, 1]] = True
    rng = np.random.default_rng(seed)
    rest = np.array(sorted(contexts.elements()), np.int32)
    items = np.empty(len(rest), np.int32)
    for user in np.unique(rest[:, 0]):
        mine = rest[:, 0] == user
        unused = np.flatnonzero(~used[user])
        if not len(unused):
            raise DownloadError(f"Frappe: user {user} has used every app, so that no negative can be drawn")
        items[mine] = rng.choice(unused, mine.sum())
    negative = np.insert(rest, 1, items, axis=1)
    positive = np.array(sorted(positives.elements()), np.int32)
    label = np.repeat(np.array([1, 0], np.float32), [len(positive), len(negative)])
    return FrappeRows(np.concatenate([positive, negative]).astype(np.int32), label)
