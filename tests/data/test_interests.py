import numpy as np
import pytest

from recnotes.data.interests import interest_clicks


def test_histories_and_clicks_follow_the_interests():
    data = interest_clicks(2000, seed=1)
    history, item = data.inputs["history"], data.inputs["item"]
    real = history > 0
    assert (np.diff(real.astype(int), axis=1) <= 0).all() and real.any(axis=1).all()
    rows = np.arange(2000)
    for t in range(history.shape[1]):
        kept = real[:, t]
        assert data.interests[rows[kept], data.category[history[kept, t] - 1]].all()
    seen = np.zeros_like(data.interests)
    for t in range(history.shape[1]):
        seen[rows[real[:, t]], data.category[history[real[:, t], t] - 1]] = True
    np.testing.assert_array_equal(seen, data.interests)
    match = data.interests[rows, data.category[item - 1]]
    np.testing.assert_allclose(data.probability, np.where(match, 0.95, 0.05))
    # Means of 2,000 draws: four standard deviations are 0.045 and 0.02.
    assert abs(match.mean() - 0.5) < 0.045
    assert abs((data.clicks != match).mean() - 0.05) < 0.02
    assert set(np.unique(item)) == set(range(1, 31))


def test_seed_decides():
    first, again, other = (interest_clicks(50, seed=seed) for seed in (1, 1, 2))
    for key in first.inputs:
        np.testing.assert_array_equal(first.inputs[key], again.inputs[key])
        assert not np.array_equal(first.inputs[key], other.inputs[key])
    np.testing.assert_array_equal(first.clicks, again.clicks)
    assert first.inputs["item"].dtype == first.inputs["history"].dtype == np.int32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_categories": 31}, "num_categories must be"),
        ({"num_interests": 10}, "num_interests must be"),
        ({"max_length": 1}, "max_length must be"),
        ({"noise": 0.5}, "noise must be"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        interest_clicks(**arguments)
