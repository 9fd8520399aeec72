"""What models with several vectors a user say of shapes."""

import math

import tensorflow as tf

from recnotes.layers.readout import choose_interest, label_aware_attention
from recnotes.models.best_items import best_items
from recnotes.models.comirec import ComiRecDR, ComiRecSA
from recnotes.models.mind import MIND
from tests.checks.shape_cases import sizes

B, L, D, M, N = 3, 5, 7, 4, 11


def inputs():
    history = tf.constant([[1, 2, 3, 0, 0], [4, 5, 6, 7, 8], [9, 0, 0, 0, 0]])
    return {"history": history, "target": tf.constant([2, 3, 4])}


@sizes(B=B, L=L, D=D, M=M, N=N)
def case_comirec_sa():
    for wiring in "paper", "authors":
        model = ComiRecSA(N, D, 8, M, units=6, wiring=wiring)
        model.compute_loss(inputs(), y_pred=model(inputs()))
        best_items(model.scores(inputs()), inputs()["history"], 2)


@sizes(B=B, M=M)
def case_readout():
    v, e, allowed = tf.ones([B, M, D]), tf.ones([B, D]), tf.ones([B, M], tf.bool)
    choose_interest(v, e)
    for power in 2, math.inf:
        label_aware_attention(v, e, power, allowed)


@sizes(B=B, L=L, D=D, M=M, N=N, O=M * D)
def case_routing():
    models = [ComiRecDR(N, D, 8, M, bilinear=kind) for kind in ("position", "interest")]
    models += [MIND(N, D, 8, M, power=2, hidden_units=(6,)), MIND(N, D, 8, M, adaptive=False)]
    for model in models:
        model.compute_loss(inputs(), y_pred=model(inputs()))
