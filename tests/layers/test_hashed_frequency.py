import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers import HashedFrequency
from recnotes.layers.hashed_frequency import PRIME, hash_parameters
from recnotes.oracles.two_tower import hashed_probabilities


@pytest.mark.parametrize("num_hashes", [1, 3])
def test_equals_the_loops_for_items_that_share_places(num_hashes):
    rng = np.random.default_rng(0)
    items = rng.integers(0, 10**12, 20)  # beyond 31 bits
    batches = [rng.choice(items, rng.integers(0, 6)) for _ in range(30)]
    layer = HashedFrequency(7, num_hashes, rate=0.3, initial_gap=20.0, seed=4)
    for batch in batches:
        layer(batch, training=True)
    settings = (hash_parameters(num_hashes, 4), 7, 0.3, 20.0)
    expected = hashed_probabilities([b.tolist() for b in batches], items.tolist(), *settings)
    np.testing.assert_allclose(layer(items), expected, rtol=1e-5)  # float32 against float64, 30 steps
    before = [w.numpy() for w in layer.weights]
    layer(items)
    for a, b in zip(before, layer.weights, strict=True):  # only training counts
        np.testing.assert_array_equal(a, b)
    assert not layer.trainable_weights


def test_sharing_makes_items_look_frequent_and_more_hashes_help():
    rng = np.random.default_rng(1)
    q = 1 / np.arange(1, 41)
    q /= q.sum()
    items, truth = rng.integers(0, 10**9, 40), 1 - (1 - q) ** 4
    stream = items[rng.choice(40, (3000, 4), p=q)]
    errors = []
    for num_hashes in (1, 4):
        layer = HashedFrequency(30, num_hashes, initial_gap=5.0, seed=0)
        layer.build()
        count = tf.function(lambda ids, layer=layer: layer(ids, training=True), autograph=False)
        for batch in stream:
            count(tf.constant(batch))
        errors.append(np.log(layer(items).numpy() / truth))
    one, four = errors
    assert one.mean() > four.mean() > -0.1  # too frequent, and less so with more hashes
    assert np.abs(four).mean() < 0.5 * np.abs(one).mean()


def test_hash_functions_spread_items_and_follow_their_seed():
    assert hash_parameters(3, 1) == hash_parameters(3, 1) != hash_parameters(3, 2)
    for a, c in hash_parameters(20, 0):
        assert 1 <= a < PRIME and 0 <= c < PRIME
        counts = np.bincount([(a * y + c) % PRIME % 10 for y in range(2000)], minlength=10)
        assert counts.min() > 0 and counts.max() < 600  # 200 each


def test_configuration_and_weights_are_saved(tmp_path):
    layer = HashedFrequency(5, 2, 0.5, 4.0, seed=3)
    model = keras.Sequential([keras.Input([], dtype="int32"), layer])
    layer(tf.constant([1, 2]), training=True)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras").layers[0]
    assert again.get_config() == layer.get_config() and again.hashes == layer.hashes
    np.testing.assert_array_equal(again(np.arange(9)), layer(np.arange(9)))


def test_bad_input():
    for arguments, message in (
        ((0,), "num_buckets and num_hashes must be positive, received 0 and 4"),
        ((5, 0), "num_buckets and num_hashes must be positive, received 5 and 0"),
        ((5, 1, 0.0), r"rate must be in \(0, 1\], received 0.0"),
    ):
        with pytest.raises(ValueError, match=message):
            HashedFrequency(*arguments)
    for ids in (np.ones(2), np.ones([2, 2], np.int32)):
        with pytest.raises(ValueError, match=r"ids must be integers \[B\], received"):
            HashedFrequency(5)(ids)
