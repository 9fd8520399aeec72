"""The shapes of slices in the optimizers on rows."""

import keras
import tensorflow as tf

from recnotes.optimizers import LazyAdam, RowAdagrad, RowFtrl
from tests.checks.shape_cases import sizes

U, D, P = 3, 5, 4


@sizes(U=U, D=D, P=P)
def case_rows():
    for kind, options in ((LazyAdam, {"amsgrad": True}), (RowAdagrad, {}), (RowFtrl, {})):
        slices = tf.IndexedSlices(tf.ones([P, D]), tf.constant([1, 6, 1, 2]), [7, D])
        kind(0.1, weight_decay=0.1, **options).apply([slices], [keras.Variable(tf.ones([7, D]))])
