"""What the NFM topic uses."""

import numpy as np
import tensorflow as tf

from recnotes.models.nfm import NFM
from tests.checks.shape_cases import sizes


@sizes(B=3, F=(5, 7), D=(11, 1), n=2, m=7)
def case_nfm():
    sparse = np.random.default_rng(0).integers(0, [4, 5, 6, 7, 8], (3, 5)).astype("int32")
    NFM([4, 5, 6, 7, 8], 2, 11, (13,))({"dense": tf.ones([3, 2]), "sparse": tf.constant(sparse)})
