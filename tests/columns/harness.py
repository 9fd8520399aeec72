"""Generated features, and TensorFlow's own columns run on them in a graph of version 1."""

import numpy as np
import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2

from recnotes import columns

v1 = tf.compat.v1
B, L, D = 7, 5, 3
WORDS = ("a", "b", "c", "d", "e")


def integers(seed, high=12, low=0):
    rng = np.random.default_rng(seed)
    x = np.where(rng.random((B, L)) < 0.4, -1, rng.integers(low, high, (B, L)))
    x[2] = x[-1] = -1  # rows without a value, in the middle and at the end
    return x.astype((np.int64, np.int32)[seed % 2])


def strings(seed):
    x = integers(seed, len(WORDS) + 2)
    return np.where(x < 0, "", np.array([*WORDS, "ä", "zz", "?"])[x]).astype(object)


def graph(build, weights=()):
    """Run what `build` builds from constants in a graph of version 1, its variables set in order of name."""
    with tf.Graph().as_default(), v1.Session() as session:
        built = build()
        made = sorted(v1.global_variables(), key=lambda v: v.name)
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        assert len(made) == len(weights), [v.name for v in made]
        for variable, value in zip(made, weights, strict=True):
            variable.load(value, session)
        return session.run(built)


def features(**arrays):
    """Constants of the graph that is open; a pair (kind, array) asks for a sparse tensor without gaps."""
    return {
        k: columns.drop_missing(tf.constant(x[0])) if isinstance(x, tuple) else tf.constant(x)
        for k, x in arrays.items()
    }


def gradients(build, wanted, weights=(), seed=0):
    """Run what `build` builds, and the gradients of a random projection of it by what `wanted` names then."""

    def both():
        built = build()
        parts = list(built) if isinstance(built, list | tuple) else [built]
        loss = tf.add_n([tf.reduce_sum(part * direction(part.shape, seed)) for part in parts])
        found = v1.gradients(loss, wanted())
        return parts + [tf.convert_to_tensor(g) for g in found]

    return graph(both, weights)


def direction(shape, seed=0):
    """A fixed tensor to project outputs on."""
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


def theirs(column, weights=(), **arrays):
    return graph(lambda: v1.feature_column.input_layer(features(**arrays), [column]), weights)


class Variables(feature_column_v2.StateManager):
    """Keeps one column's variable; TensorFlow's own manager needs a layer of Keras 2."""

    def create_variable(self, feature_column, name, shape, dtype=None, trainable=True, **options):
        self.variable = v1.get_variable(name, shape, dtype, trainable=trainable, use_resource=True)
        return self.variable

    def get_variable(self, feature_column, name):
        return self.variable

    def has_resource(self, feature_column, name):
        return False

    def add_resource(self, feature_column, name, resource):
        return None


def theirs_sequence(column, weights=(), **arrays):
    def build():
        manager = Variables()
        column.create_state(manager)
        cache = feature_column_v2.FeatureTransformationCache(features(**arrays))
        return tuple(column.get_sequence_dense_tensor(cache, manager))

    return graph(build, weights)


def tables(num_rows, seed=0):
    return np.random.default_rng(seed).normal(size=(num_rows, D)).astype(np.float32)
