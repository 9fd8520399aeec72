import numpy as np
import pytest

from recnotes.data.amazon_sequences import amazon, read_sequences
from recnotes.data.download import DownloadError
from tests.data.public import load


def test_users_must_count_from_one(tmp_path):
    (tmp_path / "a.txt").write_text("1 5\n3 5\n")
    with pytest.raises(DownloadError, match="users must run from 1 without a gap"):
        read_sequences(tmp_path / "a.txt")


def test_bad_name():
    with pytest.raises(ValueError, match="name must be one of .*'beauty'.*, received 'books'"):
        amazon("books")


def test_beauty():
    data = load(amazon)
    assert (len(data.sequences), data.num_items, len(data.sequences.items)) == (22_363, 12_101, 198_502)
    assert data.sequences.lengths.min() == 5  # 5-core
    assert np.bincount(data.sequences.items)[1:].min() == 5
    assert data.sequences[0].tolist() == [1, 2, 3, 4, 5]
    assert data.attributes.shape == (12_102, 6) and data.num_attributes == 637
    assert not data.attributes[0].any() and (data.attributes[1:, 0] > 0).all()
    assert data.attributes[4].tolist() == [1, 2, 3, 0, 0, 0]
