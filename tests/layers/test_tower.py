import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers import Tower
from recnotes.oracles.two_tower import vectors_of_tower

SIZES = [4, 3]


def build(units, normalize, seed=0, **kwargs):
    tower = Tower(SIZES, 3, units, normalize=normalize, field_names=["item", "topic"], **kwargs)
    tower.build()
    rng = np.random.default_rng(seed)
    for weight in tower.weights:
        weight.assign(rng.normal(size=weight.shape))
    return tower, np.stack([rng.integers(0, size, 5) for size in SIZES], axis=1)


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("units", [[], [4], [6, 4]])
def test_equals_the_loops(units, normalize):
    tower, ids = build(units, normalize)
    # Float32 sums of a few dozen products of size about one.
    np.testing.assert_allclose(tower(ids), vectors_of_tower(tower, ids), rtol=1e-4, atol=1e-5)
    assert tower(ids).shape[1] == tower.width == [6, *units][-1]
    assert tower.compute_output_shape((None, 2)) == (None, tower.width)


def test_length_is_one_unless_everything_is_off():
    tower, ids = build([6, 4], True)
    length = np.linalg.norm(tower(ids), axis=1)
    assert set(np.round(length, 5)) <= {0.0, 1.0} and length.max() > 0.9
    tower.hidden_layers[-1].bias.assign(np.full(4, -1e3))
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tower(ids))
    assert float(y) == 0.0
    assert all(np.isfinite(tf.convert_to_tensor(g)).all() for g in tape.gradient(y, tower.trainable_weights))


def test_config_and_bad_input():
    tower, ids = build([4], True, activation="tanh", seed=3)
    again = Tower.from_config(tower.get_config())
    again.build()
    again.set_weights(tower.get_weights())
    np.testing.assert_array_equal(tower(ids), again(ids))
    with pytest.raises(ValueError, match=r"field 'topic' must be in \[0, 2\], received 3"):
        tower(ids + np.array([0, 3 - ids[0, 1]]))
    with pytest.raises(ValueError, match="hidden_units must be positive"):
        Tower([3], 2, [0])
