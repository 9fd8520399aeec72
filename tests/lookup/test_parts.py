"""The pooled lookups from a table in parts: TensorFlow's bits, gradients of every part, errors by name."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from recnotes import lookup
from tests.lookup.grid import D, V, case, same_bits, table

COMBINERS = ("sum", "mean", "sqrtn")
PAIRS = {
    "sparse": (lookup.embedding_lookup_sparse, tf.nn.embedding_lookup_sparse),
    "safe": (lookup.safe_embedding_lookup_sparse, tf.nn.safe_embedding_lookup_sparse),
}


def parts_of(count):
    ends = np.cumsum([0, *lookup.partition_sizes(V, count, "div")])
    return [tf.Variable(table()[a:b]) for a, b in itertools.pairwise(ends)]


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("graph", [False, True])
def test_equal_to_tensorflow_to_the_bit_with_gradients(name, graph):
    for combiner, weights, count in itertools.product(COMBINERS, (None, "signed"), (2, 3)):
        params, max_norm = parts_of(count), (None, 1.5)[count % 2]
        batch = case(count, weights, negative=name == "safe", empty=name == "safe")

        def step(fn, sp_ids, sp_weights):
            with tf.GradientTape() as tape:
                pooled = fn(params, sp_ids, sp_weights, combiner=combiner, max_norm=max_norm)  # noqa: B023
                loss = tf.reduce_sum(pooled * tf.range(1.0, D + 1))
            return [pooled, *map(tf.convert_to_tensor, tape.gradient(loss, params))]  # noqa: B023

        run = tf.function(step) if graph else step
        ours, theirs = (run(fn, batch.sp_ids, batch.sp_weights) for fn in PAIRS[name])
        assert len(ours) == count + 1
        assert all(same_bits(a, b) for a, b in zip(ours, theirs, strict=True)), (combiner, weights, count)
        whole = PAIRS[name][0](table(), batch.sp_ids, batch.sp_weights, combiner=combiner, max_norm=max_norm)
        # Eager, the parts change no bit; a graph's rewriting may add in another order, in TensorFlow's too.
        assert same_bits(ours[0], whole) if not graph else np.allclose(ours[0], whole, atol=1e-5)


@pytest.mark.parametrize("name", PAIRS)
def test_an_id_beyond_all_parts_is_refused_by_name(name):
    params, fn = parts_of(3), PAIRS[name][0]
    for bad in (V, 10**6):
        ids = tf.SparseTensor([[0, 0], [1, 0]], [1, bad], [2, 1])
        for run in (fn, tf.function(fn)):
            with pytest.raises(
                tf.errors.InvalidArgumentError, match=rf"tags must be in \[0, {V}\), received"
            ):
                run(params, ids, None, name="tags")
        with pytest.raises(ValueError, match="tags must be looked up outside XLA"):
            tf.function(lambda: fn(params, ids, None, name="tags"), jit_compile=True)()  # noqa: B023
    if name == "safe":
        with pytest.raises(ValueError, match=r"default_id must be in \[0, 11\) or None, received 11"):
            fn(params, tf.ragged.constant([[1]]), default_id=V)
        assert same_bits(fn(params, tf.ragged.constant([[-1]], tf.int32), default_id=10)[0], table()[10])


@pytest.mark.parametrize("graph", [False, True])
def test_the_stack_reads_parts_as_one_table_with_gradients(graph):
    for count, max_norm in ((2, None), (3, 1.5), (V + 2, None)):  # with more parts than rows some are empty
        batch, params, whole = case(count, "signed"), parts_of(count), tf.Variable(table())

        def step(params, variables):
            with tf.GradientTape() as tape:
                stack, lengths = lookup.embedding_lookup_stack(
                    params,
                    batch.sp_ids,  # noqa: B023
                    batch.sp_weights,  # noqa: B023
                    max_norm,  # noqa: B023
                )
                loss = tf.reduce_sum(stack * tf.range(1.0, D + 1))
            gradients = [tf.convert_to_tensor(g) for g in tape.gradient(loss, variables)]
            return stack, lengths, tf.concat(gradients, 0)

        run = tf.function(step) if graph else step
        for ours, expected in zip(run(params, params), run([whole], [whole]), strict=True):
            np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-6)  # float32, sums in another order
    bad = tf.SparseTensor([[0, 0], [1, 0]], [1, V], [2, 1])
    for name, field in ((None, "sp_ids"), ("tags", "tags")):
        with pytest.raises(tf.errors.InvalidArgumentError, match=rf"{field} must be in \[0, {V}\), received"):
            lookup.embedding_lookup_stack(parts_of(3), bad, name=name)
