# ruff: noqa: B023 (closures here are called within the iteration that makes them)
import itertools

import keras
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
MAX_NORMS = (None, 1.5, 100.0)


@pytest.mark.parametrize("combiner", COMBINERS)
def test_equals_tensorflow_to_the_bit_with_gradients(combiner):
    for weights, max_norm, seed in itertools.product(WEIGHTS, MAX_NORMS, range(3)):
        params = tf.Variable(table()) if seed % 2 else tf.constant(table())
        batch = case(seed, weights, empty=seed > 0, dtype=(np.int64, np.int32)[seed % 2])
        options = {"combiner": combiner, "max_norm": max_norm}
        ours = values_and_gradients(lookup.embedding_lookup_sparse, params, batch, **options)
        theirs = values_and_gradients(tf.nn.embedding_lookup_sparse, params, batch, **options)
        assert len(ours) == len(theirs)
        assert all(same_bits(a, b) for a, b in zip(ours, theirs, strict=True)), (weights, max_norm, seed)


@pytest.mark.parametrize("combiner", COMBINERS)
def test_equals_tensorflow_to_the_bit_inside_a_function(combiner):
    for weights in (None, "signed"):
        params, batch = tf.Variable(table()), case(5, weights)

        def step(fn, sp_ids, sp_weights):
            with tf.GradientTape() as tape:
                pooled = fn(params, sp_ids, sp_weights, combiner=combiner)
                loss = tf.reduce_sum(pooled * tf.cast(tf.range(D), tf.float32))
            return pooled, tf.convert_to_tensor(tape.gradient(loss, params))

        eager = step(lookup.embedding_lookup_sparse, batch.sp_ids, batch.sp_weights)
        # As arguments: captured constants would be folded, and the two graphs rewritten differently.
        step = tf.function(step)
        ours = step(lookup.embedding_lookup_sparse, batch.sp_ids, batch.sp_weights)
        theirs = step(tf.nn.embedding_lookup_sparse, batch.sp_ids, batch.sp_weights)
        for a, b, c in zip(eager, ours, theirs, strict=True):
            assert same_bits(b, c)
            # Grappler turns pow(w, 2) into w * w: weighted "sqrtn" differs from eager in the last bits.
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_ragged_equals_tensorflow_and_sparse_to_the_bit():
    for combiner, weights in itertools.product(COMBINERS, (None, "positive")):
        batch = case(3, weights)
        rows = tf.RaggedTensor.from_value_rowids(batch.ids, batch.indices[:, 0], nrows=batch.shape[0])
        ragged_weights = None if weights is None else rows.with_values(tf.constant(batch.weights))
        ours = lookup.embedding_lookup_sparse(table(), rows, ragged_weights, combiner=combiner)
        theirs = tf.nn.embedding_lookup_sparse(tf.constant(table()), rows, ragged_weights, combiner=combiner)
        sparse = lookup.embedding_lookup_sparse(table(), batch.sp_ids, batch.sp_weights, combiner=combiner)
        assert same_bits(ours, theirs) and same_bits(ours, sparse)


@pytest.mark.parametrize("table_dtype", [np.float64, np.float16, "bfloat16"])
def test_other_dtypes_equal_tensorflow_to_the_bit(table_dtype):
    for weight_dtype, combiner in itertools.product((np.float32, np.float64), COMBINERS):
        params = tf.cast(table(), table_dtype)
        batch = case(4, "positive")
        weights = tf.SparseTensor(batch.indices, batch.weights.astype(weight_dtype), batch.shape)
        for sp_weights in (None, weights):
            ours = lookup.embedding_lookup_sparse(params, batch.sp_ids, sp_weights, combiner=combiner)
            theirs = tf.nn.embedding_lookup_sparse(params, batch.sp_ids, sp_weights, combiner=combiner)
            assert ours.dtype == params.dtype and same_bits(ours, theirs)


def test_segment_sum_over_gathered_rows_is_not_the_same_to_the_bit():
    rng = np.random.default_rng(0)
    params = tf.constant(rng.normal(size=(200, 4)).astype(np.float32))
    ids = tf.RaggedTensor.from_uniform_row_length(rng.integers(0, 200, size=32 * 50), 50)
    ours = lookup.embedding_lookup_sparse(params, ids, None, combiner="sum")
    naive = tf.math.segment_sum(tf.gather(params, ids.flat_values), ids.value_rowids())
    assert not same_bits(ours, naive)
    np.testing.assert_allclose(ours, naive, atol=1e-5)


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 10_000),
    combiner=st.sampled_from(COMBINERS),
    weights=st.sampled_from(WEIGHTS),
    max_norm=st.sampled_from([None, 0.7, 3.0]),
)
def test_equals_the_loops(seed, combiner, weights, max_norm):
    params, batch = table(seed).astype(np.float64), case(seed, weights)
    ours = lookup.embedding_lookup_sparse(
        params, batch.sp_ids, batch.sp_weights, combiner=combiner, max_norm=max_norm
    )
    loops = oracle.embedding_lookup_sparse(
        params, batch.indices[:, 0], batch.ids, batch.weights, combiner, max_norm
    )
    # A mean over signed weights may divide by nearly 0 and magnify the last bits.
    np.testing.assert_allclose(ours, loops, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("combiner", COMBINERS)
def test_gradients_equal_central_differences_of_the_loops(combiner):
    for max_norm in (None, 1.5):
        batch = case(2, "positive", leading=(4,), max_ids=5)
        params = table(1).astype(np.float64)
        params[3] = 0.4
        weights = batch.weights.astype(np.float64)
        batch = batch._replace(weights=weights)
        options = {"combiner": combiner, "max_norm": max_norm}
        pooled, by_table, by_weights = values_and_gradients(
            lookup.embedding_lookup_sparse, tf.constant(params), batch, **options
        )
        projection = np.random.default_rng(99).normal(size=(4000, D))[: len(pooled)]

        def loss(t, w):
            out = oracle.embedding_lookup_sparse(t, batch.indices[:, 0], batch.ids, w, combiner, max_norm)
            return (out * projection).sum()

        def differences(x, f, h=1e-6):
            out = np.zeros_like(x)
            for i in np.ndindex(*x.shape):
                step = np.zeros_like(x)
                step[i] = h
                out[i] = (f(x + step) - f(x - step)) / (2 * h)
            return out

        np.testing.assert_allclose(by_table, differences(params, lambda t: loss(t, weights)), atol=1e-7)
        np.testing.assert_allclose(by_weights, differences(weights, lambda w: loss(params, w)), atol=1e-7)


def test_by_hand():
    params = tf.constant([[1.0], [2.0], [6.0]])
    ids = tf.ragged.constant([[0, 2, 2], [], [1], []])
    weights = ids.with_values([1.0, 2.0, 2.0, -3.0])
    rows = {c: lookup.embedding_lookup_sparse(params, ids, None, combiner=c)[:, 0] for c in COMBINERS}
    np.testing.assert_allclose(rows["sum"], [13, 0, 2])
    np.testing.assert_allclose(rows["mean"], [13 / 3, 0, 2], rtol=1e-6)
    np.testing.assert_allclose(rows["sqrtn"], [13 / 3**0.5, 0, 2], rtol=1e-6)
    rows = {c: lookup.embedding_lookup_sparse(params, ids, weights, combiner=c)[:, 0] for c in COMBINERS}
    np.testing.assert_allclose(rows["sum"], [25, 0, -6])
    np.testing.assert_allclose(rows["mean"], [5, 0, 2])  # -6 / -3: the sign of the weight is lost
    np.testing.assert_allclose(rows["sqrtn"], [25 / 3, 0, -2], rtol=1e-6)


def test_weights_that_cancel_give_zero():
    ids = tf.ragged.constant([[0, 1]])
    pooled = lookup.embedding_lookup_sparse(table(), ids, ids.with_values([1.0, -1.0]), combiner="mean")
    assert not pooled.numpy().any()


def test_order_within_a_row_and_gaps_between_columns_change_nothing():
    params = table().astype(np.float64)
    near = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [4, 7, 7], [2, 9])
    far = tf.SparseTensor([[0, 3], [0, 8], [1, 5]], [7, 4, 7], [2, 9])
    np.testing.assert_allclose(
        lookup.embedding_lookup_sparse(params, near, None), lookup.embedding_lookup_sparse(params, far, None)
    )


def test_limit_norm_equals_clip_by_norm_to_the_bit():
    for max_norm in (0.3, 1.5, 100.0):
        rows = tf.constant(table())
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(rows)
            ours, theirs = lookup.limit_norm(rows, max_norm), tf.clip_by_norm(rows, max_norm, axes=[1])
        assert same_bits(ours, theirs)
        assert same_bits(tape.gradient(ours, rows), tape.gradient(theirs, rows))


def test_the_gradient_touches_only_the_rows_read():
    params = tf.Variable(table())
    with tf.GradientTape() as tape:
        pooled = lookup.embedding_lookup_sparse(params, tf.ragged.constant([[7, 2, 7]]), None)
    gradient = tape.gradient(pooled, params)
    assert isinstance(gradient, tf.IndexedSlices)
    assert sorted(gradient.indices.numpy()) == [2, 7]


def test_a_keras_variable_is_a_table():
    layer = keras.layers.Embedding(V, D)
    layer.build(None)
    ids = tf.ragged.constant([[7, 2, 7]])
    with tf.GradientTape() as tape:
        pooled = lookup.embedding_lookup_sparse(layer.embeddings, ids, None)
    assert same_bits(pooled, tf.nn.embedding_lookup_sparse(tf.constant(layer.embeddings), ids, None))
    assert isinstance(tape.gradient(pooled, layer.trainable_variables)[0], tf.IndexedSlices)


@pytest.mark.parametrize("weights", [None, "positive"])
def test_ids_out_of_range_raise_and_name_the_field(weights):
    for bad in (-1, V, 10**6):
        batch = case(1, weights)
        batch.ids[5] = bad
        for params in (tf.constant(table()), tf.Variable(table())):
            call = lambda: lookup.embedding_lookup_sparse(params, batch.sp_ids, batch.sp_weights, name="tags")  # noqa: B023, E731
            for run in (call, tf.function(call)):
                with pytest.raises(tf.errors.InvalidArgumentError, match=r"tags must be in \[0, 11\)"):
                    run()
            with pytest.raises(tf.errors.InvalidArgumentError):
                tf.nn.embedding_lookup_sparse(params, batch.sp_ids, batch.sp_weights)


@pytest.mark.parametrize(
    "fn", [lookup.embedding_lookup_sparse, lookup.embedding_lookup_stack, lookup.safe_embedding_lookup_sparse]
)
def test_xla_is_refused(fn):
    for weights in (None, "positive"):
        batch = case(1, weights)
        params = tf.Variable(table())

        @tf.function
        def inner():
            return fn(params, batch.sp_ids, batch.sp_weights, name="tags")

        for run in (inner.python_function, inner):
            with pytest.raises(ValueError, match="tags must be looked up outside XLA"):
                tf.function(lambda: run(), jit_compile=True)()  # noqa: B023


def test_rows_out_of_order_raise():
    ids = tf.SparseTensor([[1, 0], [0, 0]], [1, 2], [2, 1])
    weights = ids.with_values([1.0, 1.0])
    for sp_weights in (None, weights):
        for fn in (lookup.embedding_lookup_sparse, tf.nn.embedding_lookup_sparse):
            with pytest.raises(tf.errors.InvalidArgumentError):
                fn(tf.constant(table()), ids, sp_weights)


def test_bad_input():
    params, ids = table(), tf.SparseTensor([[0, 0], [1, 0]], [1, 2], [2, 1])
    good = lookup.embedding_lookup_sparse
    with pytest.raises(ValueError, match="combiner must be one of sum, mean, sqrtn, received 'max'"):
        good(params, ids, None, combiner="max")
    with pytest.raises(ValueError, match=r"params must be a table \[V, D\], received shape \(11, 5, 1\)"):
        good(params[..., None], ids, None)
    with pytest.raises(ValueError, match=r"sizes differ by the remainder, received \[3, 11\]"):
        lookup.embedding_lookup_stack([params[:3], params], ids)
    with pytest.raises(ValueError, match=r"sizes differ by the remainder, received \[3, 11\]"):
        good([params[:3], params], ids, None)
    with pytest.raises(ValueError, match=r"parts of one width, received \[5, 4\]"):
        good([params, params[:, :4]], ids, None)
    with pytest.raises(ValueError, match="params must be floating, received int64"):
        good(params.astype(int), ids, None)
    with pytest.raises(ValueError, match="max_norm must be positive or None, received 0"):
        good(params, ids, None, max_norm=0.0)
    with pytest.raises(ValueError, match=r"sp_ids must be of rank 2, received shape \(2, 1, 1\)"):
        good(params, tf.SparseTensor([[0, 0, 0]], [1], [2, 1, 1]), None)
    with pytest.raises(ValueError, match="sp_ids must hold integers, received float32"):
        good(params, ids.with_values([1.0, 2.0]), None)
    with pytest.raises(TypeError, match="sp_ids must be a SparseTensor or a RaggedTensor"):
        good(params, tf.constant([[1], [2]]), None)
    with pytest.raises(TypeError, match="sp_weights must be a SparseTensor, received RaggedTensor"):
        good(params, ids, tf.ragged.constant([[1.0], [1.0]]))
    with pytest.raises(ValueError, match="sp_weights must hold 2 values like sp_ids, received 1"):
        good(params, ids, tf.SparseTensor([[0, 0]], [1.0], [2, 1]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="must stand at the places of sp_ids"):
        good(params, ids, tf.SparseTensor([[0, 0], [1, 1]], [1.0, 1.0], [2, 2]))
    assert same_bits(good([params], ids, None), good(params, ids, None))
    stack = lookup.embedding_lookup_stack
    assert same_bits(stack([params], ids)[0], stack(params, ids)[0])


def test_no_ids_at_all():
    ids = tf.SparseTensor(np.zeros((0, 2), np.int64), np.zeros(0, np.int64), [3, 4])
    assert lookup.embedding_lookup_sparse(table(), ids, None).shape == (0, D)
    stack, lengths = lookup.embedding_lookup_stack(table(), ids)
    assert stack.shape == (3, 0, D) and not lengths.numpy().any()


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 10_000),
    weights=st.sampled_from(WEIGHTS),
    max_norm=st.sampled_from([None, 1.5]),
    empty=st.booleans(),
)
def test_stack_equals_the_loops(seed, weights, max_norm, empty):
    params, batch = table(seed).astype(np.float64), case(seed, weights, empty=empty)
    stack, lengths = lookup.embedding_lookup_stack(params, batch.sp_ids, batch.sp_weights, max_norm)
    expected = oracle.embedding_lookup_stack(
        params, batch.indices[:, 0], batch.ids, batch.shape[0], batch.weights, max_norm
    )
    assert stack.shape == expected[0].shape and lengths.numpy().tolist() == expected[1].tolist()
    np.testing.assert_allclose(stack, expected[0], rtol=1e-12, atol=1e-15)


def test_stack_without_weights_is_the_rows_themselves_and_sums_to_the_lookup():
    batch = case(6)
    rows = tf.RaggedTensor.from_value_rowids(batch.ids, batch.indices[:, 0], nrows=batch.shape[0])
    stack, lengths = lookup.embedding_lookup_stack(table(), rows)
    assert same_bits(stack, tf.gather(table(), rows).to_tensor())
    assert same_bits(lengths, tf.cast(rows.row_lengths(), tf.int32))
    pooled = lookup.embedding_lookup_sparse(table(), rows, None, combiner="sum")
    np.testing.assert_allclose(tf.reduce_sum(stack, 1)[: len(pooled)], pooled, atol=1e-5)


def test_stack_gradient_is_the_sum_over_the_places_of_each_id():
    batch = case(6, "signed")
    params, weights = tf.Variable(table()), tf.constant(batch.weights)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        stack, _ = lookup.embedding_lookup_stack(
            params, batch.sp_ids, tf.SparseTensor(batch.indices, weights, batch.shape)
        )
        loss = tf.reduce_sum(stack * tf.cast(tf.range(1, D + 1), tf.float32))
    by_table, by_weights = tape.gradient(loss, [params, weights])
    expected = np.zeros((V, D))
    for i, w in zip(batch.ids, batch.weights, strict=True):
        expected[i] += float(w) * np.arange(1, D + 1)
    np.testing.assert_allclose(tf.convert_to_tensor(by_table), expected, atol=1e-5)
    np.testing.assert_allclose(by_weights, table()[batch.ids] @ np.arange(1, D + 1), atol=1e-5)


def test_stack_bad_segments():
    rows = tf.ones([2, 3])
    for segments in ([1, 0], [0, 2]):
        with pytest.raises(tf.errors.InvalidArgumentError, match="must not decrease"):
            lookup.stack_rows(rows, tf.constant(segments), 2)
