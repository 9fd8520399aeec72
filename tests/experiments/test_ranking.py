"""Ranking in batches."""

import numpy as np
import pytest

from experiments import ranking
from experiments.sequences import Questions
from recnotes.data.sequences import Sequences


def test_ranks_over_batches_leave_out_what_was_seen():
    questions = Questions(Sequences([[1], [1, 2], [3]]), np.array([2, 3, 1], np.int32))
    scores = np.array([9.0, 5.0, 3.0, 1.0], np.float32)
    found = ranking.rank(lambda h: np.tile(scores, (len(h), 1)), questions, 4, 5, k=1, batch_size=2)
    assert found == {"hr@1": 1.0, "ndcg@1": 1.0}


def test_candidates_are_ranked_by_the_same_scores():
    candidates = np.array([[1, 2, 3], [0, 1, 2]])
    questions = Questions(Sequences([[1], [4]]), np.array([2, 1], np.int32), candidates)
    scores = np.array([1.0, 5.0, 3.0, 0.0], np.float32)
    full = ranking.rank(lambda h: np.tile(scores, (len(h), 1)), questions, 4, 5, k=2)
    few = ranking.rank_candidates(lambda h, items: scores[items - 1], questions, 5, k=2)
    assert full["sampled_hr@2"] == few["sampled_hr@2"] == 0.5
    assert full["hr@2"] == 0.5
    with pytest.raises(ValueError, match="must have candidates"):
        ranking.rank_candidates(lambda h, items: items, Questions(Sequences([[1]]), np.array([2])), 5)
