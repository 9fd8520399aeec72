"""What Wide & Deep uses."""

import numpy as np
import tensorflow as tf

from recnotes.models.wide_deep import WideDeep
from tests.checks.shape_cases import sizes

SIZES = [4, 5, 6, 7, 8]


@sizes(B=3, F=(5, 4), D=(11, 1), n=2, m=7, C=4)
def case_model():
    sparse = np.random.default_rng(0).integers(0, SIZES, (3, 5)).astype("int32")
    model = WideDeep(SIZES, 2, 11, [13], [[0, 1], [1, 2], [2, 3], [3, 4]])
    model({"dense": tf.ones([3, 2]), "sparse": tf.constant(sparse)})
