import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recnotes.data.sequences import Sequences

LISTS = st.lists(st.lists(st.integers(1, 99), max_size=6), max_size=6)


@given(LISTS)
def test_is_the_list_it_was_made_of(rows):
    sequences = Sequences(rows)
    assert len(sequences) == len(rows)
    assert [row.tolist() for row in sequences] == rows
    assert [sequences[i - len(rows)].tolist() for i in range(len(rows))] == rows


@given(LISTS, st.integers(0, 7))
def test_without_last(rows, count):
    got = [row.tolist() for row in Sequences(rows).without_last(count)]
    assert got == [row[: max(len(row) - count, 0)] for row in rows]


@given(LISTS, st.integers(1, 7))
def test_padded_keeps_the_latest(rows, length):
    padded = Sequences(rows).padded(length)
    assert padded.shape == (len(rows), length) and padded.dtype == np.int32
    for row, kept in zip(rows, padded.tolist(), strict=True):
        assert kept == (row[-length:] + length * [0])[:length]


def test_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        Sequences([[1, 2]])[0][0] = 5


def test_bad_input():
    sequences = Sequences([[1]])
    with pytest.raises(IndexError, match=r"index must be in \[-1, 1\), received 1"):
        sequences[1]
    with pytest.raises(ValueError, match="count must not be negative, received -1"):
        sequences.without_last(-1)
    with pytest.raises(ValueError, match="max_length must be positive, received 0"):
        sequences.padded(0)
    assert repr(sequences) == "Sequences(1 of 1 items)"
