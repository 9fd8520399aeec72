import numpy as np
import pytest
import tensorflow as tf

from recnotes.embedding.behavior import BehaviorEmbedding, ItemEmbedding
from recnotes.optimizers import LazyAdam


def test_rows_of_both_tables():
    layer = BehaviorEmbedding(5, [2, 3], 1, width=2, stddev=1.0, seed=0)
    inputs = {
        "item": tf.constant([5, 0]),
        "history": tf.constant([[1, 2, 0], [0, 0, 0]]),
        "dense": tf.constant([[7.0], [8.0]]),
        "sparse": tf.constant([[1, 2], [0, 0]]),
    }
    (q, k, mask), x = layer(inputs), layer.profile(inputs)
    table, fields = layer.items.table.numpy(), layer.fields.table.numpy()
    np.testing.assert_array_equal(q, [table[4], [0, 0]])
    np.testing.assert_array_equal(k[0], [table[0], table[1], [0, 0]])
    np.testing.assert_array_equal(mask, [[True, True, False], [False, False, False]])
    np.testing.assert_array_equal(x, [[7, *fields[1], *fields[4]], [8, *fields[0], *fields[2]]])


def test_padding_moves_no_item():
    layer = ItemEmbedding(5, 2, stddev=1.0, seed=0)
    layer.build()
    optimizer = LazyAdam(0.1)
    for step, ids in enumerate([[[1, 4]], [[3, 0]], [[3, 0]]]):
        before = layer.table.numpy()
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(layer(tf.constant(ids)) ** 2)
        slices = tape.gradient(y, layer.table.value)
        assert 0 < len(slices.values) and set(slices.indices.numpy() + 1) == set(ids[0]) - {0}
        optimizer.apply([slices], [layer.table])
        moved = np.flatnonzero((layer.table.numpy() != before).any(axis=1)) + 1
        # Item 1 has momentum from the first step; only items of the batch may move.
        assert moved.tolist() == ([1, 4] if step == 0 else [3])


def test_config_and_bad_sizes():
    layer = BehaviorEmbedding(5, [2, 3], 1, 2, ["user", "hour"], 0.1, seed=0)
    assert BehaviorEmbedding.from_config(layer.get_config()).get_config() == layer.get_config()
    items = ItemEmbedding(5, 2, 0.1, seed=0)
    assert ItemEmbedding.from_config(items.get_config()).get_config() == items.get_config()
    for wrong, message in (((0, 2), "num_items must be"), ((2, 0), "width must be")):
        with pytest.raises(ValueError, match=message):
            ItemEmbedding(*wrong)
    with pytest.raises(ValueError, match="num_dense must be"):
        BehaviorEmbedding(5, num_dense=-1)


def test_ids_out_of_range_name_the_input():
    with pytest.raises(ValueError, match=r"ids of 'item' must be in \[0, 5\], received 6"):
        ItemEmbedding(5, 2)(tf.constant([6]))
