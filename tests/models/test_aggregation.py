import itertools

import numpy as np
import pytest

from recnotes.models.aggregation import aggregation_value, controllable_aggregation
from recnotes.oracles.multi_interest import authors_aggregation, best_set


def draw(seed, n=7, categories=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=n), rng.integers(0, categories, n)


def test_by_hand():
    scores, categories = [5.0, 4.0, 3.0, 1.0], [1, 1, 1, 2]
    assert controllable_aggregation([scores], categories, 3).tolist() == [[0, 1, 2]]
    # The second place: 4 or 1 + λ; the third after items of categories 1, 2: 4 + λ.
    assert controllable_aggregation([scores], categories, 3, 3.5).tolist() == [[0, 3, 1]]
    assert aggregation_value(scores, categories, [0, 3, 1], 3.5) == 10 + 2 * 3.5


def test_without_diversity_it_sorts():
    rng = np.random.default_rng(0)
    scores = np.round(rng.normal(size=(20, 9)), 1)  # with ties
    expected = np.argsort(-scores, axis=1, kind="stable")
    np.testing.assert_array_equal(controllable_aggregation(scores, np.arange(9) % 3, 9), expected)
    np.testing.assert_array_equal(controllable_aggregation(scores, np.arange(9) % 3, 4), expected[:, :4])


@pytest.mark.parametrize("diversity", [0.0, 0.2, 1.0, 50.0])
def test_each_step_adds_most_and_the_authors_choose_the_same(diversity):
    for seed in range(30):
        scores, categories = draw(seed)
        chosen = controllable_aggregation(scores[None], categories, 5, diversity)[0].tolist()
        assert chosen == authors_aggregation(scores.tolist(), categories.tolist(), 5, diversity)
        for t in range(5):
            left = [i for i in range(7) if i not in chosen[:t]]
            values = {i: aggregation_value(scores, categories, [*chosen[:t], i], diversity) for i in left}
            # Sums in another order.
            assert values[chosen[t]] >= max(values.values()) - 1e-12


def test_the_set_is_the_best_of_its_size():
    """Its value is that of the best of all sets, found by trying them."""
    for seed, diversity in itertools.product(range(40), (0.0, 0.3, 1.0, 5.0)):
        scores, categories = draw(seed)
        value, chosen = best_set(scores.tolist(), categories.tolist(), 4, diversity)
        # Sums in another order.
        assert abs(value - aggregation_value(scores, categories, chosen, diversity)) < 1e-12
        greedy = controllable_aggregation(scores[None], categories, 4, diversity)[0]
        assert abs(value - aggregation_value(scores, categories, greedy, diversity)) < 1e-12
        assert sorted(greedy) == list(chosen)


def test_much_diversity_takes_every_category_first():
    for seed in range(20):
        scores, categories = draw(seed, n=12, categories=4)
        chosen = controllable_aggregation(scores[None], categories, 12, 1e3)[0]
        kinds = len(set(categories))
        assert len(set(categories[chosen[:kinds]])) == kinds
        # The first of each category is its best.
        assert set(chosen[:kinds]) == {
            int(np.flatnonzero(categories == c)[scores[categories == c].argmax()]) for c in set(categories)
        }


def test_what_must_not_appear_comes_last():
    scores = np.array([[-np.inf, 1.0, -np.inf, 0.0]])
    assert controllable_aggregation(scores, [0, 1, 1, 1], 4, 5.0).tolist() == [[1, 3, 0, 2]]


def test_no_rows():
    assert controllable_aggregation(np.zeros((0, 3)), [0, 1, 2], 2).shape == (0, 2)


@pytest.mark.parametrize(
    ("scores", "categories", "k", "diversity", "message"),
    [
        ([1.0, 2.0], [0, 1], 1, 0.0, r"must be \[B, N\] and \[N\], received \(2,\) and \(2,\)"),
        ([[1.0, 2.0]], [0], 1, 0.0, r"received \(1, 2\) and \(1,\)"),
        ([[1.0, 2.0]], [0, 1], 3, 0.0, r"k must be in \[1, 2\], received 3"),
        ([[1.0, 2.0]], [0, 1], 0, 0.0, r"k must be in \[1, 2\], received 0"),
        ([[1.0, 2.0]], [0, 1], 1, -1.0, "diversity must be at least 0 and finite, received -1.0"),
        ([[1.0, 2.0]], [0, 1], 1, np.nan, "diversity must be"),
        ([[1.0, np.nan]], [0, 1], 1, 0.0, "received NaN"),
    ],
)
def test_bad_input(scores, categories, k, diversity, message):
    with pytest.raises(ValueError, match=message):
        controllable_aggregation(scores, categories, k, diversity)
