"""What the AFM topic uses."""

import numpy as np
import tensorflow as tf

from recnotes.layers.afm import PairAttention
from recnotes.models.afm import AFM
from tests.checks.shape_cases import sizes


@sizes(B=3, F=5, D=11, P=10)
def case_attention():
    for wiring in ("paper", "authors"):
        PairAttention(13, wiring=wiring)(tf.random.stateless_normal([3, 5, 11], [0, 1]))


@sizes(B=3, F=(5, 7), D=(11, 1), P=21, n=2, m=7)
def case_afm():
    sparse = np.random.default_rng(0).integers(0, [4, 5, 6, 7, 8], (3, 5)).astype("int32")
    AFM([4, 5, 6, 7, 8], 2, 11, 13)({"dense": tf.ones([3, 2]), "sparse": tf.constant(sparse)})
