import os
import pickle

import pytest

from recnotes.data.diginetica_sessions import _unpickle, diginetica, diginetica_sample
from tests.data.public import load


class Harm:
    def __reduce__(self):
        return os.system, ("touch harmed",)


def test_pickle_that_calls_something_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_bytes(pickle.dumps([Harm()]))
    with pytest.raises(pickle.UnpicklingError, match=r"lists, tuples and numbers, it names \w+\.system"):
        _unpickle(tmp_path / "a.txt")
    assert not (tmp_path / "harmed").exists()


def test_lists_and_tuples_are_read(tmp_path):
    (tmp_path / "a.txt").write_bytes(pickle.dumps(([[1, 2]], [3])))
    assert _unpickle(tmp_path / "a.txt") == ([[1, 2]], [3])


def test_real_sessions():
    data = load(diginetica)
    assert (len(data.train), int(data.train.lengths.sum())) == (186_670, 906_140)
    assert int((data.train.lengths - 1).sum()) == 719_470  # prefixes, each with a next click
    assert (len(data.test), len(data.test_target), data.num_items) == (60_858, 60_858, 43_097)
    assert data.test_target.min() >= 1 and data.test_target.max() <= 43_097


def test_prefixes_of_one_session_follow_one_another():
    """The first test session gives five prefixes, the longest first; a target is what the next holds last."""
    data = load(diginetica)
    for i in range(3):
        assert [*data.test[i + 1].tolist(), data.test_target[i + 1]] == data.test[i].tolist()


def test_raw_sample():
    views = load(diginetica_sample)
    assert len(views.item) == 12_391 and len(set(views.session.tolist())) == 2_986
    assert views.session[0] == 1 and views.item[0] == 81766 and views.date[0] == "2016-05-09"
