"""What the columns refuse: the message names the column and says what came; nothing is compiled unchecked."""

import numpy as np
import pytest
import tensorflow as tf

from recnotes import columns

X, WORD = tf.constant([[1, -1]]), tf.constant([["a", ""]])
NUMBER, CUBE = tf.constant([[1.0]]), tf.zeros([1, 1, 1], tf.int64)
IDS, SPARSE = columns.drop_missing(X), tf.sparse.from_dense(NUMBER)
TABLE = tf.ones([3, 2])
RAGGED = tf.ragged.constant([[1]])
SHORT = tf.SparseTensor(np.zeros([0, 2], np.int64), np.zeros(0, np.float32), [1, 2])

VALUE_ERRORS = [
    (lambda n: columns.drop_missing(X[0], n), r"values{} must be \[B, L\], received shape \(2,\)"),
    (lambda n: columns.identity_ids(WORD, 3, name=n), "values{} must be integers, received string"),
    (lambda n: columns.identity_ids(X, 0, name=n), "num_buckets of values{} must be at least 1, received 0"),
    (
        lambda n: columns.identity_ids(X, 3, 3, n),
        r"default_value of values{} must be in \[0, 3\), received 3",
    ),
    (lambda n: columns.hashed_ids(NUMBER, 3, n), "values{} must be strings or integers, received float32"),
    (lambda n: columns.hashed_ids(X, 0, n), "num_buckets of values{} must be at least 1, received 0"),
    (lambda n: columns.hashed_ids(CUBE, 3, n), r"values{} must be \[B, L\], received shape \(1, 1, 1\)"),
    (lambda n: columns.vocabulary_ids(X, [1, 1], name=n), "vocabulary of values{} must hold different words"),
    (lambda n: columns.vocabulary_ids(X, [], name=n), r"different words, received 0, of them \[\]"),
    (lambda n: columns.vocabulary_ids(X, ["a"], name=n), "values{} must be like the vocabulary, string, rec"),
    (lambda n: columns.vocabulary_ids(X, [1], 2, 0, n), "num_oov_buckets of values{} must be 0 beside"),
    (lambda n: columns.vocabulary_ids(X, [1], -1, name=n), r"never negative, received \(-1, -1\)"),
    (lambda n: columns.vocabulary_ids(X, [1], 0, 1, n), r"default_value of values{} must be in \[-1, 1\)"),
    (
        lambda n: columns.vocabulary_file_ids(X, __file__, 10**6, name=n),
        "vocabulary_size of values{} must be in .* received 1000000",
    ),
    (
        lambda n: columns.vocabulary_file_ids(X, __file__, 1, name=n),
        "vocabulary_file of values{} must hold integers, like the values: .*What the columns refuse",
    ),
    (lambda n: columns.bucket_ids(NUMBER, [1.0, 0.0], n), "boundaries of values{} must increase, received"),
    (lambda n: columns.bucket_ids(NUMBER, [0.0, np.nan], n), "boundaries of values{} must increase"),
    (lambda n: columns.bucket_ids(NUMBER, [], n), r"must increase, received \[\]"),
    (lambda n: columns.bucketized(NUMBER[0], [1.0], n), r"values{} must be \[B, n\], received shape \(1,\)"),
    (lambda n: columns.bucketized_ids(WORD, [1.0], n), "values{} must be numbers, received string"),
    (lambda n: columns.crossed_ids([], 3, name=n), "features{} must not be empty"),
    (lambda n: columns.crossed_ids([X], 0, name=n), "num_buckets of features{} must be at least 1"),
    (
        lambda n: columns.crossed_ids([X, NUMBER], 3, name=n),
        "features{} must be strings or integers, .* at 1",
    ),
    (lambda n: columns.crossed_ids([X, X[0]], 3, name=n), r"features{} must be .* of shape \(2,\) at 1"),
    (lambda n: columns.crossed_ids([RAGGED], 3, name=n), "features{} must be .* received RaggedTensor"),
    (lambda n: columns.numeric(NUMBER[0], name=n), r"values{} must be \[B, n\], received shape \(1,\)"),
    (lambda n: columns.numeric(WORD, name=n), "values{} must be numbers, received string"),
    (lambda n: columns.numeric(SPARSE, name=n), "default_value must be given for sparse values{}"),
    (lambda n: columns.weighted(IDS, IDS, n), "weights{} must be floating, received int32"),
    (lambda n: columns.weighted(SPARSE, SPARSE, n), "ids{} must be integers, received float32"),
    (lambda n: columns.weighted(IDS, SPARSE, n), r"weights{} must stand at the places of ids{}, received 1"),
    (lambda n: columns.indicator(IDS, 0, name=n), "num_buckets of ids{} must be at least 1"),
    (lambda n: columns.indicator(SPARSE, 3, name=n), "ids{} must be integers"),
    (
        lambda n: columns.indicator(IDS, 3, SHORT, n),
        "weights{} must stand at the places of ids{}, received 0",
    ),
    (lambda n: columns.embedding(SPARSE, TABLE, name=n), "ids{} must be integers, received float32"),
    (lambda n: columns.embedding(tf.sparse.from_dense(CUBE + 1), TABLE, name=n), r"ids{} must be \[B, L\]"),
    (lambda n: columns.sequence_numeric(SPARSE, 0, name=n), "num_elements of values{} must be at least 1"),
    (lambda n: columns.sequence_lengths(SPARSE, 0, n), "num_elements of values{} must be at least 1"),
    (lambda n: columns.sequence_lengths(tf.sparse.from_dense(CUBE), 1, n), r"values{} must be \[B, L\]"),
    (lambda n: columns.sequence_indicator(IDS, 0, n), "num_buckets of ids{} must be at least 1"),
    (lambda n: columns.sequence_embedding(SPARSE, TABLE, name=n), "ids{} must be integers"),
]
VALUE_ERRORS.append(
    (
        lambda n: columns.sequence_numeric(tf.sparse.from_dense(tf.ones([2, 3])), 2, name=n),
        "values{} must hold a multiple of 2 numbers a row, received 3",
    )
)
TYPE_ERRORS = [
    (lambda n: columns.weighted(X, SPARSE, n), "ids{} must be a SparseTensor, received EagerTensor"),
    (lambda n: columns.weighted(IDS, NUMBER, n), "weights{} must be a SparseTensor, received EagerTensor"),
    (lambda n: columns.indicator(RAGGED, 3, name=n), "ids{} must be a SparseTensor, received RaggedTensor"),
    (lambda n: columns.embedding(X, TABLE, name=n), "ids{} must be a SparseTensor or a RaggedTensor"),
    (lambda n: columns.sequence_embedding(X, TABLE, name=n), "values{} must be a SparseTensor"),
    (lambda n: columns.sequence_indicator(RAGGED, 3, n), "values{} must be a SparseTensor"),
    (lambda n: columns.sequence_numeric(NUMBER, name=n), "values{} must be a SparseTensor"),
]
BEYOND = tf.SparseTensor([[0, 0], [0, 1]], [0, 7], [1, 2])
GRAPH_ERRORS = [
    (lambda n: columns.identity_ids(BEYOND, 5, name=n), r"values{} must be in \[0, 5\), received.*7"),
    (lambda n: columns.identity_ids(tf.constant([[-2]]), 5, name=n), "values{} must be in .*-2"),
    (lambda n: columns.indicator(BEYOND, 5, name=n), "ids{} must be less than 5, received.*7"),
    (lambda n: columns.sequence_indicator(BEYOND, 5, n), "ids{} must be less than 5, received.*7"),
    (lambda n: columns.embedding(BEYOND, TABLE, name=n), r"ids{} must be in \[0, 3\), received.*7"),
    (lambda n: columns.sequence_embedding(BEYOND, TABLE, name=n), r"ids{} must be in \[0, 3\), received.*7"),
    (
        lambda n: columns.weighted(IDS, tf.sparse.from_dense([[0.0, 1.0]]), n),
        "weights{} must stand at the places of ids{}",
    ),
    (
        lambda n: columns.crossed_ids([X, tf.constant([[1], [2]])], 5, name=n),
        "features{} must have one number of rows",
    ),
]


def check(error, call, message):
    for name, shown in (("genre", " of column genre"), (None, "")):
        with pytest.raises(error, match=message.replace("{}", shown)):
            call(name)


@pytest.mark.parametrize(("call", "message"), VALUE_ERRORS)
def test_values_that_are_refused_at_once(call, message):
    check(ValueError, call, message)


@pytest.mark.parametrize(("call", "message"), TYPE_ERRORS)
def test_types_that_are_refused(call, message):
    check(TypeError, call, message)


@pytest.mark.parametrize(("call", "message"), GRAPH_ERRORS)
def test_what_only_the_data_shows_is_refused_eagerly_and_in_a_graph(call, message):
    def flat(name):
        out = call(name)
        parts = out if isinstance(out, tuple) else (out,)
        return [tf.reduce_sum(p.values if isinstance(p, tf.SparseTensor) else p) for p in parts]

    for run in (call, lambda name: tf.function(lambda: flat(name), autograph=False)()):
        check(tf.errors.InvalidArgumentError, run, "(?s)" + message)


def test_a_step_that_is_not_full_is_refused_in_a_graph_that_does_not_know_the_length():
    @tf.function(input_signature=[tf.SparseTensorSpec([None, None], tf.float32)])
    def steps(x):
        return columns.sequence_numeric(x, 2, name="price")[0]

    assert steps(tf.sparse.from_dense(tf.ones([2, 4]))).shape == (2, 2, 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="values of column price must hold a multiple"):
        steps(tf.sparse.from_dense(tf.ones([2, 3])))


def test_the_linear_model_names_the_column_that_does_not_fit():
    x, w, bias = tf.ones([4, 2]), tf.ones([2, 3]), tf.ones([3])
    ids = columns.identity_ids(tf.zeros([4, 1], tf.int64), 3)
    rows = columns.identity_ids(tf.zeros([5, 1], tf.int64), 3)
    bad = [
        (lambda: columns.linear_model([], [], bias), "must not both be empty, received no features"),
        (
            lambda: columns.linear_model([(x, w)], [], bias, names=["a", "b"]),
            r"names must be those of 1 column",
        ),
        (
            lambda: columns.linear_model([(x, w), (x, w[:1])], [], bias, names=["age", "fare"]),
            r"weights of column fare must be \[2, 3\], as numbers and bias say, received \(1, 3\)",
        ),
        (
            lambda: columns.linear_model([(x, w)], [(ids, None, tf.ones([9, 1]))], bias),
            r"weights of column 1 must be \['V', 3\], as numbers and bias say, received \(9, 1\)",
        ),
    ]
    for call, message in bad:
        with pytest.raises(ValueError, match=message):
            call()
    for names, shown in (
        (["age", "genre"], "column genre must have as many rows as age"),
        (None, "column 1 must have as many rows as 0"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=shown):
            columns.linear_model([(x, w)], [(rows, None, tf.ones([9, 3]))], bias, names=names)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"column genre must be in \[0, 2\)"):
        beyond = columns.identity_ids(tf.constant([[2]] * 4), 3)
        columns.linear_model([(x, w)], [(beyond, None, tf.ones([2, 3]))], bias, names=["age", "genre"])
    with pytest.raises(ValueError, match=r"names must be those of 2 columns, received \['a'\]"):
        columns.shared_embedding([ids, ids], TABLE, names=["a"])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"ids of column b must be in \[0, 3\)"):
        columns.shared_embedding([ids, BEYOND], TABLE, names=["a", "b"])


CHECKED = {
    "identity": lambda x: columns.identity_ids(x, 3, name="genre").values,
    "identity with a default": lambda x: columns.identity_ids(x, 3, 0, "genre").values,
    "indicator": lambda x: columns.indicator(columns.drop_missing(x), 3, name="genre"),
    "embedding": lambda x: columns.embedding(columns.drop_missing(x), TABLE, name="genre"),
    "weighted": lambda x: (
        columns.weighted(columns.drop_missing(x), columns.drop_missing(tf.cast(x, tf.float32)), "genre")[
            0
        ].values
    ),
    "crossed": lambda x: columns.crossed_ids([x, x], 9, name="genre").values,
    "sequence embedding": lambda x: columns.sequence_embedding(columns.drop_missing(x), TABLE, name="genre")[
        0
    ],
    "sequence indicator": lambda x: columns.sequence_indicator(columns.drop_missing(x), 3, "genre")[0],
    "sequence numeric": lambda x: columns.sequence_numeric(
        columns.drop_missing(tf.cast(x, tf.float32)), name="genre"
    )[0],
    "linear model": lambda x: columns.linear_model(
        [], [(columns.drop_missing(x), None, TABLE)], tf.zeros([2]), names=["genre"]
    ),
    "shared": lambda x: columns.shared_embedding([columns.drop_missing(x)], TABLE, names=["genre"])[0],
}


@pytest.mark.parametrize("name", CHECKED)
def test_what_is_checked_refuses_xla(name):
    inner = tf.function(CHECKED[name], autograph=False)
    for call in (CHECKED[name], inner):  # traced directly, and by a function inside the compiled one
        compiled = tf.function(lambda x: call(x), jit_compile=True, autograph=False)  # noqa: B023
        with pytest.raises(ValueError, match="column genre must be looked up outside XLA"):
            compiled(tf.constant([[1, 7, -1]]))


def test_what_needs_no_check_may_be_compiled():
    x = np.array([[0.5, np.nan, -3.0]], np.float32)

    def dense(x):
        numbers = columns.numeric(x, lambda v: v * 2)
        return columns.bucketized(x, [-1.0, 0.5]), columns.linear_model(
            [(numbers, tf.ones([3, 2]))], [], tf.zeros([2])
        )

    compiled = tf.function(dense, jit_compile=True, autograph=False)(tf.constant(x))
    for a, b in zip(compiled, dense(tf.constant(x)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_fingerprint_is_of_strings_and_integers():
    with pytest.raises(ValueError, match="values must be strings or integers, received float32"):
        columns.fingerprint(NUMBER[0])
