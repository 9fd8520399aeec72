import numpy as np
import pytest
import tensorflow as tf

from recnotes.models import NCFMLP
from recnotes.oracles.ncf import ncf_mlp_of_model
from tests.models import pair_bench as bench


def make(**kwargs):
    settings = {"embedding_dim": 3, "hidden_units": [4, 2], "seed": 0, **kwargs}
    return NCFMLP(bench.USERS, bench.ITEMS, **settings)


@pytest.mark.parametrize(("use_bias", "units"), [(False, [4, 2]), (True, [4]), (True, [])])
def test_equals_the_loops(use_bias, units):
    bench.check_equals_the_loops(
        lambda **kwargs: make(use_bias=use_bias, hidden_units=units, **kwargs), ncf_mlp_of_model
    )


def test_hand_computed():
    model = NCFMLP(1, 1, embedding_dim=1, hidden_units=[2])
    model.build()
    model.embedding.table.assign([[1.0], [2.0]])
    model.mlp.set_weights([np.array([[1.0, 1.0], [10.0, -10.0]]), np.array([0.5, 0.0])])
    model.h.kernel.assign([[2.0], [100.0]])
    y = model({"user": tf.constant([0]), "item": tf.constant([0])})
    assert y.numpy().tolist() == [43.0]  # 2 · (1 + 20 + 0.5), the other unit is off


def test_without_a_hidden_layer_it_adds_a_user_and_an_item_weight():
    rng = np.random.default_rng(0)
    model = bench.randomize(make(hidden_units=[]), rng)
    users, items = np.meshgrid(range(bench.USERS), range(bench.ITEMS), indexing="ij")
    y = model({"user": users.ravel(), "item": items.ravel()}).numpy().reshape(users.shape)
    centered = y - y.mean(0) - y.mean(1, keepdims=True) + y.mean()
    assert np.abs(centered).max() < 1e-5  # float32 sums of numbers of size one


def test_defaults_are_the_authors_tower():
    model = NCFMLP(4, 5)
    model.build()
    assert [layer.kernel.shape for layer in model.mlp.hidden_layers] == [(64, 32), (32, 16), (16, 8)]
    assert model.h.kernel.shape == (8, 1) and model.get_config()["embedding_stddev"] == 0.01
    assert not model.use_bias


def test_every_weight_gets_a_gradient():
    model = bench.randomize(make(use_bias=True), np.random.default_rng(1))
    bench.check_every_weight_gets_a_gradient(model)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    bench.check_save_and_load(make(use_bias=True, activation="tanh"), tmp_path / "m.keras")


def test_bad_input():
    bench.check_bad_input(make())
    with pytest.raises(ValueError, match="embedding_dim must be positive, received 0"):
        make(embedding_dim=0)


def test_learns_what_first_order_cannot():
    bench.check_beats_everything_of_first_order(lambda *sizes, seed: NCFMLP(*sizes, seed=seed))
