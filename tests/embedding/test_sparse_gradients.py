"""A model that only looks rows up makes no dense gradient of a table, and reads no table as a whole."""

import numpy as np
import pytest
import tensorflow as tf

from recnotes.optimizers import LazyAdam
from recnotes.registry import find, model_names

# Families whose models only look rows up; the others score every item, which is dense by nature.
LOOKUPS = [name for name in model_names() if find(name).family in ("ctr", "behavior", "multitask", "pair")]
# Nothing but a table has as many rows as one of these.
COUNTS = ("num_items", "num_users")


def tables(entry, model):
    """The weights with a row for each value of a vocabulary."""
    sizes = entry.arguments.get("vocabulary_sizes", ())
    rows = {sum(sizes), sum(sizes) + entry.arguments.get("num_dense", 0)}
    rows |= {entry.arguments[name] for name in COUNTS if name in entry.arguments}
    if {"num_items", "num_users"} <= set(entry.arguments):
        rows.add(entry.arguments["num_items"] + entry.arguments["num_users"])
    return [v for v in model.trainable_variables if len(v.shape) and v.shape[0] in rows - {0, 1}]


@pytest.mark.parametrize("name", LOOKUPS)
def test_the_gradient_of_every_table_is_sparse(name):
    entry = find(name)
    model = entry.build()
    found = tables(entry, model)
    assert found, "the model has no table"

    kinds = []
    reads = []

    @tf.function
    def step(inputs):
        with tf.GradientTape() as tape:
            outputs = model(inputs, training=True)
            loss = tf.add_n(
                [tf.reduce_sum(tf.square(tf.cast(y, tf.float32))) for y in tf.nest.flatten(outputs)]
            )
        kinds[:] = [type(g) for g in tape.gradient(loss, [v.value for v in found])]
        reads[:] = [
            op for op in tf.compat.v1.get_default_graph().get_operations() if op.type == "ReadVariableOp"
        ]
        return loss

    step({key: tf.constant(value) for key, value in entry.inputs().items()})
    assert kinds == [tf.IndexedSlices] * len(found), [v.path for v in found]
    shapes = [v.shape for v in found]
    assert not [op.name for op in reads if tuple(op.outputs[0].shape) in shapes]


@pytest.mark.parametrize("name", LOOKUPS)
def test_rows_that_a_batch_does_not_hold_keep_their_values(name):
    entry = find(name)
    model = entry.build()
    found = tables(entry, model)
    before = [v.numpy() for v in found]
    compiled, fit = entry.training(batch=2)
    model.compile(LazyAdam(0.1), **compiled, run_eagerly=True)
    model.fit(**fit, batch_size=2, verbose=0)
    for variable, old in zip(found, before, strict=True):
        same = (variable.numpy() == old).reshape(len(old), -1).all(axis=1)
        assert same.any() and (not same.all() or not np.ptp(old)), variable.path
