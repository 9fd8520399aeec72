import numpy as np
import pytest

from recnotes.data.multivalued import bags_of_tags
from recnotes.lookup import combine_weighted
from recnotes.oracles.lookup import embedding_lookup_sparse


def design(bags, combiner):
    """The matrix [B, V] that a pooling multiplies the tag values by."""
    v = len(bags.values)
    return embedding_lookup_sparse(np.eye(v), bags.segments, bags.ids, bags.weights, combiner)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
def test_labels_are_the_pooled_values(combiner, weighted):
    bags = bags_of_tags(50, 7, 4, combiner, weighted, noise=0.0, seed=1)
    np.testing.assert_allclose(bags.labels, design(bags, combiner) @ bags.values, atol=1e-6)
    pooled = combine_weighted(bags.values[bags.ids][:, None], bags.weights, bags.segments, combiner)
    np.testing.assert_allclose(bags.labels, pooled[:, 0], atol=1e-6)


def test_only_the_planted_combiner_recovers_the_values():
    errors = np.zeros((3, 3))
    combiners = ("sum", "mean", "sqrtn")
    for i, planted in enumerate(combiners):
        bags = bags_of_tags(400, 10, 6, planted, noise=0.05, seed=2)
        for j, model in enumerate(combiners):
            x = design(bags, model)
            found = np.linalg.lstsq(x, bags.labels, rcond=None)[0]
            errors[i, j] = np.sqrt(np.mean((x @ found - bags.labels) ** 2))
    assert (np.diag(errors) < 0.06).all()
    assert (errors[~np.eye(3, dtype=bool)] > 0.1).all()


def test_rows_are_as_described():
    bags = bags_of_tags(300, 9, 5, weighted=True, seed=3)
    lengths = np.bincount(bags.segments)
    assert lengths.min() == 1 and lengths.max() == 5 and len(lengths) == 300
    assert all(len(set(bags.ids[bags.segments == b])) == lengths[b] for b in range(300))
    assert 0.2 <= bags.weights.min() and bags.weights.max() <= 2.0
    again = bags_of_tags(300, 9, 5, weighted=True, seed=3)
    assert all(np.array_equal(a, b) for a, b in zip(bags, again, strict=True))


def test_bad_input():
    with pytest.raises(ValueError, match="combiner must be one of sum, mean, sqrtn, received 'max'"):
        bags_of_tags(combiner="max")
    with pytest.raises(ValueError, match=r"max_tags must be in \[1, 3\], received 4"):
        bags_of_tags(num_tags=3, max_tags=4)
    with pytest.raises(ValueError, match="num_rows must be positive, received 0"):
        bags_of_tags(num_rows=0)
