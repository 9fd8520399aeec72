import numpy as np
import pytest
import tensorflow as tf

from recnotes.embedding import pair_ids


def test_columns_of_any_integer_type():
    ids = pair_ids({"user": np.array([3, 0], np.int32), "item": tf.constant([7, 1], tf.uint8), "other": 1})
    assert ids.dtype == tf.int64 and ids.numpy().tolist() == [[3, 7], [0, 1]]


def test_unknown_length_in_a_graph():
    spec = tf.TensorSpec([None], tf.int32)
    traced = tf.function(
        lambda user, item: pair_ids({"user": user, "item": item}), input_signature=[spec] * 2
    )
    assert traced(tf.constant([4]), tf.constant([5])).numpy().tolist() == [[4, 5]]
    with pytest.raises(tf.errors.InvalidArgumentError):
        traced(tf.constant([4]), tf.constant([5, 6]))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"user": [1]}, r"keys 'user' and 'item', received \['user'\]"),
        ({"user": [1], "item": [1.5]}, "ids of 'item' must be integers, received float32"),
        ({"user": [[1]], "item": [1]}, r"ids of 'user' must be \[B\], received \(1, 1\)"),
        ({"user": [1, 2], "item": [1]}, "one length, received 2, 1"),
    ],
)
def test_bad_input(inputs, message):
    with pytest.raises(ValueError, match=message):
        pair_ids(inputs)
