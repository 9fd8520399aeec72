"""What the field-aware factorization machine uses."""

import numpy as np
import tensorflow as tf

from recnotes.layers.ffm import ffm_pairwise
from recnotes.models.ffm import FFM
from tests.checks.shape_cases import sizes

SIZES = [4, 5, 6, 7, 8]


@sizes(B=3, F=5, D=11)
def case_pairwise():
    ffm_pairwise(tf.ones([3, 5, 5, 11]))


@sizes(B=3, F=(5, 7), D=(11, 1), n=2, m=7)
def case_model():
    sparse = np.random.default_rng(0).integers(0, SIZES, (3, 5)).astype("int32")
    model = FFM(SIZES, 2, 11, use_linear=True)
    model({"dense": tf.ones([3, 2]), "sparse": tf.constant(sparse)})
