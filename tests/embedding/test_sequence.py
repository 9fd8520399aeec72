import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.embedding.sequence import (
    SequenceEmbedding,
    check_item_ids,
    history_mask,
    positions_from_the_end,
)


def layer(**kwargs):
    return SequenceEmbedding(**{"num_items": 9, "width": 4, "max_length": 3, "seed": 0, **kwargs})


def test_positions_count_real_items_only():
    mask = tf.constant([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 0, 1, 0, 1], [0, 0, 0, 0, 0]]) > 0
    assert positions_from_the_end(mask).numpy().tolist() == [
        [2, 1, 0, 0, 0],
        [3, 3, 2, 1, 0],
        [2, 2, 1, 1, 0],
        [0, 0, 0, 0, 0],
    ]


def test_mask_keeps_the_most_recent():
    mask = history_mask(tf.constant([[5, 6, 7, 8, 0], [0, 5, 6, 7, 8]]), 2).numpy().astype(int)
    assert mask.tolist() == [[0, 0, 1, 1, 0], [0, 0, 0, 1, 1]]


def test_hand_computed_vectors():
    e = layer(scale=2.0)
    vectors, mask = e(tf.constant([[4, 9, 0]]))
    table, positions = e.item_table.numpy(), e.position_table.numpy()
    expected = np.stack([2 * table[3] + positions[1], 2 * table[8] + positions[0], np.zeros(4)])
    np.testing.assert_allclose(vectors[0], expected, rtol=1e-6)
    assert mask.numpy().tolist() == [[True, True, False]]


def test_truncation_equals_the_tail():
    e = layer()
    long, _ = e(tf.constant([[1, 2, 3, 4, 5]]))
    tail, _ = e(tf.constant([[3, 4, 5]]))
    np.testing.assert_array_equal(long[:, 2:], tail)
    np.testing.assert_array_equal(long[:, :2], 0)


def test_padding_gets_no_gradient():
    e = layer()
    with tf.GradientTape() as tape:
        vectors, _ = e(tf.constant([[4, 9, 0], [0, 0, 0]]))
        loss = tf.reduce_sum(tf.square(vectors + 1))
    items, positions = (tf.convert_to_tensor(g).numpy() for g in tape.gradient(loss, e.trainable_variables))
    assert set(np.flatnonzero(np.abs(items).sum(1))) == {3, 8}
    assert set(np.flatnonzero(np.abs(positions).sum(1))) == {0, 1}


def test_padding_reads_no_row_of_its_own():
    """Lazy optimizers move every row that was read, with a gradient of zero, too."""
    e = layer()
    e.build()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(e.items(tf.constant([[4, 9, 0], [0, 0, 0]])))
    g = tape.gradient(loss, e.item_table.value)
    assert set(g.indices.numpy()) == {3, 8}


@pytest.mark.parametrize("wrong", [10, -1])
def test_ids_out_of_range_name_the_field(wrong):
    e = layer()
    e.build()
    ids = tf.constant([[1, wrong, 0]])
    with pytest.raises(ValueError, match=rf"'history' must be in \[0, 9\], received {wrong}"):
        e.items(ids)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=rf"history\\' must be in \[0, 9\], received {wrong}"
    ):
        tf.function(e.items)(ids)
    with pytest.raises(tf.errors.InvalidArgumentError, match="compile_with_jit_compile_False"):
        tf.function(e.items, jit_compile=True)(ids)


def test_check_lets_good_ids_through():
    ids = tf.constant([[0, 9]])
    assert tf.function(lambda x: check_item_ids(x, 9, "history"))(ids).numpy().tolist() == [[0, 9]]
    with pytest.raises(ValueError, match="must be integers"):
        check_item_ids(tf.constant([1.0]), 9, "history")


@pytest.mark.parametrize("name", ["num_items", "width", "max_length"])
def test_bad_sizes(name):
    with pytest.raises(ValueError, match=f"{name} must be positive, received 0"):
        layer(**{name: 0})


def test_seed_and_config():
    a, b = layer(), layer()
    for e in (a, b):
        e.build()
    np.testing.assert_array_equal(a.item_table.numpy(), b.item_table.numpy())
    assert not np.allclose(a.item_table.numpy()[:3], a.position_table.numpy())
    again = SequenceEmbedding.from_config(a.get_config())
    assert again.get_config() == a.get_config()
    assert isinstance(keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(a)), type(a))


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_rows_are_gathered_before_they_are_cast_and_get_sparse_gradients(policy):
    """No operation of the forward pass or of the gradients has the size of a table."""
    layer = SequenceEmbedding(1_000, 4, 500, dtype=policy)
    layer.build()
    tables = [layer.item_table.value, layer.position_table.value]
    kinds = []

    @tf.function
    def step(ids):
        with tf.GradientTape() as tape:
            e, _ = layer(ids)
            assert e.dtype == layer.compute_dtype
            loss = tf.reduce_sum(tf.cast(e, tf.float32))
        gradients = tape.gradient(loss, tables)
        kinds[:] = [type(g) for g in gradients]
        return [g.values for g in gradients]

    graph = step.get_concrete_function(tf.constant([[3, 999, 0]])).graph
    assert kinds == [tf.IndexedSlices] * 2
    for op in graph.get_operations():
        for out in op.outputs:
            assert out.shape.rank is None or not {1_000, 500} & set(out.shape.as_list()), op.name


def test_half_precision_vectors_are_the_rounded_ones():
    half, full = (SequenceEmbedding(9, 4, 3, seed=0, dtype=d) for d in ("mixed_float16", "float32"))
    for layer in (half, full):
        layer.build()
    (a, _), (b, _) = (layer(tf.constant([[3, 9, 0]])) for layer in (half, full))
    assert a.dtype == tf.float16
    np.testing.assert_allclose(a, b, atol=2e-3)  # two roundings of numbers below 1
