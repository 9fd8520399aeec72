import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers import StreamingFrequency
from recnotes.oracles.two_tower import streaming_gaps


def test_equals_the_loops():
    rng = np.random.default_rng(0)
    batches = [rng.integers(0, 9, rng.integers(0, 7)).astype(np.int32) for _ in range(40)]
    layer = StreamingFrequency(10, rate=0.3, initial_gap=20.0)
    for batch in batches:
        layer(batch, training=True)
    gaps = streaming_gaps([b.tolist() for b in batches], 10, 0.3, 20.0)
    np.testing.assert_allclose(layer.gap.numpy(), gaps, rtol=1e-5)  # float32 against float64, 40 steps
    np.testing.assert_allclose(layer(np.arange(10)), 1 / gaps, rtol=1e-5)
    assert int(layer.step) == 40 and gaps[9] == 20.0


def test_only_training_counts():
    layer = StreamingFrequency(3)
    assert layer(tf.constant([0, 1])).numpy() == pytest.approx([0.01, 0.01])
    assert int(layer.step) == 0 and not layer.trainable_weights
    layer(tf.constant([0]), training=True)
    assert layer.get_weights()[1].tolist() == [1, 0, 0]


def test_the_start_is_forgotten_as_the_recursion_says():
    layer = StreamingFrequency(1, rate=0.1, initial_gap=50.0)
    empty, one = tf.zeros([0], tf.int32), tf.zeros([1], tf.int32)
    for n in range(1, 21):  # every third step, so that each gap is 3
        for batch in (empty, empty, one):
            layer(batch, training=True)
        # float32 of a number of size 50
        assert float(layer.gap[0]) - 3 == pytest.approx(0.9**n * (50 - 3), abs=1e-4)


def test_finds_the_probabilities_of_a_stream():
    rng = np.random.default_rng(1)
    q = 1 / np.arange(1, 31)
    q /= q.sum()
    layer = StreamingFrequency(30, rate=0.01, initial_gap=5.0)
    layer.build()
    count = tf.function(lambda ids: layer(ids, training=True), autograph=False)
    for batch in rng.choice(30, (4000, 8), p=q):
        count(tf.constant(batch))
    p = 1 - (1 - q) ** 8
    # The gaps' variance leaves about sqrt(α / 2) = 7 % of each; 30 items make 20 % a safe bound.
    assert np.abs(np.log(layer(np.arange(30)).numpy() / p)).max() < 0.3
    assert np.abs(np.log(layer(np.arange(30)).numpy() / p)).mean() < 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_items": 0}, "num_items must be positive, received 0"),
        ({"num_items": 1, "rate": 0}, r"rate must be in \(0, 1\], received 0"),
        ({"num_items": 1, "initial_gap": 0.5}, "initial_gap must be at least 1, received 0.5"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        StreamingFrequency(**arguments)


def test_bad_ids():
    layer = StreamingFrequency(3, field_name="video")
    for wrong in (3, -1):
        with pytest.raises(ValueError, match=rf"field 'video' must be in \[0, 2\], received {wrong}"):
            layer(tf.constant([0, wrong]), training=True)
    assert int(layer.step) == 0
    with pytest.raises(tf.errors.InvalidArgumentError, match="compile_with_jit_compile_False"):
        tf.function(layer, autograph=False, jit_compile=True)(tf.constant([0]))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    inputs = keras.Input([], dtype="int32")
    layer = StreamingFrequency(4, 0.5, 7.0, "video")
    model = keras.Model(inputs, layer(inputs))
    layer(tf.constant([1, 3]), training=True)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded(np.arange(4)), layer(np.arange(4)))
    assert loaded.layers[-1].get_config() == layer.get_config()
