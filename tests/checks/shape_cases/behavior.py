"""What the models of a candidate and a history use."""

import tensorflow as tf

from recnotes.embedding.behavior import BehaviorEmbedding
from recnotes.layers.target_attention import TargetAttention
from recnotes.models.din import DIN
from tests.checks.shape_cases import sizes

B, F, D, L, n, N = 3, 5, 11, 7, 2, 13


def inputs():
    return {
        "item": tf.constant([1, 2, 13]),
        "history": tf.constant([[1, 2, 3, 0, 0, 0, 0], [4, 5, 6, 7, 8, 9, 10], [0] * 7]),
        "dense": tf.ones([B, n]),
        "sparse": tf.zeros([B, F], tf.int32),
    }


@sizes(B=B, F=F, D=D, L=L, n=n)
def case_embedding():
    BehaviorEmbedding(N, [4] * F, n, D)(inputs())


@sizes(B=B, D=D, L=L)
def case_target_attention():
    q, k = tf.ones([B, D]), tf.ones([B, L, D])
    for normalize in (None, "softmax"):
        TargetAttention([4], normalize=normalize)(q, k, tf.ones([B, L], tf.bool))


@sizes(B=B, F=F, D=D, L=L, n=n)
def case_din():
    for use_attention in (True, False):
        DIN(N, [4] * F, n, D, [17], [19], use_attention=use_attention)(inputs())
