"""What losses say of shapes."""

import tensorflow as tf

from recnotes.losses import (
    listnet_top_k_loss,
    neural_sort_top_k_loss,
    sampled_softmax_loss,
    stochastic_neural_sort,
    triplet_loss,
)
from tests.checks.shape_cases import sizes


@sizes(B=3, N=11, D=7, S=5)
def case_sampled():
    draws = tf.constant([1, 2, 3, 4, 5]), tf.ones(3), tf.ones(5)
    sampled_softmax_loss(tf.ones([11, 7]), tf.zeros(11), tf.constant([1, 8, 9]), tf.ones([3, 7]), draws)


@sizes(B=3, N=11, K=2)
def case_lists():
    neural_sort_top_k_loss(tf.random.normal([3, 11], seed=0), tf.random.normal([3, 11], seed=1), 2)
    triplet_loss(*(tf.random.normal([3, 7], seed=seed) for seed in range(3)))


@sizes(B=3, N=5, Q=20, K=2)
def case_orders():
    listnet_top_k_loss(tf.random.normal([3, 5], seed=0), tf.random.normal([3, 5], seed=1), 2)


@sizes(B=(3, 21), N=5, Q=7)
def case_draws():
    stochastic_neural_sort(tf.random.normal([3, 5], seed=0), 7)
