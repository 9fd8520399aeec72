import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.embedding import NumericEmbedding


def test_hand_computed():
    layer = NumericEmbedding(2, 2)
    layer.build()
    layer.table.assign([[1, 2], [3, 4]])
    assert layer(tf.constant([[2.0, -1.0]])).numpy().tolist() == [[[2, 4], [-3, -4]]]
    assert layer(tf.constant([[2, -1]])).numpy().tolist() == [[[2, 4], [-3, -4]]]  # counts, say


def test_values_scale_the_vector():
    layer = NumericEmbedding(3, 4, seed=0)
    x = tf.random.stateless_normal([5, 3], [0, 1])
    np.testing.assert_allclose(layer(2 * x), 2 * layer(x), rtol=1e-6)
    assert not layer(tf.zeros([5, 3])).numpy().any()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    inputs = keras.Input([3])
    model = keras.Model(inputs, NumericEmbedding(3, 4, seed=3)(inputs))
    model.save(tmp_path / "m.keras")
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    np.testing.assert_array_equal(model(x), keras.models.load_model(tmp_path / "m.keras")(x))


def test_bad_arguments():
    for kwargs in ({"num_fields": 0, "width": 1}, {"num_fields": 1, "width": -1}):
        with pytest.raises(ValueError, match="must be at least"):
            NumericEmbedding(**kwargs)
    with pytest.raises(ValueError, match="stddev must be"):
        NumericEmbedding(1, 1, stddev=-0.1)
    with pytest.raises(ValueError, match=r"must be \[B, 2\]"):
        NumericEmbedding(2, 1)(tf.zeros([3, 4]))
