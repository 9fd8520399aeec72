"""What activations say of shapes."""

import tensorflow as tf

from recnotes.activations import Dice
from tests.checks.shape_cases import sizes


@sizes(B=3, U=7)
def case_dice():
    layer = Dice()
    layer(tf.random.normal([3, 7], seed=0), training=True)
    layer(tf.random.normal([3, 7], seed=0))
