"""What Deep Crossing uses."""

import numpy as np
import tensorflow as tf

from recnotes.layers.residual import ResidualUnit
from recnotes.models.deep_crossing import DeepCrossing
from tests.checks.shape_cases import sizes

SIZES = [4, 5, 6, 7, 8]


@sizes(B=3, I=7, U=11)
def case_unit():
    ResidualUnit(11)(tf.ones([3, 7]))


@sizes(B=3, F=5, D=11, n=2, I=57, U=13)
def case_model():
    sparse = np.random.default_rng(0).integers(0, SIZES, (3, 5)).astype("int32")
    DeepCrossing(SIZES, 2, 11, [13])({"dense": tf.ones([3, 2]), "sparse": tf.constant(sparse)})
