import numpy as np
import pytest
import tensorflow as tf

from recnotes.embedding.concat import ConcatFeatures

DENSE = tf.constant(np.random.default_rng(0).normal(size=(5, 4)), tf.float32)
SPARSE = tf.constant([[0, 1], [2, 0], [1, 1], [0, 0], [2, 1]])


def test_values_in_order():
    layer = ConcatFeatures([3, 2], width=6, seed=0)
    out = layer({"dense": DENSE, "sparse": SPARSE}).numpy()
    assert out.shape == (5, 16) == layer.compute_output_shape({"dense": (5, 4), "sparse": (5, 2)})
    np.testing.assert_array_equal(out[:, :4], DENSE)
    for b in range(5):
        for f in range(2):
            row = layer.fields.rows(f)[int(SPARSE[b, f])]
            np.testing.assert_array_equal(out[b, 4 + 6 * f : 10 + 6 * f], row)


def test_either_kind_alone():
    np.testing.assert_array_equal(ConcatFeatures()({"dense": DENSE}), DENSE)
    assert ConcatFeatures([3, 2], 6)({"sparse": SPARSE}).shape == (5, 12)


@pytest.mark.parametrize(
    ("sizes", "features"),
    [((), {"sparse": SPARSE}), ((3, 2), {"dense": DENSE}), ((), {"other": DENSE}), ((), {})],
)
def test_bad_features(sizes, features):
    with pytest.raises(ValueError, match="received"):
        ConcatFeatures(sizes)(features)


def test_config_rebuilds_it():
    layer = ConcatFeatures([3, 2], width=6, field_names=["a", "b"], seed=4, name="x")
    assert ConcatFeatures.from_config(layer.get_config()).get_config() == layer.get_config()


def test_names_of_no_fields_are_refused():
    with pytest.raises(ValueError, match="vocabulary_sizes must be"):
        ConcatFeatures((), field_names=["user"])


@pytest.mark.parametrize("graph", [False, True])
def test_what_a_later_input_lacks_is_named(graph):
    layer = ConcatFeatures([3, 2], width=6)
    layer({"dense": DENSE, "sparse": SPARSE})
    called = tf.function(layer) if graph else layer
    for missing, rest in (("dense", {"sparse": SPARSE}), ("sparse", {"dense": DENSE})):
        with pytest.raises(ValueError, match=f'Missing data for input "{missing}"'):
            called(rest)
    with pytest.raises(ValueError, match=r"'dense' .* expected shape=\(None, 4\), found shape=\(5, 3\)"):
        called({"dense": DENSE[:, :3], "sparse": SPARSE})
