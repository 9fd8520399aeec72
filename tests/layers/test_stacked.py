import keras
import numpy as np
import pytest

from recnotes.layers.stacked import Stacked


@pytest.mark.parametrize(
    ("initializer", "std"), [("glorot_normal", (2 / 116) ** 0.5), ("he_normal", (2 / 100) ** 0.5)]
)
def test_stacked_scales_by_the_fan_in_of_one_expert(initializer, std):
    kernel = Stacked(initializer, seed=0)((8, 100, 16)).numpy()
    assert kernel.std() == pytest.approx(std, rel=0.03)
    whole = keras.initializers.get(initializer)((8, 100, 16)).numpy()
    assert whole.std() < 0.6 * std  # what Stacked is for


def test_stacked_gives_every_expert_its_own_draw():
    kernel = Stacked(keras.initializers.GlorotNormal(seed=1024), seed=None)((4, 5, 3)).numpy()
    for i in range(4):
        for j in range(i):
            assert not np.any(kernel[i] == kernel[j])
    np.testing.assert_array_equal(Stacked("zeros")((2, 3, 4)), np.zeros((2, 3, 4)))


def test_stacked_is_rebuilt_from_its_configuration():
    one = Stacked(keras.initializers.GlorotUniform(), seed=3)
    again = keras.initializers.deserialize(keras.initializers.serialize(one))
    np.testing.assert_array_equal(one((2, 3, 4)), again((2, 3, 4)))
