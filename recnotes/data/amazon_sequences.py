"""Amazon reviews as item sequences: the 5-core sets of the S3-Rec paper, with categories and brands."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from recnotes.data.download import DownloadError
from recnotes.data.sequences import Sequences
from recnotes.data.source import Source, on_github

__all__ = ["AmazonSequences", "amazon"]

LICENSE = (
    "Collected from Amazon's public reviews by Julian McAuley's group for research; neither that collection "
    "nor the S3-Rec repository the sequences come from states a license, so no redistribution."
)
CITATION = (
    "J. McAuley, C. Targett, Q. Shi, A. van den Hengel. 2015. Image-based Recommendations on Styles and "
    "Substitutes. SIGIR, https://arxiv.org/abs/1506.04757. The sequences: K. Zhou et al. 2020. S3-Rec. CIKM, "
    "https://arxiv.org/abs/2008.07873"
)
_S3REC = ("RUCAIBox/CIKM2020-S3Rec", "2a81540ae18615d88ef88227b0c066e5b74781e5")
_BEAUTY = (
    on_github(*_S3REC, "data/Beauty.txt", "226cce9c3105299ca0db9615d7d3fb32b3175e90da43100ae352599f0f0107b8"),
    on_github(
        *_S3REC,
        "data/Beauty_item2attributes.json",
        "129e40f67486f6877eff0f5318cfa8530ee8ac23d8b0d1de04e1bb7a2ba0b2d4",
    ),
)
_TOYS = on_github(
    *_S3REC, "data/Toys_and_Games.txt", "176c680c688d497598c4a89a03b402c0fe78d795e5db335c2e78dd5f2d778a3f"
)
_SPORTS = on_github(
    *_S3REC,
    "data/Sports_and_Outdoors.txt",
    "2a095e0648872beb9982408958290f5d655db5be2911c3756b5446de9f0b8de2",
)
SOURCES = {
    "beauty": Source("amazon-beauty", "Amazon Beauty, 5-core", _BEAUTY, LICENSE, CITATION),
    "toys": Source("amazon-toys", "Amazon Toys and Games, 5-core", (_TOYS,), LICENSE, CITATION),
    "sports": Source("amazon-sports", "Amazon Sports and Outdoors, 5-core", (_SPORTS,), LICENSE, CITATION),
}


@dataclass(frozen=True, eq=False)
class AmazonSequences:
    """The items of each user in order of time.

    Attributes:
        sequences: item ids ``1 ... num_items`` of each user, at least 5 each.
        num_items: number of items, padding not counted.
        attributes: int32 ``[num_items + 1, A]``, the categories and brand of each item, ids from 1, padded on
            the right with 0; row 0 is padding. ``A`` is 0 where the set has none.
        license: terms of use in one paragraph.
        citation: what to cite.
    """

    sequences: Sequences
    num_items: int
    attributes: np.ndarray
    license: str = field(default=LICENSE, repr=False)
    citation: str = field(default=CITATION, repr=False)

    @property
    def num_attributes(self) -> int:
        """Number of different attributes, padding not counted."""
        return int(self.attributes.max(initial=0))


def amazon(name: str = "beauty") -> AmazonSequences:
    """Returns one of the 5-core sets, in which every user and every item has at least five reviews.

    Args:
        name: "beauty", "toys" or "sports" (default: "beauty").

    Returns:
        Sequences; only "beauty" has attributes, since the checksum of the others' attribute files is not
        known here.

    Raises:
        ValueError: there is no such set.
        DownloadError: a file could not be had or read.

    Example:
        >>> data = amazon()  # doctest: +SKIP
        >>> len(data.sequences), data.num_items, data.num_attributes  # doctest: +SKIP
        (22363, 12101, 637)

    References:
        McAuley et al., *Image-based Recommendations on Styles and Substitutes*, SIGIR 2015,
        https://arxiv.org/abs/1506.04757. The form: Zhou et al., *S3-Rec: Self-Supervised Learning for
        Sequential Recommendation with Mutual Information Maximization*, CIKM 2020,
        https://arxiv.org/abs/2008.07873, and the authors' repository RUCAIBox/CIKM2020-S3Rec.
    """
    if name not in SOURCES:
        raise ValueError(f"name must be one of {sorted(SOURCES)}, received {name!r}")
    paths = SOURCES[name].fetch()
    sequences = read_sequences(paths[0])
    num_items = int(sequences.items.max())
    attributes = np.zeros((num_items + 1, 0), np.int32)
    if len(paths) > 1:
        lists = json.loads(paths[1].read_text("ascii"))
        attributes = np.zeros((num_items + 1, max(map(len, lists.values()))), np.int32)
        for item, ids in lists.items():
            attributes[int(item), : len(ids)] = ids
    attributes.flags.writeable = False
    return AmazonSequences(sequences, num_items, attributes)


def read_sequences(path: Path) -> Sequences:
    r"""Reads lines ``user item item …``; the users count from 1.

    Args:
        path: path of the file.

    Returns:
        The items of each user.

    Raises:
        DownloadError: the users do not count from 1.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "a.txt")
        ...     _ = path.write_text("1 3 4\n2 5\n")
        ...     [s.tolist() for s in read_sequences(path)]
        [[3, 4], [5]]
    """
    rows = [[int(number) for number in line.split()] for line in path.read_text("ascii").splitlines()]
    if [row[0] for row in rows] != list(range(1, len(rows) + 1)):
        raise DownloadError(f"{path}: users must run from 1 without a gap")
    return Sequences(row[1:] for row in rows)
