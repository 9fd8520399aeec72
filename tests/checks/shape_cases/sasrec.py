"""What the SASRec topic uses."""

import numpy as np
import tensorflow as tf

from recnotes.data.sessions import markov_sessions, next_item_pairs, transition_counts
from recnotes.embedding.sequence import SequenceEmbedding
from recnotes.layers.negatives import sample_negatives
from recnotes.layers.transformer import SASRecBlock
from recnotes.losses import next_item_cross_entropy, sampled_binary_cross_entropy
from recnotes.metrics.ranking import rank_range
from recnotes.models.sasrec import SASRec
from tests.checks.shape_cases import sizes

B, L, D, H, N = 3, 5, 14, 2, 11  # a head's width d is 7


def history():
    return tf.constant([[1, 2, 3, 0, 0], [4, 5, 6, 7, 8], [9, 0, 0, 0, 0]])


def following():
    return tf.constant([[2, 3, 4, 0, 0], [5, 6, 7, 8, 9], [10, 0, 0, 0, 0]])


@sizes(B=B, L=L, D=D)
def case_embedding():
    SequenceEmbedding(N, D, L)(history())


@sizes(B=B, L=L, D=D, H=H, d=D // H)
def case_block():
    x = tf.random.normal([B, L, D], seed=0)
    for wiring in "paper", "authors":
        SASRecBlock(D, H, wiring=wiring)(x, history() > 0)


@sizes(B=B, S=L)
def case_negatives():
    sample_negatives(history(), N, [7], seed=[0, 1])


@sizes(B=B, L=L)
def case_losses():
    sampled_binary_cross_entropy(tf.zeros([B, L, 3 + 4]), history() > 0)
    next_item_cross_entropy(tf.zeros([B, L, N]), following())


@sizes(B=B, L=L, D=D, H=H, d=D // H, N=N, S=2 * L)
def case_model():
    for wiring in "paper", "authors":
        for loss in "bce", "cross_entropy":
            model = SASRec(N, D, L, num_blocks=1, num_heads=H, wiring=wiring, loss=loss)
            x = {"history": history(), "next": following()}
            model.compute_loss(x=x, y_pred=model(x))
            model(x | {"negatives": tf.ones([B, L, 4], tf.int32)})
            model({"history": history()})


@sizes(B=7, N=N, Q=3, n=7)
def case_sessions():
    data = markov_sessions(7, N, lag_weights=(0.2, 0.3, 0.5), min_length=4, max_length=L)
    transition_counts(next_item_pairs(data.sessions), N)


@sizes(N=N, n=B)
def case_ranks():
    scores = np.random.default_rng(0).normal(size=(B, N))
    rank_range(scores, np.arange(B))
    rank_range(scores, np.arange(B), np.zeros((B, N), bool))
