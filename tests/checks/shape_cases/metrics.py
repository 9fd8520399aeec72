"""What the metrics that are fed in training use."""

import numpy as np

from recnotes.metrics import GAUC, NDCG
from tests.checks.shape_cases import sizes

B, N = 5, 7


@sizes(B=B, N=N)
def case_ranking():
    scores = np.random.default_rng(0).normal(size=(B, N)).astype(np.float32)
    NDCG(3).update_state(np.arange(1, B + 1), scores)
    NDCG(3).update_state(scores > 0, scores)


@sizes(B=B)
def case_gauc():
    GAUC(B).update_state(np.stack([np.arange(B) % 2, np.zeros(B, int)], 1), np.zeros(B))
