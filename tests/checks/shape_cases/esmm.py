"""What the ESMM topic uses."""

import tensorflow as tf

from recnotes.models.esmm import ESMM
from tests.checks.shape_cases import sizes


@sizes(B=3)
def case_model():
    ESMM((7,), vocabulary_sizes=[4, 4], embedding_dim=5)(
        {"dense": tf.ones([3, 11]), "sparse": tf.zeros([3, 2], tf.int32)}
    )
