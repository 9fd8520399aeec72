"""The gradients of the columns are those of TensorFlow's own, taken in a graph of version 1."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2

from recnotes import columns
from tests.columns.harness import (
    WORDS,
    D,
    Variables,
    direction,
    features,
    gradients,
    integers,
    strings,
    tables,
)

fc = tf.feature_column
v1 = tf.compat.v1
SEEDS = range(4)
COMBINERS = ("sum", "mean", "sqrtn")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.layer.add_variable. is deprecated:UserWarning"),
]
# Graph rewriting and duplicate rows change the order of a few float32 additions.
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


def ours(build, by, seed=0):
    """Outputs and gradients as `gradients` gives them."""
    with tf.GradientTape() as tape:
        tape.watch(by)
        built = build()
        parts = list(built) if isinstance(built, list | tuple) else [built]
        loss = tf.add_n([tf.reduce_sum(part * direction(part.shape, seed)) for part in parts])
    return parts + [tf.convert_to_tensor(g) for g in tape.gradient(loss, by)]


def equal(found, expected):
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, **CLOSE)
    assert all(np.any(np.asarray(b)) for b in expected)


def layer(column, weights, by_weights=(), **arrays):
    """TensorFlow's input layer with the gradients by its variables and by the arrays that are named."""
    built = {}

    def build():
        built.update(features(**arrays))
        return v1.feature_column.input_layer(built, column if isinstance(column, list) else [column])

    def wanted():
        made = sorted(v1.global_variables(), key=lambda v: v.name)
        return [*made, *(built[name] for name in by_weights)]

    return gradients(build, wanted, weights)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("combiner", COMBINERS)
def test_embedding(seed, combiner):
    x, words = integers(seed), strings(seed)
    max_norm = (None, 0.8)[seed % 2]
    for column, ids, size in (
        (fc.categorical_column_with_identity("x", 12), columns.identity_ids(tf.constant(x), 12), 12),
        (
            fc.categorical_column_with_vocabulary_list("w", WORDS, num_oov_buckets=2),
            columns.vocabulary_ids(tf.constant(words), WORDS, 2),
            7,
        ),
        (fc.categorical_column_with_hash_bucket("w", 9), columns.hashed_ids(tf.constant(words), 9), 9),
        (
            fc.crossed_column(["w", "x"], 20),
            columns.crossed_ids([tf.constant(words), tf.constant(x)], 20),
            20,
        ),
    ):
        table = tf.Variable(tables(size, seed))
        expected = layer(
            fc.embedding_column(column, D, combiner, max_norm=max_norm), [table.numpy()], x=x, w=words
        )
        equal(ours(lambda: columns.embedding(ids, table, None, combiner, max_norm), [table]), expected)  # noqa: B023


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("combiner", COMBINERS)
def test_weighted(seed, combiner):
    x = integers(seed)
    w = np.where(x < 0, 0, np.random.default_rng(seed).normal(size=x.shape)).astype(np.float32)
    column = fc.weighted_categorical_column(fc.categorical_column_with_identity("x", 12), "w")
    table, weights = tf.Variable(tables(12, seed)), tf.constant(w)
    expected = layer(fc.embedding_column(column, D, combiner), [table.numpy()], ["w"], x=x, w=w)

    def pooled():
        ids, kept = columns.weighted(
            columns.identity_ids(tf.constant(x), 12), columns.drop_missing(weights, "w")
        )
        return columns.embedding(ids, table, kept, combiner)

    equal(ours(pooled, [table, weights]), expected)
    if combiner == "sum":
        expected = layer(fc.indicator_column(column), [], ["w"], x=x, w=w)
        equal(
            ours(
                lambda: columns.indicator(
                    columns.identity_ids(tf.constant(x), 12), 12, columns.drop_missing(weights)
                ),
                [weights],
            ),
            expected,
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_shared(seed):
    x, y = integers(seed), integers(seed + 2)
    parts = [fc.categorical_column_with_identity(key, 12) for key in ("x", "y")]
    table, combiner = tf.Variable(tables(12, seed)), COMBINERS[seed % 3]
    ids = [columns.identity_ids(tf.constant(v), 12) for v in (x, y)]
    built = {}

    def build():
        built.update(features(x=x, y=y))
        shared = v1.feature_column.shared_embedding_columns(parts, D, combiner=combiner, max_norm=1.0)
        return v1.feature_column.input_layer(built, shared)

    expected = gradients(build, v1.global_variables, [table.numpy()])
    equal(
        ours(lambda: tf.concat(columns.shared_embedding(ids, table, combiner, 1.0), axis=1), [table]),
        expected,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_numeric(seed):
    x = np.random.default_rng(seed).normal(size=(5, 2)).astype(np.float32)
    square = lambda v: v * v - 1  # noqa: E731
    expected = layer(fc.numeric_column("x", (2,), normalizer_fn=square), [], ["x"], x=x)
    x = tf.constant(x)
    equal(ours(lambda: columns.numeric(x, square), [x]), expected)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("combiner", COMBINERS)
def test_linear_model(seed, combiner):
    x, words = integers(seed), strings(seed)
    number = np.random.default_rng(seed).normal(size=(len(x), 2)).astype(np.float32)
    parts = [
        fc.numeric_column("n", (2,)),
        fc.categorical_column_with_vocabulary_list("w", WORDS),
        fc.categorical_column_with_identity("x", 12),
    ]
    rng = np.random.default_rng(5)
    made = [tf.Variable(rng.normal(size=s).astype(np.float32)) for s in ((3,), (2, 3), (5, 3), (12, 3))]
    expected = gradients(
        lambda: v1.feature_column.linear_model(
            features(n=number, w=words, x=x), parts, units=3, sparse_combiner=combiner
        ),
        lambda: sorted(v1.global_variables(), key=lambda v: v.name),
        [v.numpy() for v in made],
    )
    bias, *w = made
    categorical = [
        (columns.vocabulary_ids(tf.constant(words), WORDS), None, w[1]),
        (columns.identity_ids(tf.constant(x), 12), None, w[2]),
    ]
    equal(
        ours(lambda: columns.linear_model([(tf.constant(number), w[0])], categorical, bias, combiner), made),
        expected,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_sequences(seed):
    x, table = integers(seed), tf.Variable(tables(12, seed))
    column = fc.embedding_column(fc.sequence_categorical_column_with_identity("x", 12), D)

    def build():
        manager = Variables()
        column.create_state(manager)
        cache = feature_column_v2.FeatureTransformationCache(features(x=x))
        return column.get_sequence_dense_tensor(cache, manager).dense_tensor

    expected = gradients(build, v1.global_variables, [table.numpy()])
    ids = columns.identity_ids(tf.constant(x), 12)
    equal(ours(lambda: columns.sequence_embedding(ids, table)[0], [table]), expected)

    n = 1 + seed % 2
    numbers = np.random.default_rng(seed).normal(size=(4, 6)).astype(np.float32)
    numbers[np.arange(6) >= np.array([6, 3, 0, 1])[:, None]] = 0
    square = lambda v: v.with_values(v.values**2)  # noqa: E731
    column = fc.sequence_numeric_column("x", (n,), default_value=0.5, normalizer_fn=square)
    made = {}

    def build_numbers():
        made["x"] = tf.constant(numbers)
        cache = feature_column_v2.FeatureTransformationCache({"x": columns.drop_missing(made["x"])})
        return column.get_sequence_dense_tensor(cache, None).dense_tensor

    expected = gradients(build_numbers, lambda: [made["x"]])
    numbers = tf.constant(numbers)
    equal(
        ours(
            lambda: columns.sequence_numeric(columns.drop_missing(numbers), n, 0.5, square)[0],
            [numbers],
        ),
        expected,
    )
