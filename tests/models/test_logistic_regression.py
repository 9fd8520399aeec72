import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.models import LogisticRegression

INPUTS = {"dense": np.array([[2.0], [-1.0]], np.float32), "sparse": np.array([[0, 1], [1, 2]], np.int32)}


def test_hand_computed():
    model = LogisticRegression([2, 3], num_dense=1)
    model.build()
    model.bias.assign(0.5)
    model.first_order.numeric.table.assign([[10.0]])
    model.first_order.fields.table.assign([[1.0], [2.0], [3.0], [4.0], [5.0]])
    assert model(INPUTS).numpy().tolist() == [0.5 + 20 + 1 + 4, 0.5 - 10 + 2 + 5]


def test_finds_the_log_odds():
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 2, 4000).astype(np.int32)[:, None]
    clicks = (rng.random(4000) < np.where(ids[:, 0] == 1, 0.8, 0.3)).astype(np.float32)
    model = LogisticRegression([2])
    model.compile(keras.optimizers.Adam(0.1), keras.losses.BinaryCrossentropy(from_logits=True))
    for _ in range(120):
        model.train_on_batch({"sparse": ids}, clicks)
    found = tf.sigmoid(model({"sparse": np.array([[0], [1]], np.int32)})).numpy()
    np.testing.assert_allclose(found, [clicks[ids[:, 0] == i].mean() for i in (0, 1)], atol=0.005)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    model = LogisticRegression([2, 3], num_dense=1, field_names=["a", "b"])
    model.build()
    model.bias.assign(3.0)
    model.first_order.fields.table.assign(np.arange(5.0)[:, None])
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(model(INPUTS), loaded(INPUTS))
    with pytest.raises(ValueError, match="field 'b'"):
        loaded({**INPUTS, "sparse": np.array([[0, 3], [0, 0]], np.int32)})


def test_half_precision_policy_does_not_round_the_bias():
    model = LogisticRegression([4, 3], dtype="mixed_bfloat16")
    model.build()
    model.bias.assign(1 + 2**-12)  # a number that half precision rounds to 1
    assert model({"sparse": np.array([[1, 2]], np.int32)}).numpy().tolist() == [1 + 2**-12]
