import numpy as np
import pytest
import tensorflow as tf

from recnotes.models import GMF
from recnotes.oracles.ncf import gmf_of_model
from tests.models import pair_bench as bench


def make(**kwargs):
    return GMF(bench.USERS, bench.ITEMS, **{"embedding_dim": 3, "seed": 0, **kwargs})


@pytest.mark.parametrize("use_bias", [False, True])
def test_equals_the_loops(use_bias):
    bench.check_equals_the_loops(lambda **kwargs: make(use_bias=use_bias, **kwargs), gmf_of_model)


def test_hand_computed():
    model = GMF(1, 2, embedding_dim=2, use_bias=True)
    model.build()
    model.embedding.table.assign([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    model.h.kernel.assign([[1.0], [0.5]])
    model.h.bias.assign([0.25])
    y = model({"user": tf.constant([0, 0]), "item": tf.constant([0, 1])})
    assert y.numpy().tolist() == [7.25, 11.25]  # 3 + 8 / 2 + 1/4 and 5 + 12 / 2 + 1/4


def test_h_one_is_the_dot_product():
    rng = np.random.default_rng(0)
    model, inputs = bench.randomize(make(), rng), bench.draw(rng, 50)
    model.h.kernel.assign(np.ones([3, 1]))
    p, q = (model.embedding.rows(name).numpy() for name in ("user", "item"))
    dots = (p.astype(np.float64) @ q.T.astype(np.float64))[inputs["user"], inputs["item"]]
    # Three products of size about one in float32.
    np.testing.assert_allclose(model(inputs), dots, rtol=1e-5, atol=1e-6)


def test_defaults():
    config = make().get_config()
    assert not config["use_bias"] and config["embedding_stddev"] == 0.01
    model = GMF(200, 300, embedding_dim=50, seed=0)
    model.build()
    assert abs(model.embedding.table.numpy().std() - 0.01) < 3e-4  # 25,000 draws
    h = model.h.kernel.numpy()  # LeCun: uniform in ±sqrt(3 / 50)
    assert 0.8 * np.sqrt(3 / 50) < np.abs(h).max() < np.sqrt(3 / 50)


def test_every_weight_gets_a_gradient():
    bench.check_every_weight_gets_a_gradient(make(use_bias=True))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    bench.check_save_and_load(make(use_bias=True, embedding_stddev=0.5), tmp_path / "m.keras")


def test_bad_input():
    bench.check_bad_input(make())
    with pytest.raises(ValueError, match="embedding_dim must be positive, received 0"):
        make(embedding_dim=0)
    with pytest.raises(ValueError, match="vocabulary_sizes must be positive"):
        GMF(0, 3)


def test_learns_what_first_order_cannot():
    bench.check_beats_everything_of_first_order(lambda *sizes, seed: GMF(*sizes, seed=seed))
