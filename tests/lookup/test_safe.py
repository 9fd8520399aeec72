# ruff: noqa: B023 (closures here are called within the iteration that makes them)
import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes import lookup
from recnotes.oracles import lookup as oracle
from tests.lookup.grid import D, V, case, same_bits, table, values_and_gradients

COMBINERS = ("sum", "mean", "sqrtn")
WEIGHTS = (None, "positive", "zeros", "signed")


@pytest.mark.parametrize("leading", [(13,), (3, 4), (2, 3, 2)], ids=["rank2", "rank3", "rank4"])
def test_equals_tensorflow_to_the_bit_with_gradients(leading):
    for combiner, weights in itertools.product(COMBINERS, WEIGHTS):
        for seed, (default_id, max_norm) in enumerate([(None, None), (0, 1.5), (7, None), (None, 1.5)]):
            batch = case(
                seed, weights, leading, max_ids=14, negative=True, dtype=(np.int64, np.int32)[seed % 2]
            )
            options = {"combiner": combiner, "default_id": default_id, "max_norm": max_norm}
            params = tf.Variable(table()) if seed % 2 else tf.constant(table())
            ours = values_and_gradients(lookup.safe_embedding_lookup_sparse, params, batch, **options)
            theirs = values_and_gradients(tf.nn.safe_embedding_lookup_sparse, params, batch, **options)
            assert ours[0].shape == (*leading, D)
            assert all(same_bits(a, b) for a, b in zip(ours, theirs, strict=True)), (default_id, max_norm)


@pytest.mark.parametrize("combiner", COMBINERS)
def test_equals_tensorflow_to_the_bit_inside_a_function(combiner):
    for weights in (None, "signed"):
        params, batch = tf.Variable(table()), case(5, weights, (3, 4), negative=True)

        def step(fn, sp_ids, sp_weights):
            with tf.GradientTape() as tape:
                pooled = fn(params, sp_ids, sp_weights, combiner=combiner)
                loss = tf.reduce_sum(pooled * tf.cast(tf.range(D), tf.float32))
            return pooled, tf.convert_to_tensor(tape.gradient(loss, params))

        # As arguments: captured constants would be folded, and the two graphs rewritten differently.
        step = tf.function(step)
        ours = step(lookup.safe_embedding_lookup_sparse, batch.sp_ids, batch.sp_weights)
        theirs = step(tf.nn.safe_embedding_lookup_sparse, batch.sp_ids, batch.sp_weights)
        assert all(same_bits(a, b) for a, b in zip(ours, theirs, strict=True))


def test_ragged_equals_tensorflow_to_the_bit():
    for combiner, default_id in itertools.product(COMBINERS, (None, 7)):
        batch = case(3, "signed", negative=True)
        ids = tf.RaggedTensor.from_value_rowids(batch.ids, batch.indices[:, 0], nrows=batch.shape[0])
        for weights in (None, ids.with_values(tf.constant(batch.weights))):
            options = {"combiner": combiner, "default_id": default_id}
            ours = lookup.safe_embedding_lookup_sparse(table(), ids, weights, **options)
            theirs = tf.nn.safe_embedding_lookup_sparse(tf.constant(table()), ids, weights, **options)
            assert same_bits(ours, theirs)


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 10_000),
    combiner=st.sampled_from(COMBINERS),
    weights=st.sampled_from(WEIGHTS),
    default_id=st.sampled_from([None, 0, 7]),
    max_norm=st.sampled_from([None, 0.7]),
)
def test_equals_the_loops(seed, combiner, weights, default_id, max_norm):
    batch = case(seed, weights, (7,), negative=True)
    params = table(seed)
    options = {"combiner": combiner, "default_id": default_id, "max_norm": max_norm}
    ours = lookup.safe_embedding_lookup_sparse(params, batch.sp_ids, batch.sp_weights, **options)
    loops = oracle.safe_embedding_lookup_sparse(
        params, batch.indices[:, 0], batch.ids, batch.shape[0], batch.weights, **options
    )
    np.testing.assert_allclose(ours, loops, rtol=1e-4, atol=1e-5)


def test_each_step_equals_the_operation_it_rebuilds():
    for weights in (None, "signed"):
        batch = case(8, weights, negative=True)
        segments, ids, leading = lookup.linear_segments(batch.sp_ids)
        kept = tf.sparse.retain(batch.sp_ids, batch.ids >= 0)
        pruned = lookup.prune_ids(segments, ids, None if weights is None else tf.constant(batch.weights))
        assert same_bits(pruned[0], kept.indices[:, 0]) and same_bits(pruned[1], kept.values)
        entries, is_empty = lookup.fill_empty_rows(*pruned, leading[0], default_id=4)
        filled, indicator = tf.sparse.fill_empty_rows(kept, 4)
        assert same_bits(entries[0], filled.indices[:, 0])
        assert same_bits(entries[1], filled.values) and same_bits(is_empty, indicator)
        if weights is not None:
            filled, _ = tf.sparse.fill_empty_rows(
                tf.sparse.retain(batch.sp_ids.with_values(batch.weights), batch.ids >= 0), 1.0
            )
            assert same_bits(entries[2], filled.values)


def test_rows_out_of_order_are_sorted_as_tensorflow_does():
    ids = tf.SparseTensor([[2, 0], [0, 1], [2, 1], [0, 0]], [1, 2, 3, 4], [4, 2])
    ours = lookup.safe_embedding_lookup_sparse(table(), ids, combiner="sum")
    assert same_bits(ours, tf.nn.safe_embedding_lookup_sparse(tf.constant(table()), ids, combiner="sum"))


def test_zero_weights_count_only_for_the_sum():
    params = tf.constant([[1.0], [np.inf]])
    ids = tf.ragged.constant([[0, 1]])
    weights = ids.with_values([1.0, 0.0])
    pooled = [lookup.safe_embedding_lookup_sparse(params, ids, weights, c).numpy()[0, 0] for c in COMBINERS]
    assert np.isnan(pooled[0]) and pooled[1:] == [
        1.0,
        1.0,
    ]  # 0 · inf is added by "sum" and pruned by the others


def test_an_empty_row_reads_the_default_row_and_gives_it_a_zero_gradient():
    params = tf.Variable(table())
    ids = tf.ragged.constant([[5], []])
    with tf.GradientTape() as tape:
        pooled = lookup.safe_embedding_lookup_sparse(params, ids)
    gradient = tape.gradient(pooled, params)
    assert sorted(gradient.indices.numpy()) == [0, 5]
    assert not tf.convert_to_tensor(gradient)[0].numpy().any()


def test_empty_batches():
    for default_id in (None, 0, 3):
        for shape in ([0, 4], [3, 4], [3, 0, 2]):
            ids = tf.SparseTensor(np.zeros((0, len(shape)), np.int64), np.zeros(0, np.int64), shape)
            ours = lookup.safe_embedding_lookup_sparse(table(), ids, default_id=default_id)
            theirs = tf.nn.safe_embedding_lookup_sparse(tf.constant(table()), ids, default_id=default_id)
            assert same_bits(ours, theirs)


def test_the_batch_size_may_be_unknown():
    @tf.function(input_signature=[tf.SparseTensorSpec([None, None], tf.int64)])
    def run(ids):
        out = lookup.safe_embedding_lookup_sparse(table(), ids)
        assert out.shape.as_list() == [None, D]
        return out

    assert same_bits(run(case(1).sp_ids), lookup.safe_embedding_lookup_sparse(table(), case(1).sp_ids))


def test_padding_with_minus_one_changes_nothing():
    short = tf.ragged.constant([[3, 4], [1]])
    long = tf.ragged.constant([[3, 4, -1], [-1, 1, -1, -1]])
    assert same_bits(
        lookup.safe_embedding_lookup_sparse(table(), short),
        lookup.safe_embedding_lookup_sparse(table(), long),
    )


def test_ids_beyond_the_table_raise_and_name_the_field():
    for bad in (V, 10**6):
        ids = tf.ragged.constant([[3, bad], [-1]])
        call = lambda: lookup.safe_embedding_lookup_sparse(table(), ids, name="tags")  # noqa: E731
        for run in (call, tf.function(call)):
            with pytest.raises(tf.errors.InvalidArgumentError, match=r"tags must be in \[0, 11\)"):
                run()
        with pytest.raises(tf.errors.InvalidArgumentError):
            tf.nn.safe_embedding_lookup_sparse(tf.constant(table()), ids)


def test_bad_input():
    params, ids = table(), tf.SparseTensor([[0, 0], [1, 0]], [1, 2], [2, 1])
    good = lookup.safe_embedding_lookup_sparse
    with pytest.raises(ValueError, match="combiner must be one of sum, mean, sqrtn, received None"):
        good(params, ids, combiner=None)
    with pytest.raises(ValueError, match=r"default_id must be in \[0, 11\) or None, received 11"):
        good(params, ids, default_id=V)
    with pytest.raises(ValueError, match=r"default_id must be in \[0, 11\) or None, received -1"):
        good(params, ids, default_id=-1)
    with pytest.raises(ValueError, match="sparse_weights must be float32, received float64"):
        good(params, ids, ids.with_values(tf.constant([1.0, 1.0], tf.float64)))
    with pytest.raises(ValueError, match="rank of at least 2"):
        good(params, tf.SparseTensor([[0], [1]], [1, 2], [2]))
    with pytest.raises(ValueError, match="sp_ids must be of rank 2"):
        good(params, tf.ragged.constant([[[1]]]))
    with pytest.raises(ValueError, match="sp_weights must hold 2 values like sp_ids, received 1"):
        good(params, ids, tf.SparseTensor([[0, 0]], [1.0], [2, 1]))
