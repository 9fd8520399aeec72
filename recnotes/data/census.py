"""Census-Income (KDD): people in the US census of 1994 and 1995, the data of the MMoE paper."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass, field

import numpy as np

from recnotes.data.download import DownloadError
from recnotes.data.source import Source, on_github

__all__ = ["COLUMNS", "NUMERIC", "CensusIncome", "census_income"]

COLUMNS = (
    "age",
    "class_worker",
    "det_ind_code",
    "det_occ_code",
    "education",
    "wage_per_hour",
    "hs_college",
    "marital_stat",
    "major_ind_code",
    "major_occ_code",
    "race",
    "hisp_origin",
    "sex",
    "union_member",
    "unemp_reason",
    "full_or_part_emp",
    "capital_gains",
    "capital_losses",
    "stock_dividends",
    "tax_filer_stat",
    "region_prev_res",
    "state_prev_res",
    "det_hh_fam_stat",
    "det_hh_summ",
    "instance_weight",
    "mig_chg_msa",
    "mig_chg_reg",
    "mig_move_reg",
    "mig_same",
    "mig_prev_sunbelt",
    "num_emp",
    "fam_under_18",
    "country_father",
    "country_mother",
    "country_self",
    "citizenship",
    "own_or_self",
    "vet_question",
    "vet_benefits",
    "weeks_worked",
    "year",
    "income_50k",
)
NUMERIC = (
    "age",
    "wage_per_hour",
    "capital_gains",
    "capital_losses",
    "stock_dividends",
    "num_emp",
    "weeks_worked",
)
_OUTSIDE = ("instance_weight", "income_50k")  # the weight of the sample and the label: no features
_LABELS = {"- 50000.": 0.0, "50000+.": 1.0}
LICENSE = (
    "Census-Income (KDD) comes from the US Census Bureau by way of the UCI Machine Learning Repository; its "
    "terms: https://archive.ics.uci.edu/dataset/117. The repository the "
    "file comes from is under the MIT license."
)
CITATION = "Census-Income (KDD). 2000. UCI Machine Learning Repository. https://doi.org/10.24432/C5N30T"
_MMOE = ("drawbridge/keras-mmoe", "2718f56e4313716fd3a86e9510bc2df0cc366238")
SOURCES = {
    "test": Source(
        "census-income",
        "Census-Income (KDD), test part",
        (
            on_github(
                *_MMOE,
                "data/census-income.test.gz",
                "5ac4cacd3ca9f1ecb10de1a0a41e4ac68fdc419e3fec190f5c0c6cc03b2ea659",
            ),
        ),
        LICENSE,
        CITATION,
    ),
    # Only git's own checksum of this file is known.
    "train": Source(
        "census-income",
        "Census-Income (KDD), training part",
        (on_github(*_MMOE, "data/census-income.data.gz", "57d8bff516af70a99c0cd5b31bde3168b592cffb"),),
        LICENSE,
        CITATION,
    ),
}


@dataclass(frozen=True, eq=False)
class CensusIncome:
    """One part of the data set.

    Attributes:
        numeric: float32 ``[n, 7]``, in the order of ``NUMERIC``.
        categorical: int32 ``[n, 33]``, in the order of ``categorical_names``; each column counts its values
            from 0, in alphabetical order.
        categorical_names: names of the categorical columns.
        categories: the values of each categorical column in the order of their ids.
        instance_weight: float32 ``[n]``, how many people a row stands for.
        income: float32 ``[n]``, 1 above 50,000 dollars a year.
        never_married: float32 ``[n]``, 1 where ``marital_stat`` is "Never married".
        license: terms of use in one paragraph.
        citation: what to cite.
    """

    numeric: np.ndarray
    categorical: np.ndarray
    categorical_names: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    instance_weight: np.ndarray
    income: np.ndarray
    never_married: np.ndarray
    license: str = field(default=LICENSE, repr=False)
    citation: str = field(default=CITATION, repr=False)

    def __len__(self) -> int:
        return len(self.income)


def census_income(part: str = "test") -> CensusIncome:
    """Returns one of the two parts UCI publishes.

    Args:
        part: "test", 99,762 rows, or "train", 199,523 rows (default: "test").

    Returns:
        Columns; the values as the file spells them, without the spaces around them.

    Raises:
        ValueError: ``part`` is neither "test" nor "train".
        DownloadError: the file could not be had or read.

    Example:
        >>> data = census_income()  # doctest: +SKIP
        >>> len(data), int(data.income.sum()), int(data.never_married.sum())  # doctest: +SKIP
        (99762, 6186, 43143)

    References:
        Census-Income (KDD), UCI Machine Learning Repository, https://doi.org/10.24432/C5N30T.
    """
    if part not in SOURCES:
        raise ValueError(f"part must be 'test' or 'train', received {part!r}")
    (path,) = SOURCES[part].fetch()
    return parse(gzip.decompress(path.read_bytes()).decode("ascii"))


def parse(text: str) -> CensusIncome:
    """Reads rows of 42 values with commas between them.

    Args:
        text: the file's text.

    Returns:
        The columns.

    Raises:
        DownloadError: a row has another number of values, or a label is none of the two.

    Example:
        >>> row = ["7", *["a"] * 6, "Never married", *["b"] * 33, "50000+."]
        >>> for name in (*NUMERIC, "instance_weight"):
        ...     row[COLUMNS.index(name)] = "1"
        >>> parse(", ".join(row)).never_married.tolist()
        [1.0]
    """
    rows = list(csv.reader(io.StringIO(text), skipinitialspace=True))
    for row in rows:
        if len(row) != len(COLUMNS):
            raise DownloadError(f"Census-Income: rows must have {len(COLUMNS)} values, received {row!r}")
    columns = {
        name: [value.strip() for value in column]
        for name, column in zip(COLUMNS, zip(*rows, strict=True), strict=True)
    }
    if unknown := set(columns["income_50k"]) - set(_LABELS):
        raise DownloadError(f"Census-Income: labels must be {list(_LABELS)}, received {sorted(unknown)}")
    names = tuple(name for name in COLUMNS if name not in (*NUMERIC, *_OUTSIDE))
    categories = tuple(tuple(sorted(set(columns[name]))) for name in names)
    ids = [
        [order[value] for value in columns[name]]
        for name, order in zip(names, ({v: i for i, v in enumerate(c)} for c in categories), strict=True)
    ]
    data = CensusIncome(
        np.array([columns[name] for name in NUMERIC], np.float32).T.copy(),
        np.array(ids, np.int32).T.copy(),
        names,
        categories,
        np.array(columns["instance_weight"], np.float32),
        np.array([_LABELS[value] for value in columns["income_50k"]], np.float32),
        np.array([value == "Never married" for value in columns["marital_stat"]], np.float32),
    )
    for value in vars(data).values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return data
