"""What DCN and DCN-V2 use."""

import numpy as np
import tensorflow as tf

from recnotes.embedding.stack import stack_features
from recnotes.layers.cross import CrossNetwork
from recnotes.layers.cross_v2 import CrossNetworkV2
from recnotes.models.dcn import DCN
from recnotes.models.dcnv2 import DCNv2
from tests.checks.shape_cases import sizes

SIZES = [4, 5, 6, 7, 8]


def inputs():
    sparse = np.random.default_rng(0).integers(0, SIZES, (3, 5)).astype("int32")
    return {"dense": tf.ones([3, 2]), "sparse": tf.constant(sparse)}


@sizes(B=3, F=5, D=11, n=2)
def case_stacked_features():
    stack_features({"dense": tf.ones([3, 2])}, tf.ones([3, 5, 11]), 2)


@sizes(B=3, D=7, K=2, E=5)
def case_cross_networks():
    x0 = tf.random.stateless_normal([3, 7], [0, 1])
    CrossNetwork(2)(x0)
    CrossNetworkV2(1)(x0)
    CrossNetworkV2(1, rank=2)(x0)
    CrossNetworkV2(1, rank=2, num_experts=5)(x0)


@sizes(B=3, F=5, D=(11, 57), n=2, U=13)
def case_models():
    for model in (DCN, DCNv2):
        model(SIZES, 2, 11, 1, hidden_units=[13])(inputs())
