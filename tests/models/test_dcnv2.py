import numpy as np
import pytest

from recnotes.models import DCN, DCNv2
from recnotes.oracles.cross import dcnv2_of_model
from tests.models import ctr_bench as bench
from tests.models.ctr_bench import SIZES, draw, randomize

SMALL = {"embedding_dim": 3, "num_cross_layers": 2, "hidden_units": [6, 4]}
NAMES = ["user", "item", "hour"]


@pytest.mark.parametrize("structure", ["parallel", "stacked"])
@pytest.mark.parametrize(
    "kwargs", [{}, {"rank": 2}, {"rank": 2, "num_experts": 3}, {"hidden_units": []}], ids=str
)
def test_equals_the_loops(structure, kwargs):
    rng = np.random.default_rng(0)
    model = randomize(DCNv2(SIZES, 2, structure=structure, **{**SMALL, **kwargs}), rng, 0.4)
    inputs = draw(rng)
    # float32 in the model, float64 in the loops
    np.testing.assert_allclose(model(inputs), dcnv2_of_model(model, inputs), rtol=1e-4, atol=1e-4)


def test_equal_rows_leave_dcn_bias_aside():
    rng = np.random.default_rng(1)
    v1, v2 = randomize(DCN(SIZES, 2, **SMALL), rng), randomize(DCNv2(SIZES, 2, **SMALL), rng)
    for w, b, step in zip(v1.cross.kernels, v1.cross.biases, v2.cross.steps, strict=True):
        b.assign(np.zeros(b.shape))
        step["b"].assign(np.zeros(b.shape))
        step["w"].assign(np.asarray(w) @ np.ones((1, 11), np.float32))
    for part in ("embedding", "dnn", "head"):
        getattr(v2, part).set_weights(getattr(v1, part).get_weights())
    inputs = draw(rng)
    np.testing.assert_allclose(v2(inputs), v1(inputs), rtol=1e-5, atol=1e-5)


def test_defaults_and_structures():
    config = DCNv2([2]).get_config()
    assert config["rank"] is None and config["num_experts"] is None and not config["shared_gates"]
    with pytest.raises(ValueError, match="structure must be"):
        DCNv2([2], structure="both")
    with pytest.raises(ValueError, match="num_dense must be"):
        DCNv2([2], num_dense=-1)


@pytest.mark.parametrize("structure", ["parallel", "stacked"])
def test_every_weight_gets_a_gradient(structure):
    rng = np.random.default_rng(4)
    model = DCNv2(SIZES, 2, rank=2, num_experts=2, structure=structure, seed=0, **SMALL)
    bench.check_every_weight_gets_a_gradient(model, rng)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
@pytest.mark.parametrize("shared_gates", [True, False])
def test_save_and_load(tmp_path, shared_gates):
    model = DCNv2(SIZES, 2, 3, 2, 2, 3, shared_gates, "stacked", [6], "tanh", 0.25, 0.1, NAMES, seed=1)
    bench.check_save_and_load(model, np.random.default_rng(5), tmp_path / "m.keras")


def test_bad_input():
    bench.check_bad_input(DCNv2(SIZES, 2, field_names=NAMES, **SMALL))


def test_beats_everything_of_first_order():
    bench.check_beats_everything_of_first_order(
        lambda sizes, n, seed: DCNv2(sizes, n, 8, 2, hidden_units=[32], embedding_stddev=0.3, seed=seed)
    )
