"""What score fusion uses."""

import numpy as np

from recnotes.fusion.ranks import descending_ranks
from tests.checks.shape_cases import sizes


@sizes(B=3, T=5)
def case_ranks():
    descending_ranks(np.random.default_rng(0).normal(size=(3, 5)))
