"""What losses say of shapes."""

import tensorflow as tf

from recnotes.losses import neural_sort_top_k_loss, sampled_softmax_loss, triplet_loss
from tests.checks.shape_cases import sizes


@sizes(B=3, N=11, D=7, S=5)
def case_sampled():
    draws = tf.constant([1, 2, 3, 4, 5]), tf.ones(3), tf.ones(5)
    sampled_softmax_loss(tf.ones([11, 7]), tf.zeros(11), tf.constant([1, 8, 9]), tf.ones([3, 7]), draws)


@sizes(B=3, N=11)
def case_lists():
    neural_sort_top_k_loss(tf.random.normal([3, 11], seed=0), tf.random.normal([3, 11], seed=1), 2)
    triplet_loss(*(tf.random.normal([3, 7], seed=seed) for seed in range(3)))
