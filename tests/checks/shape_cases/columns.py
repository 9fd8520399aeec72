"""What the columns say of shapes."""

import tensorflow as tf

from recnotes import columns
from tests.checks.shape_cases import sizes

# Five rows (B) of four values (L), seven of them there (K); a dozen words less one (V).
VALUES = tf.constant([[9, 1, -1, -1], [3, -1, -1, -1], [9, 8, -1, -1], [-1, -1, 0, 10], [-1, -1, -1, -1]])


@sizes(B=5, K=(6, 7, 8), L=4, V=11, U=3)
def case_columns():
    ids = columns.identity_ids(VALUES, 11)
    words = list(range(11))
    columns.vocabulary_ids(VALUES, words, num_oov_buckets=8)
    weights = ids.with_values(tf.ones([7]))
    columns.indicator(ids, 11)
    columns.indicator(ids, 11, weights)
    columns.linear_model([(tf.ones([5, 6]), tf.ones([6, 3]))], [(ids, None, tf.ones([11, 3]))], tf.ones([3]))
    columns.sequence_numeric(tf.sparse.from_dense(tf.ones([5, 4])), 2)
