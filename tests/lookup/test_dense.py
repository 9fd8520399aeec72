import itertools

import numpy as np
import pytest
import tensorflow as tf

from recnotes import lookup
from recnotes.oracles import lookup as oracle
from tests.lookup.grid import D, same_bits


def tables(num_rows, num_partitions, strategy, seed=0, variables=False):
    whole = np.random.default_rng(seed).normal(size=(num_rows, D)).astype(np.float32)
    whole[3] = 0.0
    parts = [whole[np.array(p, int)] for p in oracle.partition(num_rows, num_partitions, strategy)]
    return whole, [tf.Variable(p) if variables else tf.constant(p) for p in parts]


def run(fn, params, ids, **options):
    with tf.GradientTape() as tape:
        tape.watch(params)
        rows = fn(params, ids, **options)
        seeds = np.random.default_rng(9).normal(size=rows.shape)
        loss = tf.reduce_sum(rows * tf.constant(seeds, rows.dtype))
    return [rows, *(tf.convert_to_tensor(g) for g in tape.gradient(loss, params))]


@pytest.mark.parametrize("strategy", ["mod", "div"])
def test_equals_tensorflow_to_the_bit_with_gradients(strategy):
    rng = np.random.default_rng(1)
    for parts, num_rows, max_norm in itertools.product((1, 2, 3, 5), (10, 13, 14), (None, 1.5)):
        _, params = tables(num_rows, parts, strategy, variables=num_rows % 2 == 0)
        dtype = (np.int32, np.int64)[parts % 2]
        ids = tf.constant(rng.integers(0, num_rows, size=(4, 6)).astype(dtype))
        options = {"partition_strategy": strategy, "max_norm": max_norm}
        ours = run(lookup.embedding_lookup_partitioned, params, ids, **options)
        theirs = run(tf.compat.v1.nn.embedding_lookup, params, ids, **options)
        assert len(ours) == parts + 1
        assert all(same_bits(a, b) for a, b in zip(ours, theirs, strict=True)), (parts, num_rows, max_norm)
        if strategy == "div":
            ours = run(lookup.embedding_lookup, params, ids, max_norm=max_norm)
            theirs = run(tf.nn.embedding_lookup, params, ids, max_norm=max_norm)
            assert all(same_bits(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("strategy", ["mod", "div"])
def test_equals_tensorflow_to_the_bit_inside_a_function(strategy):
    for parts, max_norm in itertools.product((1, 3), (None, 1.5)):
        _, params = tables(13, parts, strategy, variables=True)

        def step(fn, ids):
            with tf.GradientTape() as tape:
                rows = fn(params, ids, strategy, max_norm=max_norm)  # noqa: B023
                loss = tf.reduce_sum(rows * tf.range(1.0, D + 1))
            return [rows, *map(tf.convert_to_tensor, tape.gradient(loss, params))]  # noqa: B023

        # As arguments: captured constants would be folded, and the two graphs rewritten differently.
        step = tf.function(step)
        ids = tf.constant(np.random.default_rng(2).integers(0, 13, (4, 6)))
        ours = step(lookup.embedding_lookup_partitioned, ids)
        theirs = step(tf.compat.v1.nn.embedding_lookup, ids)
        assert all(same_bits(a, b) for a, b in zip(ours, theirs, strict=True)), (parts, max_norm)


def test_equals_the_loops_values_and_gradients():
    for seed, max_norm in itertools.product(range(3), (None, 1.5)):
        rng = np.random.default_rng(seed)
        table = rng.normal(size=(9, D))
        ids = rng.integers(0, 9, size=7)
        seeds = np.random.default_rng(9).normal(size=(7, D))
        rows, gradient = run(
            lookup.embedding_lookup, [tf.constant(table)], tf.constant(ids), max_norm=max_norm
        )
        np.testing.assert_allclose(rows, oracle.embedding_lookup(table, ids, max_norm), rtol=1e-12)
        step, slope = 1e-6, np.zeros_like(table)
        for i, d in np.ndindex(*table.shape):
            change = np.zeros_like(table)
            change[i, d] = step
            up = np.sum(seeds * oracle.embedding_lookup(table + change, ids, max_norm))
            down = np.sum(seeds * oracle.embedding_lookup(table - change, ids, max_norm))
            slope[i, d] = (up - down) / (2 * step)
        # Central differences with this step are good to about 1e-9.
        np.testing.assert_allclose(gradient, slope, atol=1e-7)


@pytest.mark.parametrize("strategy", ["mod", "div"])
def test_parts_hold_the_ids_that_the_loops_deal_out(strategy):
    for num_rows, parts in itertools.product(range(1, 15), range(1, 7)):
        dealt = oracle.partition(num_rows, parts, strategy)
        assert [len(p) for p in dealt] == lookup.partition_sizes(num_rows, parts, strategy)
        part, row = lookup.partition_ids(tf.range(num_rows), num_rows, parts, strategy)
        assert [dealt[p][i] for p, i in zip(part.numpy(), row.numpy(), strict=True)] == list(range(num_rows))


def test_by_hand():
    assert oracle.partition(13, 5) == [[0, 5, 10], [1, 6, 11], [2, 7, 12], [3, 8], [4, 9]]
    assert oracle.partition(13, 5, "div") == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10], [11, 12]]
    whole, params = tables(13, 5, "div")
    assert same_bits(lookup.embedding_lookup(params, tf.range(13)), whole)
    assert not same_bits(lookup.embedding_lookup_partitioned(params, tf.range(13)), whole)
    repeated = run(lookup.embedding_lookup, [tf.ones([2, D])], tf.constant([1, 1]))[1]
    assert np.abs(repeated[0]).max() == 0 and np.abs(repeated[1]).min() > 0


def test_the_gradient_of_a_table_is_sparse():
    table = tf.Variable(tf.ones([5, D]))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(lookup.embedding_lookup(table, tf.constant([[4, 4]])))
    gradient = tape.gradient(loss, table)
    assert isinstance(gradient, tf.IndexedSlices) and gradient.indices.numpy().tolist() == [4, 4]


def test_no_ids_and_empty_parts():
    _, params = tables(13, 5, "mod")
    assert lookup.embedding_lookup_partitioned(params, tf.zeros([0, 2], tf.int64)).shape == (0, 2, D)
    few = [tf.ones([1, D]), tf.ones([1, D]), tf.ones([0, D])]
    assert lookup.embedding_lookup(few, tf.constant([1, 0])).shape == (2, D)


def test_bad_input():
    _, params = tables(13, 5, "mod")
    for bad in (-1, 13):
        with pytest.raises(tf.errors.InvalidArgumentError, match="item must be in"):
            lookup.embedding_lookup(params, tf.constant([0, bad]), name="item")
        with pytest.raises(tf.errors.InvalidArgumentError, match="ids must be in"):
            tf.function(lambda ids: lookup.embedding_lookup(params, ids))(tf.constant([bad]))
    with pytest.raises(ValueError, match="ids must be integers"):
        lookup.embedding_lookup(params, tf.constant([0.0]))
    with pytest.raises(ValueError, match="at least one table"):
        lookup.embedding_lookup([], tf.constant([0]))
    with pytest.raises(ValueError, match="sizes differ by the remainder"):
        lookup.embedding_lookup(params[::-1], tf.constant([0]))
    with pytest.raises(ValueError, match="partition_strategy must be"):
        lookup.embedding_lookup_partitioned(params, tf.constant([0]), "hash")
    with pytest.raises(ValueError, match="strategy must be"):
        lookup.partition_sizes(3, 2, "hash")
    with pytest.raises(ValueError, match="partitions >= 1"):
        lookup.partition_ids(tf.constant([0]), 3, 0)
    with pytest.raises(ValueError, match="max_norm must be positive"):
        lookup.embedding_lookup(params, tf.constant([0]), max_norm=0.0)
    with pytest.raises(ValueError, match="params must be a table"):
        lookup.embedding_lookup(tf.ones([3]), tf.constant([0]))
    for fn in (lookup.embedding_lookup, lookup.embedding_lookup_partitioned):
        for tables_of in (params, tf.Variable(tf.ones([3, D]))):
            with pytest.raises(ValueError, match="item must be looked up outside XLA"):
                tf.function(lambda ids: fn(tables_of, ids, name="item"), jit_compile=True)(tf.constant([99]))  # noqa: B023
