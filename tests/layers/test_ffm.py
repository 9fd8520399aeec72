import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers.ffm import FieldAwareEmbedding, ffm_pairwise
from recnotes.layers.fm import fm_pairwise
from recnotes.oracles import ffm as oracle


def test_hand_computed():
    e = tf.constant([[[[9.0, 9], [1, 2], [0, 1]], [[3, 4], [9, 9], [5, 0]], [[7, 6], [2, 8], [9, 9]]]])
    assert ffm_pairwise(e).numpy().tolist() == [1 * 3 + 2 * 4 + 1 * 6 + 5 * 2]


@pytest.mark.parametrize("shape", [(1, 2), (3, 1), (4, 3), (6, 2)])
def test_values_and_gradients_equal_the_loops(shape):
    fields, width = shape
    rng = np.random.default_rng(fields)
    x, v = rng.normal(size=fields), rng.normal(size=(fields, fields, width))
    variable = tf.Variable(v)
    with tf.GradientTape() as tape:
        y = ffm_pairwise((x[:, None, None] * variable)[None])
    np.testing.assert_allclose(y[0], oracle.ffm_logit(x, range(fields), v), rtol=1e-12, atol=1e-12)
    found, expected = tape.gradient(y, variable), oracle.ffm_gradient(x, range(fields), v)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_equal_field_tables_are_a_factorization_machine():
    e = np.random.default_rng(1).normal(size=(4, 5, 3))
    repeated = np.repeat(e[:, :, None], 5, axis=2)
    np.testing.assert_allclose(ffm_pairwise(tf.constant(repeated)), fm_pairwise(tf.constant(e)), atol=1e-12)


def test_order_of_fields_does_not_matter():
    e = np.random.default_rng(2).normal(size=(3, 4, 4, 2))
    order = [2, 0, 3, 1]
    moved = e[:, order][:, :, order]
    np.testing.assert_allclose(ffm_pairwise(tf.constant(moved)), ffm_pairwise(tf.constant(e)), atol=1e-12)


def test_half_precision_is_raised():
    e = tf.cast(tf.random.stateless_normal([4, 9, 9, 4], [0, 1]), tf.bfloat16)
    assert ffm_pairwise(e).dtype == tf.float32
    # 36 pairs of width 4, added up in float32
    np.testing.assert_allclose(ffm_pairwise(e), ffm_pairwise(tf.cast(e, tf.float64)), atol=1e-4)


def test_lookup_by_hand():
    layer = FieldAwareEmbedding([2, 3], num_dense=1, width=1)
    layer.build()
    table = np.arange(18.0).reshape(6, 3, 1)
    layer.table.assign(table)
    inputs = {"dense": tf.constant([[2.0]]), "sparse": tf.constant([[1, 0]])}
    expected = np.stack([2 * table[0], table[2], table[3]])[None]
    assert layer(inputs).numpy().tolist() == expected.tolist()
    normal = FieldAwareEmbedding([2, 3], 1, 1, normalize=True)
    normal.build()
    normal.table.assign(table)
    np.testing.assert_allclose(normal(inputs), expected / np.sqrt(4 + 1 + 1), rtol=1e-6)


def test_starts_uniform_above_zero():
    layer = FieldAwareEmbedding([1000, 500], width=9, seed=0)
    layer.build()
    table = layer.table.numpy()
    assert table.min() >= 0 and table.max() < 1 / 3
    assert abs(table.mean() - 1 / 6) < 0.005  # 27,000 draws: nine times the standard error


def test_the_gradient_has_the_rows_of_the_batch_only():
    layer = FieldAwareEmbedding([1000, 500], num_dense=2)
    layer.build()
    inputs = {"dense": tf.ones([3, 2]), "sparse": tf.constant([[999, 0], [5, 0], [7, 499]])}
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(ffm_pairwise(layer(inputs)))
    gradient = tape.gradient(y, layer.table.value)
    assert isinstance(gradient, tf.IndexedSlices)
    assert sorted(set(gradient.indices.numpy().tolist())) == [0, 1, 7, 9, 1001, 1002, 1501]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    inputs = {
        "dense": keras.Input([1], name="dense"),
        "sparse": keras.Input([2], dtype="int32", name="sparse"),
    }
    layer = FieldAwareEmbedding([2, 3], 1, 5, True, ["a", "b"], seed=3)
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    x = {"dense": np.ones([2, 1], np.float32), "sparse": np.array([[1, 2], [0, 0]], np.int32)}
    np.testing.assert_array_equal(model(x), loaded(x))
    assert loaded.layers[-1].get_config() == layer.get_config()
    assert model.output_shape == (None, 3, 3, 5)


@pytest.mark.parametrize(
    ("args", "name"),
    [
        (([],), "vocabulary_sizes"),
        (([0],), "vocabulary_sizes"),
        (([2], -1), "num_dense"),
        (([2], 0, 0), "width"),
        (([2], 0, 1, False, ["a", "b"]), "field_names"),
    ],
)
def test_bad_arguments(args, name):
    with pytest.raises(ValueError, match=f"{name} must"):
        FieldAwareEmbedding(*args)


def test_bad_shape():
    for shape in ([2, 3, 4], [2, 3, 4, 5]):
        with pytest.raises(ValueError, match=r"must be \[B, F, F, D\]"):
            ffm_pairwise(tf.zeros(shape))


def test_without_numeric_fields_the_row_is_the_id():
    layer = FieldAwareEmbedding([2, 3], 0, 4)
    e = layer({"sparse": tf.constant([[1, 2]])})
    np.testing.assert_array_equal(e[0], layer.table.value.numpy()[[1, 2 + 2]])
