"""Splits of histories keep what is asked out of training."""

import numpy as np
import pytest

from experiments.sequences import Questions, beginnings, leave_one_out, shifted
from recnotes.data.sequences import Sequences

ROWS = Sequences([[5, 4, 3, 2], [5, 4, 1], [5, 2, 4, 1, 3]])


def test_each_part_ends_where_the_next_begins():
    split = leave_one_out(ROWS, 6, negatives=3)
    old = np.array([0, *split.order])
    train, validation, test = split.train, split.validation, split.test
    for user, row in enumerate(ROWS):
        assert old[train[user]].tolist() == row[:-2].tolist()
        assert old[validation.history[user]].tolist() == row[:-2].tolist()
        assert old[test.history[user]].tolist() == row[:-1].tolist()
        assert (old[validation.target[user]], old[test.target[user]]) == (row[-2], row[-1])


def test_items_are_numbered_by_popularity_in_training_only():
    split = leave_one_out(ROWS, 6, negatives=0)
    assert split.order[0] == 5
    count = np.bincount(split.train.items, minlength=7)[1:]
    assert (np.diff(count) <= 0).all() and split.test.candidates is None


def test_sampled_items_are_none_the_user_had_by_then():
    split = leave_one_out(ROWS, 6, negatives=20)
    for part in (split.validation, split.test):
        assert part.candidates.shape == (3, 21)
        assert (part.candidates[:, 0] + 1 == part.target).all()
        for user, columns in enumerate(part.candidates):
            had = {*part.history[user].tolist(), int(part.target[user])}
            assert not had & set((columns[1:] + 1).tolist())


def test_a_test_item_may_be_drawn_at_validation():
    split = leave_one_out(ROWS, 6, negatives=200)
    for target, columns in zip(split.test.target, split.validation.candidates, strict=True):
        assert target in columns + 1


def test_short_histories_are_refused():
    with pytest.raises(ValueError, match="at least 3 items each, received 2"):
        leave_one_out(Sequences([[1, 2]]), 2)


def test_a_sample_keeps_questions_together():
    questions = Questions(Sequences([[i] for i in range(1, 9)]), np.arange(1, 9, dtype=np.int32))
    part = questions.sample(3)
    assert len(part) == 3 and [row[0] for row in part.history] == part.target.tolist()
    assert questions.sample(8) is questions


def test_rows_for_training():
    rows = Sequences([[1, 2, 3], [4]])
    assert shifted(rows, 4)["next"].tolist() == [[2, 3, 0, 0]]
    pairs = beginnings(rows, 5)
    assert pairs["target"].tolist() == [2, 3]
    assert pairs["history"][:, :2].tolist() == [[1, 0], [1, 2]]
