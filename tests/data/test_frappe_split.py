import zipfile
from collections import Counter

import numpy as np
import pytest

from recnotes.data import frappe_split as module
from recnotes.data.download import DownloadError
from recnotes.data.frappe_split import FIELDS, frappe
from tests.data.public import load

# user, item, cnt, then the context; users a and b, apps x, y, z
LOG = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "x")]
SIZES = (2, 2, *8 * (1,))


def libfm(rows):
    offsets = np.concatenate([[0], np.cumsum(SIZES)[:-1]])
    lines = []
    for label, user, item in rows:
        ids = [user, item, *8 * [0]] + offsets
        lines.append(f"{label} " + " ".join(f"{i}:1" for i in ids))
    return "\n".join(lines) + "\n"


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A log of four rows, the third of them held out, with one negative."""
    header = "\t".join([*FIELDS[:2], "cnt", *FIELDS[2:]])
    rows = ["\t".join([user, item, "7", *8 * ["c"]]) for user, item in LOG]
    log = tmp_path / "Mobile_Frappe.zip"
    with zipfile.ZipFile(log, "w") as file:
        file.writestr("Mobile_Frappe/frappe/frappe.csv", "\n".join([header, *rows]) + "\n")
    (tmp_path / "v").write_text(libfm([(1, 1, 0)]))
    (tmp_path / "t").write_text(libfm([(-1, 1, 1)]))
    monkeypatch.setattr(module.Source, "fetch", lambda self: [log, tmp_path / "v", tmp_path / "t"])
    return tmp_path


def test_refuses_a_user_who_has_used_every_app(planted):
    """User a has used both apps, so that no negative can be drawn."""
    with pytest.raises(DownloadError, match="every app"):
        frappe()


def test_refuses_rows_that_the_log_does_not_explain(planted):
    (planted / "v").write_text(libfm([(1, 1, 1)]))
    with pytest.raises(DownloadError, match="the log does not explain"):
        frappe()


def test_bad_argument():
    with pytest.raises(ValueError, match="train must be 'rebuilt' or 'original', received 'other'"):
        frappe("other")


@pytest.fixture(scope="module")
def real():
    return load(frappe)


def test_counts_are_those_of_the_published_split(real):
    counts = [(len(part), int(part.label.sum())) for part in (real.train, real.validation, real.test)]
    assert counts == [(202_027, 67_604), (57_722, 19_063), (28_860, 9_536)]  # as in BARS's log
    assert real.vocabulary_sizes == (957, 4082, 7, 7, 2, 3, 2, 9, 80, 233) and real.rebuilt
    for part in (real.train, real.validation, real.test):
        assert part.ids.min() == 0 and (part.ids < real.vocabulary_sizes).all()
    assert real.values[2][:2] == ("morning", "afternoon") and real.values[8][0] == "United States"


def test_positives_are_the_log_and_negatives_were_never_used(real):
    parts = (real.train, real.validation, real.test)
    positive = np.concatenate([part.ids[part.label == 1] for part in parts])
    negative = np.concatenate([part.ids[part.label == 0] for part in parts])
    assert len(positive) == 96_203 and len(negative) == 2 * 96_203
    used = set(map(tuple, positive[:, :2].tolist()))
    assert not used & set(map(tuple, negative[:, :2].tolist()))
    context = [0, *range(2, 10)]
    twice = Counter({key: 2 * n for key, n in Counter(map(tuple, positive[:, context].tolist())).items()})
    assert twice == Counter(map(tuple, negative[:, context].tolist()))


def test_seed_draws_other_negatives_and_nothing_else(real):
    other = frappe(seed=1)
    positive = real.train.label == 1
    np.testing.assert_array_equal(other.train.ids[positive], real.train.ids[positive])
    assert (other.train.ids != real.train.ids).any() and (other.train.ids[:, 0] == real.train.ids[:, 0]).all()
    np.testing.assert_array_equal(other.test.ids, real.test.ids)
    np.testing.assert_array_equal(frappe(seed=0).train.ids, real.train.ids)
