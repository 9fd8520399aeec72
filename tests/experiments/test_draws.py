"""Negatives are items without a mark, each as likely as another."""

import numpy as np

from experiments.draws import unmarked


def test_each_item_without_a_mark_is_as_likely():
    marks = np.array([[True, False, True, False, False], [False, False, False, False, True]])
    user = np.repeat([0, 1], 30_000)
    item = unmarked(np.random.default_rng(0), marks, user)
    assert item.dtype == np.int32 and not marks[user, item].any()
    for row, allowed in ((0, 3), (1, 4)):
        share = np.bincount(item[user == row], minlength=5) / 30_000
        np.testing.assert_allclose(share, np.where(marks[row], 0, 1 / allowed), atol=0.02)


def test_items_below_the_first_are_never_drawn():
    item = unmarked(np.random.default_rng(0), np.zeros((1, 3), bool), np.zeros(1000, int), first=1)
    assert set(item) == {1, 2}
