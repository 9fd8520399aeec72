import pytest
import tensorflow as tf

from recnotes.embedding import stack_features


def test_numbers_first_then_the_fields_in_order():
    e = tf.constant([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]])
    dense = tf.constant([[9.0], [10.0]], tf.float64)
    assert stack_features({}, e).numpy().tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    both = stack_features({"dense": dense}, e, 1)
    assert both.numpy().tolist() == [[9, 1, 2, 3, 4], [10, 5, 6, 7, 8]] and both.dtype == e.dtype


def test_bad_input():
    e = tf.zeros([2, 3, 4])
    with pytest.raises(ValueError, match="'dense'"):
        stack_features({}, e, 1)
    for dense in (tf.zeros([2, 2]), tf.zeros([2])):
        with pytest.raises(ValueError, match=r"dense must be \[B, 1\]"):
            stack_features({"dense": dense}, e, 1)
