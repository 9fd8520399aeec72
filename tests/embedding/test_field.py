import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.embedding import FieldEmbedding, check_field_ids

NAMES = ["user", "item", "hour"]
SIZES = [3, 5, 2]


def draw(rng, batch):
    return np.stack([rng.integers(0, size, batch) for size in SIZES], axis=1).astype(np.int32)


def test_hand_computed():
    layer = FieldEmbedding([2, 3], 2)
    layer.build()
    layer.table.assign([[0, 1], [2, 3], [10, 11], [12, 13], [14, 15]])
    e = layer(tf.constant([[0, 0], [1, 2]]))  # [B, F, D]
    assert e.numpy().tolist() == [[[0, 1], [10, 11]], [[2, 3], [14, 15]]]
    assert layer.offsets == [0, 2]
    assert layer.rows(1).numpy().tolist() == [[10, 11], [12, 13], [14, 15]]


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    batch=st.integers(0, 6),
    width=st.integers(0, 4),
    dtype=st.sampled_from([np.int32, np.int64, np.uint8]),
)
@settings(max_examples=20, deadline=None)
def test_equals_one_table_a_field(sizes, batch, width, dtype):
    rng = np.random.default_rng(0)
    ids = np.stack([rng.integers(0, size, batch) for size in sizes], axis=1).astype(dtype)
    layer = FieldEmbedding(sizes, width, seed=1)
    e = layer(tf.constant(ids)).numpy()
    assert e.shape == (batch, len(sizes), width)
    for field in range(len(sizes)):
        np.testing.assert_array_equal(e[:, field], layer.rows(field).numpy()[ids[:, field]])


@pytest.mark.parametrize("bad", [-1, 5, 2**31 - 1])
def test_out_of_range_names_the_field(bad):
    layer = FieldEmbedding(SIZES, 4, field_names=NAMES)
    ids = tf.constant([[0, 0, 0], [1, bad, 1]])
    with pytest.raises(ValueError, match=rf"field 'item' must be in \[0, 4\], received {bad}"):
        layer(ids)
    compiled = tf.function(lambda x: layer(x))
    with pytest.raises(tf.errors.InvalidArgumentError, match="item"):
        compiled(ids)
    assert compiled(tf.constant([[2, 4, 1]])).shape == (1, 3, 4)


def test_the_first_wrong_field_is_named_in_a_graph():
    compiled = tf.function(lambda x: check_field_ids(x, SIZES, NAMES))
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        compiled(tf.constant([[2, 4, 1], [0, 0, 2], [9, 9, 9]]))
    assert "hour" in str(caught.value) and "item" not in str(caught.value)


def test_an_empty_batch_passes_in_a_graph():
    compiled = tf.function(
        lambda x: check_field_ids(x, SIZES, NAMES), input_signature=[tf.TensorSpec([None, 3], tf.int32)]
    )
    assert compiled(tf.zeros([0, 3], tf.int32)).shape == (0, 3)


def test_xla_is_refused_where_the_check_would_vanish():
    layer = FieldEmbedding(SIZES, 4, field_names=NAMES)
    layer.build()
    with pytest.raises(tf.errors.InvalidArgumentError, match="compile_with_jit_compile_False"):
        tf.function(lambda x: layer(x), jit_compile=True)(tf.constant([[0, 0, 0]]))

    @tf.function
    def inner(x):
        return layer(x)

    inner(tf.constant([[0, 0, 0]]))  # traced without XLA first: the outer call may reuse that trace
    with pytest.raises(tf.errors.InvalidArgumentError, match="compile_with_jit_compile_False"):
        tf.function(lambda x: inner(x), jit_compile=True)(tf.constant([[0, 0, 0]]))
    assert layer.supports_jit is False


def test_gradient_is_sparse_and_adds_duplicates():
    layer = FieldEmbedding([2, 2], 1)
    layer.build()
    variable = layer.table.value
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(
            layer(tf.constant([[0, 1], [0, 0]])) * tf.constant([[[1.0], [2.0]], [[3.0], [4.0]]])
        )
    gradient = tape.gradient(loss, variable)
    assert isinstance(gradient, tf.IndexedSlices)
    assert tf.convert_to_tensor(gradient).numpy().ravel().tolist() == [4, 0, 4, 2]


def test_seed_and_zero_start():
    ids = tf.constant([[0], [3]])
    one, two, three = (FieldEmbedding([4], 3, seed=s)(ids).numpy() for s in (1, 1, 2))
    assert np.array_equal(one, two) and not np.array_equal(one, three)
    assert not FieldEmbedding([4], 1, stddev=0.0)(ids).numpy().any()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    inputs = keras.Input([3], dtype="int32")
    model = keras.Model(inputs, FieldEmbedding(SIZES, 4, field_names=NAMES, seed=3)(inputs))
    ids = draw(np.random.default_rng(0), 6)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(model(ids), loaded(ids))
    assert loaded.layers[-1].get_config() == model.layers[-1].get_config()
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match="hour"):
        loaded.predict(np.array([[0, 0, 2]], np.int32), verbose=0)


@pytest.mark.parametrize(
    "kwargs, message",
    [
        ({"vocabulary_sizes": []}, "vocabulary_sizes must be"),
        ({"vocabulary_sizes": [3, 0]}, "vocabulary_sizes must be"),
        ({"width": -1}, "width must be"),
        ({"stddev": -1.0}, "stddev must be"),
        ({"field_names": ["user"]}, "field_names must have length 3"),
    ],
)
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        FieldEmbedding(**{"vocabulary_sizes": SIZES, "width": 4, **kwargs})


def test_bad_input():
    layer = FieldEmbedding(SIZES, 4, field_names=NAMES)
    with pytest.raises(ValueError, match="integers"):
        layer(tf.zeros([2, 3]))
    with pytest.raises(ValueError, match=r"must be \[B, 3\]"):
        layer(tf.zeros([2, 2], tf.int32))
    layer = FieldEmbedding(SIZES, 4, field_names=NAMES)
    layer.build()
    for field in ("nobody", 3, -1):
        with pytest.raises(ValueError, match="field must be"):
            layer.rows(field)
    assert layer.rows("item").shape == (5, 4)
