"""What all optimizers on rows have in common; each one's own mathematics is in its own file."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.embedding.field import FieldEmbedding
from recnotes.optimizers import LazyAdam, RowAdagrad, RowFtrl, RowUpdates, sum_duplicates
from recnotes.oracles.optimizers import summed_rows

PAIRS = [
    (LazyAdam, keras.optimizers.Adam),
    (RowAdagrad, keras.optimizers.Adagrad),
    (RowFtrl, keras.optimizers.Ftrl),
]
ALL = pytest.mark.parametrize("rows, dense", PAIRS, ids=[rows.__name__ for rows, _ in PAIRS])
V, D = 7, 3


def slices(rng, every_row=True, num=19):
    """A sparse gradient with duplicates, of every row at least once or of some rows only."""
    indices = rng.integers(0, V if every_row else V - 3, num)
    if every_row:
        indices[:V] = rng.permutation(V)
    return tf.IndexedSlices(tf.constant(rng.normal(size=(num, D)), tf.float32), tf.constant(indices), [V, D])


def variables(rng):
    start = [rng.normal(size=shape).astype(np.float32) for shape in ((V, D), (4, 2))]
    return [keras.Variable(value) for value in start], [keras.Variable(value) for value in start]


def both(rows, dense, steps=6, every_row=True, compiled=True, scale=1.0, **options):
    """The same steps with an optimizer on rows and with Keras's, which gets the summed, dense gradient."""
    rng = np.random.default_rng(3)
    mine, theirs = variables(rng)
    one, two = rows(**options), dense(**options)
    one.build(mine)
    two.build(theirs)
    wrap = tf.function if compiled else lambda f: f
    step_one = wrap(lambda g, h: one.apply([tf.IndexedSlices(g[0], g[1], [V, D]), h], mine))
    step_two = wrap(lambda g, h: two.apply([g, h], theirs))
    for _ in range(steps):
        g = slices(rng, every_row)
        g = tf.IndexedSlices(g.values * scale, g.indices, g.dense_shape)
        h = tf.constant(rng.normal(size=(4, 2)) * scale, tf.float32)
        step_one((g.values, g.indices), h)
        step_two(tf.math.unsorted_segment_sum(g.values, g.indices, V), h)
    assert int(one.iterations) == int(two.iterations) == steps
    return [x.numpy() for x in mine], [x.numpy() for x in theirs]


@given(num=st.integers(0, 12), width=st.integers(0, 3), dtype=st.sampled_from([np.int32, np.int64]))
@settings(max_examples=15, deadline=None)
def test_duplicates_are_summed_once(num, width, dtype):
    rng = np.random.default_rng(num)
    indices, values = rng.integers(0, 5, num).astype(dtype), rng.normal(size=(num, width))
    g = sum_duplicates(tf.IndexedSlices(tf.constant(values), tf.constant(indices), [5, width]))
    wanted = summed_rows(indices, values)
    assert g.indices.numpy().tolist() == list(wanted)
    np.testing.assert_allclose(g.values.numpy(), np.reshape(list(wanted.values()), [len(wanted), width]))
    assert g.values.dtype == tf.float64 and g.indices.dtype == dtype


# How far float32 may be apart after 6 steps of 0.1. Sums of about 3 numbers of size 1 in another order: 2e-6.
# LazyAdam's dense step is TensorFlow's fused kernel, which computes 1 − 0.999 in float32, 1.3e-5 off.
NEAR = 1e-5
OPTIONS = [
    {},
    {"clipvalue": 0.3},
    {"clipnorm": 0.5},
    {"global_clipnorm": 0.5},
    {"weight_decay": 0.2},
]


@ALL
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_equals_keras_while_every_row_is_in_every_batch(rows, dense, options):
    mine, theirs = both(rows, dense, learning_rate=0.1, **options)
    for x, y in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(x, y, atol=NEAR)


@ALL
def test_equals_keras_without_a_graph(rows, dense):
    mine, theirs = both(rows, dense, steps=2, compiled=False, learning_rate=0.1)
    np.testing.assert_allclose(mine[0], theirs[0], atol=NEAR)


@ALL
def test_loss_scale_is_divided_out(rows, dense):
    options = {"learning_rate": 0.1, "clipnorm": 0.5}
    plain, _ = both(rows, dense, **options)
    scaled, _ = both(rows, dense, scale=1024.0, loss_scale_factor=1024.0, **options)
    np.testing.assert_array_equal(plain[0], scaled[0])  # a power of 2 divides exactly
    np.testing.assert_array_equal(plain[1], scaled[1])


@ALL
@pytest.mark.parametrize(
    "make", [lambda: 0.1, lambda: keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)]
)
def test_rows_that_were_not_read_and_their_slots_keep_every_bit(rows, dense, make):
    rng = np.random.default_rng(0)
    (table, other), _ = variables(rng)
    optimizer = rows(make(), weight_decay=0.1, clipnorm=1.0)
    optimizer.build([table, other])
    start = [x.numpy() for x in [table, *optimizer.variables]]
    for _ in range(3):
        optimizer.apply([slices(rng, every_row=False), tf.ones([4, 2])], [table, other])
    for before, after in zip(start, [table, *optimizer.variables], strict=True):
        if before.shape == (V, D):
            np.testing.assert_array_equal(before[V - 3 :], after.numpy()[V - 3 :])
            assert (before[: V - 3] != after.numpy()[: V - 3]).any()


@ALL
def test_an_empty_batch_changes_no_row(rows, dense):
    (table, other), _ = variables(np.random.default_rng(0))
    before = table.numpy()
    empty = tf.IndexedSlices(tf.zeros([0, D]), tf.zeros([0], tf.int64), [V, D])
    rows(0.1, global_clipnorm=1.0).apply([empty, tf.ones([4, 2])], [table, other])
    np.testing.assert_array_equal(before, table.numpy())


@ALL
@pytest.mark.parametrize("option", [{"use_ema": True}, {"gradient_accumulation_steps": 2}])
def test_what_would_write_every_row_is_refused_by_name(rows, dense, option):
    with pytest.raises(ValueError, match=f"{next(iter(option))} must not be set.*received"):
        rows(0.1, **option)


@ALL
def test_a_schedule_and_excluded_weights_are_followed(rows, dense):
    def made(kind):
        def make(**_):
            optimizer = kind(
                keras.optimizers.schedules.PiecewiseConstantDecay([2], [0.2, 0.01]), weight_decay=0.3
            )
            optimizer.exclude_from_weight_decay(var_names=["variable"])
            return optimizer

        return make

    mine, theirs = both(made(rows), made(dense))
    for x, y in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(x, y, atol=NEAR)


class Logit(keras.Model):
    """A table and dense weights, the least that has both kinds of gradient."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.fields = FieldEmbedding([40, 9], 2, seed=0, dtype=self.dtype_policy)
        self.head = keras.layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(seed=0))

    def build(self, input_shape):
        self.fields.build()
        self.head.build((None, 4))
        self.built = True

    def call(self, ids):
        return self.head(tf.reshape(self.fields(ids), [-1, 4]))[:, 0]


keras.saving.register_keras_serializable("tests")(Logit)


def fitted(optimizer, epochs=1, model=None, **kwargs):
    rng = np.random.default_rng(0)
    ids = rng.integers(0, [40, 9], (80, 2)).astype(np.int32)
    model = model or Logit(**kwargs)
    if optimizer is not None:
        model.compile(optimizer, keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(ids, rng.integers(0, 2, 80), batch_size=16, epochs=epochs, verbose=0, shuffle=False)
    return model


@ALL
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_saving_in_the_middle_of_a_fit_changes_nothing(rows, dense, tmp_path):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.05, 4, 0.8)
    options = {"learning_rate": schedule, "clipnorm": 1.0, "weight_decay": 0.01}
    whole = fitted(rows(**options), epochs=2)
    half = fitted(rows(**options))
    half.save(tmp_path / "half.keras")
    loaded = keras.models.load_model(tmp_path / "half.keras")
    assert type(loaded.optimizer) is rows
    assert loaded.optimizer.get_config() == half.optimizer.get_config()
    fitted(None, model=loaded)
    other = fitted(rows(**options))
    checkpoint = tf.train.Checkpoint(model=half, optimizer=half.optimizer)
    path = checkpoint.save(tmp_path / "checkpoint")
    fitted(None, model=other)  # goes astray
    tf.train.Checkpoint(model=other, optimizer=other.optimizer).restore(path).expect_partial()
    fitted(None, model=other)
    for a, b, c in zip(whole.weights, loaded.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
        np.testing.assert_array_equal(a.numpy(), c.numpy())


@ALL
def test_a_fit_differs_from_the_dense_one_only_as_documented(rows, dense):
    class Densely(dense):
        def apply(self, grads, trainable_variables=None):
            super().apply([tf.convert_to_tensor(g) for g in grads], trainable_variables)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the gradient is made dense, which is meant here
        theirs = fitted(Densely(0.05))
    gap = np.abs(fitted(rows(0.05)).fields.table.numpy() - theirs.fields.table.numpy()).max()
    # Rows that were not in a batch make the difference; Adagrad knows none. Rounding is below 1e-6.
    assert gap < 1e-6 if rows is RowAdagrad else gap > 1e-3


@ALL
def test_mixed_precision_trains_float32_tables(rows, dense):
    model = fitted(rows(0.05), dtype="mixed_bfloat16")
    table = model.fields.table
    assert model.fields.compute_dtype == "bfloat16" and table.dtype == "float32"
    assert np.isfinite(table.numpy()).all()


@ALL
@pytest.mark.filterwarnings("ignore:Converting sparse IndexedSlices:UserWarning")  # Keras looks for NaN there
def test_a_loss_scale_optimizer_may_be_wrapped_around(rows, dense):
    plain = fitted(rows(0.05))
    scaled = fitted(keras.optimizers.LossScaleOptimizer(rows(0.05), initial_scale=1024.0))
    for a, b in zip(plain.trainable_weights, scaled.trainable_weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-6)


def test_a_rule_must_be_given():
    class Nothing(RowUpdates, keras.optimizers.SGD):
        pass

    with pytest.raises(NotImplementedError):
        Nothing(0.1).apply([slices(np.random.default_rng(0))], [keras.Variable(np.zeros([V, D], np.float32))])
