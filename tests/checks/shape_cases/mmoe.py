"""What the MMoE topic uses."""

import tensorflow as tf

from recnotes.embedding.concat import ConcatFeatures
from recnotes.layers.mixture import MixtureOfExperts
from recnotes.models.mmoe import MMoE
from recnotes.models.shared_bottom import SharedBottom
from tests.checks.shape_cases import sizes

B, F, D, n, G, E = 3, 5, 11, 7, 2, 13


def inputs():
    return {"dense": tf.ones([B, n]), "sparse": tf.zeros([B, F], tf.int32)}


@sizes(B=B, G=G, E=E, U=(17, 19))
def case_experts():
    for units in [17], [17, 19]:
        MixtureOfExperts(E, G, units, gate_bias=True)(tf.ones([B, n]))


@sizes(B=B, F=F, D=D)
def case_features():
    ConcatFeatures([4] * F, D)(inputs())


@sizes(B=B, F=F, D=D, G=G, E=E, U=17)
def case_models():
    MMoE(("a", "b"), E, [17], [19], vocabulary_sizes=[4] * F, embedding_dim=D).gates(inputs())
    MMoE(("a", "b"), E, [17], [19], vocabulary_sizes=[4] * F, embedding_dim=D)(inputs())
    SharedBottom(("a", "b"), [17], [19], vocabulary_sizes=[4] * F, embedding_dim=D)(inputs())
