"""What the models of a candidate and a history use."""

import tensorflow as tf

from recnotes.embedding.behavior import BehaviorEmbedding
from recnotes.layers.bst_block import BSTBlock
from recnotes.layers.co_action import CoAction, co_action_size
from recnotes.layers.target_attention import TargetAttention
from recnotes.models.bst import BST
from recnotes.models.can import CAN
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
    layer = BehaviorEmbedding(N, [4] * F, n, D)
    layer(inputs())
    layer.profile(inputs())


@sizes(B=B, D=D, L=L, P=B * L)
def case_target_attention():
    q, k = tf.ones([B, D]), tf.ones([B, L, D])
    for activation, normalize in (("dice", None), ("relu", "softmax")):
        TargetAttention([4], activation, normalize)(q, k, tf.ones([B, L], tf.bool))


@sizes(B=B, F=F, D=D, L=L, n=n, P=10)
def case_din():
    for use_attention in (True, False):
        DIN(N, [4] * F, n, D, [17], [19], use_attention=use_attention)(inputs())


@sizes(B=B, L=L, I=5, S=(12, 33))
def case_co_action():
    for wiring, size in (
        ("paper", co_action_size(5, [8, 4])),
        ("authors", co_action_size(5, [8, 3], False)),
    ):
        units = [8, 4] if wiring == "paper" else [8, 3]
        CoAction(units, wiring=wiring)(tf.ones([B, size]), tf.ones([B, L, 5]), tf.ones([B, L], tf.bool))


@sizes(B=B, F=F, D=D, L=L, n=n, I=4, T=58, S=10)
def case_can():
    CAN(N, [4] * F, n, D, [17], 4, [8, 2], orders=6)(inputs())


@sizes(B=B, L=L, D=22, H=2, d=D)
def case_bst_block():
    BSTBlock(2 * D, 2)(tf.ones([B, L, 2 * D]), tf.ones([B, L], tf.bool))


@sizes(B=B, F=F, D=(D, 22), L=(L, 10), n=n, M=9, S=10, H=2, d=D)
def case_bst():
    BST(N, [4] * F, n, D, [17], max_length=9, num_heads=2)(inputs())
