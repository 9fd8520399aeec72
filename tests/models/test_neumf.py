import keras
import numpy as np
import pytest

from recnotes.models import GMF, NCFMLP, NeuMF
from recnotes.oracles.ncf import authors_output_layer, neumf_of_model, output_layer_of_model
from tests.models import pair_bench as bench


def make(**kwargs):
    settings = {"gmf_dim": 3, "mlp_dim": 2, "hidden_units": [4, 2], "seed": 0, **kwargs}
    return NeuMF(bench.USERS, bench.ITEMS, **settings)


def parts(rng, gmf_bias=True, mlp_bias=True):
    gmf = GMF(bench.USERS, bench.ITEMS, 3, use_bias=gmf_bias)
    mlp = NCFMLP(bench.USERS, bench.ITEMS, 2, [4, 2], use_bias=mlp_bias)
    return bench.randomize(gmf, rng), bench.randomize(mlp, rng)


@pytest.mark.parametrize(("use_bias", "units"), [(False, [4, 2]), (True, [4]), (True, [])])
def test_equals_the_loops(use_bias, units):
    bench.check_equals_the_loops(
        lambda **kwargs: make(use_bias=use_bias, hidden_units=units, **kwargs), neumf_of_model
    )


def test_zero_weights_of_one_half_leave_the_other():
    rng = np.random.default_rng(0)
    gmf, mlp = parts(rng)
    inputs = bench.draw(rng, 50)
    np.testing.assert_array_equal(NeuMF.from_pretrained(gmf, mlp, 1.0)(inputs), gmf(inputs))
    np.testing.assert_array_equal(NeuMF.from_pretrained(gmf, mlp, 0.0)(inputs), mlp(inputs))


@pytest.mark.parametrize("biases", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("alpha", [0.5, 0.2])
def test_pretrained_is_the_weighted_mean_of_its_parts_logits(alpha, biases):
    rng = np.random.default_rng(1)
    gmf, mlp = parts(rng, *biases)
    model, inputs = NeuMF.from_pretrained(gmf, mlp, alpha), bench.draw(rng, 50)
    assert model.use_bias == any(biases)
    expected = alpha * gmf(inputs).numpy() + (1 - alpha) * mlp(inputs).numpy()
    # The same float32 products, added in another order.
    np.testing.assert_allclose(model(inputs), expected, rtol=1e-5, atol=1e-5)


def test_pretrained_output_layer_is_the_authors():
    gmf, mlp = parts(np.random.default_rng(2))
    h, bias = output_layer_of_model(NeuMF.from_pretrained(gmf, mlp))
    expected = authors_output_layer(output_layer_of_model(gmf), output_layer_of_model(mlp))
    np.testing.assert_array_equal(h, expected[0])
    assert bias == pytest.approx(expected[1], rel=1e-6)


def test_pretrained_copies_and_needs_fitting_parts():
    gmf, mlp = parts(np.random.default_rng(3))
    model = NeuMF.from_pretrained(gmf, mlp, embedding_stddev=0.1, seed=4)
    before = gmf.embedding.table.numpy()
    model.gmf_embedding.table.assign(np.zeros([bench.USERS + bench.ITEMS, 3]))
    np.testing.assert_array_equal(gmf.embedding.table.numpy(), before)
    assert model.get_config()["embedding_stddev"] == 0.1 and model.seed == 4
    for alpha in (-0.1, 1.1):
        with pytest.raises(ValueError, match=rf"alpha must be in \[0, 1\], received {alpha}"):
            NeuMF.from_pretrained(gmf, mlp, alpha)
    with pytest.raises(ValueError, match=r"same users and items, received \[5, 7\], \[5, 8\]"):
        NeuMF.from_pretrained(gmf, bench.randomize(NCFMLP(bench.USERS, 8), np.random.default_rng(4)))


def test_pretrained_refuses_parts_that_are_swapped_or_not_built():
    gmf, mlp = parts(np.random.default_rng(3))
    for first, second, match in (
        (mlp, gmf, "gmf must be a built GMF, received <NCFMLP"),
        (gmf, gmf, "mlp must be a built NCFMLP, received <GMF"),
        (GMF(bench.USERS, bench.ITEMS, 3), mlp, "gmf must be a built GMF, received <GMF"),
        (gmf, NCFMLP(bench.USERS, bench.ITEMS, 2), "mlp must be a built NCFMLP, received <NCFMLP"),
        (None, mlp, "gmf must be a built GMF, received None"),
    ):
        with pytest.raises(ValueError, match=match):
            NeuMF.from_pretrained(first, second)


def test_defaults_and_separate_vectors():
    model = NeuMF(4, 5, seed=0)
    model.build()
    assert model.gmf_embedding.table.shape == (9, 8) and model.mlp_embedding.table.shape == (9, 32)
    assert model.h.kernel.shape == (16, 1) and not model.use_bias
    first = model.mlp_embedding.table.numpy()[:, :8]
    assert np.abs(np.corrcoef(model.gmf_embedding.table.numpy().ravel(), first.ravel())[0, 1]) < 0.4


def test_every_weight_gets_a_gradient():
    model = bench.randomize(make(use_bias=True), np.random.default_rng(4))
    bench.check_every_weight_gets_a_gradient(model)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    bench.check_save_and_load(make(use_bias=True), tmp_path / "m.keras")


def test_bad_input():
    bench.check_bad_input(make())
    for name in ("gmf_dim", "mlp_dim"):
        with pytest.raises(ValueError, match="gmf_dim and mlp_dim must be positive, received"):
            make(**{name: 0})


def test_learns_what_first_order_cannot():
    bench.check_beats_everything_of_first_order(lambda *sizes, seed: NeuMF(*sizes, seed=seed))


def test_pretrained_start_is_no_worse_than_its_parts_on_average():
    # Log loss is convex in the logit, so this holds for any two parts, trained or not.
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    (x, y, _), (test_x, test_y, _) = bench.clicks(0)
    gmf, mlp = bench.fit(GMF(12, 12, seed=1), x, y, 4, 0.02), bench.fit(NCFMLP(12, 12, seed=2), x, y, 4, 0.02)
    losses = [float(loss(test_y, m(test_x))) for m in (gmf, mlp, NeuMF.from_pretrained(gmf, mlp))]
    assert losses[2] < (losses[0] + losses[1]) / 2
