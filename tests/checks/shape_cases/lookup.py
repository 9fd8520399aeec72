"""What the sparse lookup topic uses."""

import tensorflow as tf

from recnotes.data.multivalued import bags_of_tags
from recnotes.lookup.dense import embedding_lookup_partitioned
from recnotes.lookup.safe import safe_embedding_lookup_sparse
from recnotes.lookup.sparse import embedding_lookup_sparse, embedding_lookup_stack
from tests.checks.shape_cases import sizes

# V = 13, D = 11; five rows (B) of at most four ids (L), eight ids (K) of which six are distinct (Q).
IDS = tf.ragged.constant([[9, 1, 2, 3], [9], [4], [], [5, 1]])
WEIGHTS = tf.RaggedTensor.from_row_splits(tf.range(1.0, 9.0), IDS.row_splits)


def table():
    return tf.random.normal([13, 11], seed=0)


@sizes(B=5, K=(8, 9), Q=(6, 7), D=11)
def case_lookups():
    for combiner in ("sum", "mean", "sqrtn"):
        for weights in (None, WEIGHTS):
            embedding_lookup_sparse(table(), IDS, weights, combiner=combiner, max_norm=1.0)
            safe_embedding_lookup_sparse(table(), IDS, weights, combiner=combiner)


@sizes(B=8, K=(3, 8), Q=4, D=11)
def case_sparse_tensor_of_rank_three():
    ids = tf.SparseTensor([[0, 0, 0], [0, 1, 1], [1, 2, 0]], [7, 8, 9], [2, 4, 5])
    safe_embedding_lookup_sparse(table(), ids)


@sizes(B=5, L=4, K=8, D=11)
def case_stack():
    embedding_lookup_stack(table(), IDS, WEIGHTS)


@sizes(B=5, V=7, K=16)
def case_bags():
    for combiner in ("sum", "mean", "sqrtn"):
        bags_of_tags(num_rows=5, num_tags=7, max_tags=4, combiner=combiner, weighted=True, seed=0)


@sizes(K=8, D=11)
def case_dense():
    ids = tf.constant([9, 1, 2, 3, 9, 4, 5, 1])
    embedding_lookup_partitioned(table(), ids)
    embedding_lookup_partitioned(tf.split(table(), [5, 4, 4]), ids, "div", max_norm=1.0)
