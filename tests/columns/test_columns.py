"""Every column equals TensorFlow's, run in a graph on the same generated input."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from recnotes import columns
from recnotes.oracles import columns as oracle
from tests.columns.harness import (
    WORDS,
    B,
    D,
    features,
    graph,
    integers,
    strings,
    tables,
    theirs,
    theirs_sequence,
)
from tests.lookup.grid import same_bits

fc = tf.feature_column
v1 = tf.compat.v1
SEEDS = range(3)

# TensorFlow marks all of its feature columns as deprecated, by a log message and some by a warning.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.layer.add_variable. is deprecated:UserWarning"),
]


def both(column, ids, size, seed=0, **arrays):
    """Compare the ids through an indicator and, to the bit, through each combiner of an embedding."""
    assert same_bits(columns.indicator(ids, size), theirs(fc.indicator_column(column), **arrays))
    for combiner in ("sum", "mean", "sqrtn"):
        table = tables(size, seed)
        expected = theirs(fc.embedding_column(column, D, combiner), [table], **arrays)
        # Graph rewriting may reorder the kernels: the last bits are allowed to differ.
        np.testing.assert_allclose(
            columns.embedding(ids, table, combiner=combiner), expected, rtol=2e-6, atol=1e-6
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_numeric_and_bucketized(seed):
    x = np.random.default_rng(seed).normal(size=(B, 2)).astype(np.float32)
    x[0] = 0.5
    column = fc.numeric_column("x", (2,), normalizer_fn=lambda v: (v - 1) / 3)
    assert same_bits(columns.numeric(tf.constant(x), lambda v: (v - 1) / 3), theirs(column, x=x))
    limits = [-0.7, 0.0, 0.5]
    raw = fc.numeric_column("x", (2,))
    column = fc.bucketized_column(raw, limits)
    assert same_bits(columns.bucketized(tf.constant(x), limits), theirs(column, x=x))
    table = tables(8)
    expected = theirs(fc.embedding_column(column, D), [table], x=x)
    ours = columns.embedding(columns.bucketized_ids(tf.constant(x), limits), table)
    np.testing.assert_allclose(ours, expected, rtol=2e-6, atol=1e-6)
    np.testing.assert_array_equal(columns.bucket_ids(tf.constant(x), limits), oracle.buckets(x, limits))


def test_the_default_of_a_number_is_what_parsing_puts_in():
    spec = v1.feature_column.make_parse_example_spec([fc.numeric_column("x", default_value=7.0)])
    full = tf.train.Example()
    full.features.feature["x"].float_list.value.append(2.0)
    texts = [full.SerializeToString(), tf.train.Example().SerializeToString()]
    ours = columns.numeric(tf.SparseTensor([[0, 0]], [2.0], [2, 1]), default_value=7.0)
    assert same_bits(ours, tf.io.parse_example(texts, spec)["x"])


@pytest.mark.parametrize("seed", SEEDS)
def test_identity(seed):
    x = integers(seed)
    both(
        fc.categorical_column_with_identity("x", 12), columns.identity_ids(tf.constant(x), 12), 12, seed, x=x
    )
    column = fc.categorical_column_with_identity("x", 6, default_value=2)
    both(column, columns.identity_ids(tf.constant(x), 6, 2), 6, seed, x=x)
    x = -np.sort(-x, axis=1)  # what is missing, to the right
    ragged = tf.RaggedTensor.from_tensor(tf.constant(x), padding=-1)
    both(column, columns.identity_ids(ragged, 6, 2), 6, seed, x=x)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("treatment", [{}, {"num_oov_buckets": 3}, {"default_value": 1}])
def test_vocabulary_list_and_file(seed, treatment, tmp_path):
    size = 5 + treatment.get("num_oov_buckets", 0)
    numbers = [3, 1, 10, 7, 0]
    for x, words in ((strings(seed), list(WORDS)), (integers(seed), numbers)):
        column = fc.categorical_column_with_vocabulary_list("x", words, **treatment)
        both(column, columns.vocabulary_ids(tf.constant(x), words, **treatment), size, seed, x=x)
        path = tmp_path / "words.txt"
        path.write_text("\n".join(map(str, [*words, 999])) + "\n")
        dtype = tf.string if x.dtype == object else tf.int64
        column = fc.categorical_column_with_vocabulary_file("x", str(path), 5, dtype=dtype, **treatment)
        both(column, columns.vocabulary_file_ids(tf.constant(x), path, 5, **treatment), size, seed, x=x)


@pytest.mark.parametrize("seed", SEEDS)
def test_hash_bucket(seed):
    for x, dtype in ((strings(seed), tf.string), (integers(seed), tf.int64)):
        column = fc.categorical_column_with_hash_bucket("x", 9, dtype)
        both(column, columns.hashed_ids(tf.constant(x), 9), 9, seed, x=x)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("hash_key", [None, 5])
def test_crossed(seed, hash_key):
    words, x, y = strings(seed), integers(seed), integers(seed + 10)
    number = np.random.default_rng(seed).normal(size=(B, 1)).astype(np.float32)
    parts = [
        fc.categorical_column_with_identity("x", 12),
        fc.bucketized_column(fc.numeric_column("n"), [0.0]),
    ]
    ids = [columns.identity_ids(tf.constant(x), 12), columns.bucketized_ids(tf.constant(number), [0.0])]
    both(
        fc.crossed_column(parts, 50, hash_key),
        columns.crossed_ids(ids, 50, hash_key),
        50,
        seed,
        x=x,
        n=number,
    )
    raw = [tf.constant(words), tf.constant(y)]
    keys = ["w", "y"]
    both(
        fc.crossed_column(keys, 50, hash_key), columns.crossed_ids(raw, 50, hash_key), 50, seed, w=words, y=y
    )
    mixed = [tf.constant(words), ids[0]]
    ours = columns.crossed_ids(mixed, 2**40, hash_key)
    expected = tf.sparse.cross_hashed(mixed, 2**40, hash_key)
    assert same_bits(ours.values, expected.values) and same_bits(ours.indices, expected.indices)


def test_crossed_equals_the_loops():
    rng = np.random.default_rng(0)
    rows = [rng.integers(-(2**62), 2**62, n) for n in (2, 3, 2)]
    ours = columns.crossed_ids([tf.constant(row[np.newaxis]) for row in rows], 1009)
    assert ours.values.numpy().tolist() == oracle.crossed([row.tolist() for row in rows], 1009)


@pytest.mark.parametrize("seed", SEEDS)
def test_weighted(seed):
    x = integers(seed)
    w = np.where(x < 0, 0, np.random.default_rng(seed).normal(size=x.shape)).astype(np.float32)
    ids, weights = columns.weighted(
        columns.identity_ids(tf.constant(x), 12), columns.drop_missing(tf.constant(w))
    )
    column = fc.weighted_categorical_column(fc.categorical_column_with_identity("x", 12), "w")
    expected = theirs(fc.indicator_column(column), x=x, w=w)
    # Repeated ids are added in another order.
    np.testing.assert_allclose(columns.indicator(ids, 12, weights), expected, rtol=1e-6, atol=1e-6)
    for combiner in ("sum", "mean", "sqrtn"):
        table = tables(12)
        expected = theirs(fc.embedding_column(column, D, combiner), [table], x=x, w=w)
        ours = columns.embedding(ids, table, weights, combiner)
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
def test_shared_embedding_and_max_norm(combiner):
    x, y, table = integers(0), integers(2), tables(12)
    parts = [fc.categorical_column_with_identity(key, 12) for key in ("x", "y")]
    shared = lambda: v1.feature_column.shared_embedding_columns(parts, D, combiner=combiner, max_norm=1.0)  # noqa: E731
    expected = graph(lambda: v1.feature_column.input_layer(features(x=x, y=y), shared()), [table])
    ids = [columns.identity_ids(tf.constant(v), 12) for v in (x, y)]
    ours = tf.concat(columns.shared_embedding(ids, table, combiner, max_norm=1.0), axis=1)
    np.testing.assert_allclose(ours, expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
def test_linear_model(combiner):
    x, words = integers(1), strings(1)
    number = np.random.default_rng(0).normal(size=(B, 2)).astype(np.float32)
    parts = [
        fc.numeric_column("n", (2,)),
        fc.categorical_column_with_vocabulary_list("w", WORDS),
        fc.categorical_column_with_identity("x", 12),
    ]
    rng = np.random.default_rng(5)
    bias, *w = (rng.normal(size=s).astype(np.float32) for s in ((3,), (2, 3), (5, 3), (12, 3)))
    build = lambda: v1.feature_column.linear_model(  # noqa: E731
        features(n=number, w=words, x=x), parts, units=3, sparse_combiner=combiner
    )
    expected = graph(build, [bias, *w])
    categorical = [
        (columns.vocabulary_ids(tf.constant(words), WORDS), None, w[1]),
        (columns.identity_ids(tf.constant(x), 12), None, w[2]),
    ]
    ours = columns.linear_model([(tf.constant(number), w[0])], categorical, bias, combiner)
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_sequence_categorical(seed):
    words, x = strings(seed), integers(seed)
    pairs = [
        (fc.sequence_categorical_column_with_identity("x", 12), columns.identity_ids(tf.constant(x), 12), 12),
        (
            fc.sequence_categorical_column_with_vocabulary_list("w", WORDS, num_oov_buckets=2),
            columns.vocabulary_ids(tf.constant(words), WORDS, 2),
            7,
        ),
        (
            fc.sequence_categorical_column_with_vocabulary_list("w", WORDS),
            columns.vocabulary_ids(tf.constant(words), WORDS),
            5,
        ),
        (
            fc.sequence_categorical_column_with_hash_bucket("w", 9),
            columns.hashed_ids(tf.constant(words), 9),
            9,
        ),
    ]
    for column, ids, size in pairs:
        table = tables(size)
        expected = theirs_sequence(fc.embedding_column(column, D), [table], x=x, w=words)
        ours = columns.sequence_embedding(ids, table)
        np.testing.assert_allclose(ours[0], expected[0], rtol=2e-6, atol=1e-6)
        assert same_bits(ours[1], expected[1])
        expected = theirs_sequence(fc.indicator_column(column), x=x, w=words)
        assert all(map(same_bits, columns.sequence_indicator(ids, size), expected))


@pytest.mark.parametrize(("seed", "n"), list(itertools.product(SEEDS, (1, 2))))
def test_sequence_numeric(seed, n):
    x = np.random.default_rng(seed).normal(size=(B, 6)).astype(np.float32)
    x[np.arange(6) >= np.array([6, 3, 0, 1, 5, 2, 0])[:, None]] = 0  # missing
    sparse = columns.drop_missing(tf.constant(x))
    double = lambda v: v.with_values(v.values * 2)  # noqa: E731
    column = fc.sequence_numeric_column("x", (n,), default_value=0.5, normalizer_fn=double)
    expected = theirs_sequence(column, x=(x,))
    assert all(map(same_bits, columns.sequence_numeric(sparse, n, 0.5, double), expected))


def test_gradients_reach_the_rows_that_were_read_and_no_others():
    table = tf.Variable(tables(6))
    with tf.GradientTape() as tape:
        pooled = columns.embedding(columns.drop_missing(tf.constant([[4, -1, 1]])), table, combiner="mean")
        loss = tf.reduce_sum(pooled)
    gradient = tf.convert_to_tensor(tape.gradient(loss, table)).numpy()
    assert gradient[:, 0].tolist() == [0, 0.5, 0, 0, 0.5, 0]


def test_an_empty_batch():
    ids = columns.identity_ids(tf.zeros([0, 2], tf.int64), 4)
    assert columns.indicator(ids, 4).shape == (0, 4)
    assert columns.crossed_ids([ids, ids], 4).values.shape == (0,)
    assert columns.numeric(tf.zeros([0, 2])).shape == (0, 2)


def test_nan_and_infinity_fall_into_the_buckets_that_tensorflow_gives_them():
    x = np.array([[np.nan, 0.5], [-np.inf, np.inf], [0.0, -0.0]], np.float32)
    column = fc.bucketized_column(fc.numeric_column("x", (2,)), [-0.7, 0.0, 0.5])
    ours = columns.bucket_ids(tf.constant(x), [-0.7, 0.0, 0.5])
    assert same_bits(columns.bucketized(tf.constant(x), [-0.7, 0.0, 0.5]), theirs(column, x=x))
    assert ours.numpy().tolist() == oracle.buckets(x, [-0.7, 0.0, 0.5]).tolist() == [[3, 3], [0, 3], [2, 2]]


def test_only_a_line_feed_ends_a_line_of_a_vocabulary_file(tmp_path):
    path = tmp_path / "words.txt"
    path.write_bytes("a\u2028b\r\nc\x0cd\ne\rf".encode())
    x = np.array([["a\u2028b", "c\x0cd"], ["e\rf", "e"]], object)
    column = fc.categorical_column_with_vocabulary_file("x", str(path), 3)
    both(column, columns.vocabulary_file_ids(tf.constant(x), path), 3, x=x)
    assert columns.vocabulary_file_ids(tf.constant(x), path).values.numpy().tolist() == [0, 1, 2, -1]
