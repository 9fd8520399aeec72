import numpy as np
import pytest

from recnotes.data import double_center, planted_interactions


@pytest.fixture(scope="module")
def data():
    return planted_interactions(200_000, seed=0)


def test_shapes_and_types(data):
    assert data.inputs["dense"].shape == (200_000, 2) and data.inputs["dense"].dtype == np.float32
    assert data.inputs["sparse"].shape == (200_000, 5) and data.inputs["sparse"].dtype == np.int32
    assert (data.inputs["sparse"].max(0) + 1).tolist() == list(data.vocabulary_sizes)
    assert set(np.unique(data.labels)) == {0, 1}


def test_the_pair_has_no_first_order_part(data):
    assert np.abs(data.pair.mean(0)).max() < 1e-12 and np.abs(data.pair.mean(1)).max() < 1e-12
    assert data.pair.std() == pytest.approx(1.5)
    assert np.linalg.matrix_rank(data.pair) <= 3  # centering adds no rank


def test_the_triple_is_invisible_to_single_fields_and_to_pairs(data):
    device, hour, slot = (data.signs[k][data.inputs["sparse"][:, k + 2]] for k in range(3))
    triple = device * hour * slot
    assert [s.sum() for s in data.signs] == [0, 0, 0]
    for shown in (device, hour, slot, device * hour, hour * slot, device * slot):
        assert abs(np.corrcoef(triple, shown)[0, 1]) < 0.01


def test_the_parts_add_up_and_are_what_was_planted(data):
    parts = data.parts()
    user, item, device, hour, slot = data.inputs["sparse"].T
    signs = [data.signs[k][ids] for k, ids in enumerate((device, hour, slot))]
    assert parts.shape == (200_000, 3) and np.allclose(parts.sum(1), data.logits)
    assert np.array_equal(parts[:, 1], data.pair[user, item])
    assert np.array_equal(parts[:, 2], data.triple_scale * signs[0] * signs[1] * signs[2])
    rows = slice(2000)
    first, columns = parts[rows, 0], [data.inputs["dense"], np.eye(30)[user], np.eye(40)[item]]
    effects = np.hstack([column[rows] for column in columns])  # first order, and nothing else
    assert np.allclose(effects @ np.linalg.lstsq(effects, first, rcond=None)[0], first, atol=1e-5)


def test_labels_follow_the_logits(data):
    p = 1 / (1 + np.exp(-data.logits))
    for low in np.arange(0, 1, 0.1):
        rows = (p >= low) & (p < low + 0.1)
        assert abs(data.labels[rows].mean() - p[rows].mean()) < 0.02


def test_seeded_and_split():
    one, same, other = (planted_interactions(100, seed=s) for s in (3, 3, 4))
    assert np.array_equal(one.labels, same.labels) and np.array_equal(one.logits, same.logits)
    assert not np.array_equal(one.logits, other.logits)
    first, second = one.split(60)
    assert len(first.labels) == 60 and len(second.logits) == 40
    assert np.array_equal(np.concatenate([first.labels, second.labels]), one.labels)


def test_double_center():
    assert double_center([[1.0, 2.0], [3.0, 6.0]]).tolist() == [[0.5, -0.5], [-0.5, 0.5]]
    additive = np.add.outer(np.arange(3.0), np.arange(4.0) ** 2)
    assert np.abs(double_center(additive)).max() < 1e-12


@pytest.mark.parametrize(
    "kwargs",
    [
        {"num_examples": 1},
        {"vocabulary_sizes": (3, 3, 2, 2)},
        {"vocabulary_sizes": (3, 3, 3, 2, 2)},
        {"rank": 0},
    ],
)
def test_bad_arguments(kwargs):
    with pytest.raises(ValueError, match="must be"):
        planted_interactions(**kwargs)


def test_bad_split():
    with pytest.raises(ValueError, match="first must be"):
        planted_interactions(10).split(10)
