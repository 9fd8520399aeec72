"""What the PNN topic uses."""

import numpy as np
import tensorflow as tf

from recnotes.layers.product import inner_products
from recnotes.layers.product_layer import ProductLayer
from recnotes.models.pnn import PNN
from tests.checks.shape_cases import sizes


@sizes(B=3, F=5, D=11, U=13)
def case_products():
    inner_products(tf.ones([3, 5, 11]))
    for product in ("none", "inner", "factorized", "outer", "outer_full", "kernel"):
        ProductLayer(13, product)(tf.random.stateless_normal([3, 5, 11], [0, 1]))


@sizes(B=3, F=(5, 7), D=11, U=13, n=2, m=7)
def case_pnn():
    sparse = np.random.default_rng(0).integers(0, [4, 5, 6, 7, 8], (3, 5)).astype("int32")
    PNN([4, 5, 6, 7, 8], 2, 11, (13, 17))({"dense": tf.ones([3, 2]), "sparse": tf.constant(sparse)})
