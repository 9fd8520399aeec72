import numpy as np
import pytest

from recnotes.data import planted_choices


def test_items_follow_the_probabilities():
    data = planted_choices(40_000, num_users=2, num_items=6, seed=1)
    for user in range(2):
        items = data.inputs["item"][data.inputs["user"] == user]
        share = np.bincount(items, minlength=6) / len(items)
        # 20,000 draws: four standard deviations are at most 0.015.
        assert np.abs(share - data.probability[user]).max() < 0.015
    np.testing.assert_array_equal(data.inputs["user_fields"][:, 0], data.group[data.inputs["user"]])
    np.testing.assert_array_equal(data.inputs["item_fields"][:, 0], data.category[data.inputs["item"]])


def test_popularity_and_taste_alone():
    popular = planted_choices(10, 7, 5, taste=0.0, seed=2).probability
    zipf = np.array([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])
    np.testing.assert_allclose(np.sort(popular, axis=1)[:, ::-1], np.tile(zipf / zipf.sum(), (7, 1)))
    assert np.ptp(popular, axis=0).max() < 1e-12
    tasted = np.log(planted_choices(10, 50, 60, popularity=0.0, seed=2).probability)
    assert np.linalg.matrix_rank(tasted - tasted.mean(axis=1, keepdims=True), tol=1e-9) == 4


def test_seed_decides():
    first, again, other = (planted_choices(50, seed=seed) for seed in (1, 1, 2))
    for key, value in first.inputs.items():
        np.testing.assert_array_equal(value, again.inputs[key])
        assert not np.array_equal(value, other.inputs[key])


@pytest.mark.parametrize("name", ["num_examples", "num_users", "num_items", "num_groups", "width"])
def test_sizes(name):
    with pytest.raises(ValueError, match=f"{name} must be positive, received 0"):
        planted_choices(**{name: 0})


def test_weights():
    with pytest.raises(ValueError, match="must not be negative, received -1, 2.0"):
        planted_choices(popularity=-1)
