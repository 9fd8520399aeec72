"""What STMP and STAMP use."""

import tensorflow as tf

from recnotes.layers.stamp_attention import STAMPAttention
from recnotes.losses.softmax_binary import softmax_binary_cross_entropy
from recnotes.models.stamp import STAMP
from recnotes.models.stmp import STMP
from tests.checks.shape_cases import sizes

B, L, D, N = 3, 5, 7, 11


@sizes(B=B, L=L, D=D)
def case_attention():
    x = tf.ones([B, L, D])
    STAMPAttention(D)(x, x[:, 0], x[:, 0], tf.ones([B, L], tf.bool))


@sizes(B=B, N=N)
def case_loss():
    softmax_binary_cross_entropy(tf.zeros([B, N]), tf.constant([1, 2, 0]))


@sizes(B=B, L=(L, 1), D=D, N=N)
def case_models():
    history = tf.constant([[1, 2, 3, 0, 0], [4, 5, 6, 7, 8], [9, 0, 0, 0, 0]])
    x = {"history": history, "target": tf.constant([2, 3, 4])}
    for cls in (STMP, STAMP):
        for wiring in ("paper", "authors"):
            model = cls(N, D, wiring)
            model.compute_loss(x=x, y_pred=model(x))
