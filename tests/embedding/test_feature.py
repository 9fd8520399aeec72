import numpy as np
import pytest
import tensorflow as tf

from recnotes.embedding import FeatureEmbedding


def test_numeric_fields_come_first():
    layer = FeatureEmbedding([3, 5], num_dense=2, width=4, seed=0)
    dense = tf.constant([[2.0, 3.0]])
    e = layer({"dense": dense, "sparse": tf.constant([[2, 4]])})
    np.testing.assert_array_equal(e[:, :2], layer.numeric(dense))
    np.testing.assert_array_equal(e[:, 2:], layer.fields(tf.constant([[2, 4]])))
    assert layer.compute_output_shape({"dense": (None, 2), "sparse": (None, 2)}) == (None, 4, 4)


def test_the_two_parts_have_different_seeds():
    layer = FeatureEmbedding([2], num_dense=2, width=4, seed=0)
    layer.build()
    assert not np.array_equal(layer.fields.table, layer.numeric.table)


def test_without_numeric_fields():
    layer = FeatureEmbedding([3, 5], width=4)
    assert layer({"sparse": tf.constant([[2, 4]])}).shape == (1, 2, 4)
    rebuilt = FeatureEmbedding.from_config(layer.get_config())
    assert rebuilt.get_config() == layer.get_config()


def test_bad_input():
    with pytest.raises(ValueError, match="num_dense must be"):
        FeatureEmbedding([3], num_dense=-1)
    with pytest.raises(ValueError, match="keys 'dense' and 'sparse'"):
        FeatureEmbedding([3], num_dense=1)({"sparse": tf.constant([[0]])})
    inputs = {"dense": tf.zeros([2, 1]), "sparse": tf.constant([[0]])}
    for call in (FeatureEmbedding([3], num_dense=1), tf.function(FeatureEmbedding([3], num_dense=1))):
        with pytest.raises(ValueError, match="'sparse' must have as many rows as 'dense', received 1, 2"):
            call(inputs)
