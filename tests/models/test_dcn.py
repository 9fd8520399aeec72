import numpy as np
import pytest
import tensorflow as tf

from recnotes.models import DCN, DCNv2, DeepFM
from recnotes.oracles.cross import dcn_of_model
from tests.models import ctr_bench as bench
from tests.models.ctr_bench import SIZES, draw, randomize

SMALL = {"embedding_dim": 3, "num_cross_layers": 2, "hidden_units": [6, 4]}
NAMES = ["user", "item", "hour"]


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("units", [[6, 4], []])
def test_equals_the_loops(units, batch_norm):
    rng = np.random.default_rng(0)
    model = randomize(DCN(SIZES, 2, **{**SMALL, "hidden_units": units}, batch_norm=batch_norm), rng)
    inputs = draw(rng)
    if batch_norm and units:
        before = model(inputs).numpy()
        for _ in range(30):  # moves the statistics away from where they start
            model(inputs, training=True)
        assert np.abs(model(inputs) - before).max() > 1e-2
    # float32 in the model, float64 in the loops
    np.testing.assert_allclose(model(inputs), dcn_of_model(model, inputs), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("num_dense", [2, 0])
def test_fields_of_different_widths_equal_the_loops_and_read_only_their_columns(num_dense):
    rng, widths = np.random.default_rng(3), [2, 5, 3]
    model = randomize(DCN(SIZES, num_dense, **{**SMALL, "embedding_dim": widths}), rng)
    inputs = draw(rng)
    np.testing.assert_allclose(model(inputs), dcn_of_model(model, inputs), rtol=1e-4, atol=1e-4)
    assert [w.shape for w in model.cross.kernels] == [(num_dense + 10, 1)] * 2
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(model(inputs) ** 2)
    g = tape.gradient(y, model.embedding.table.value)
    assert isinstance(g, tf.IndexedSlices)
    g = np.reshape(g.values, [-1, 3, 5])  # [B, F, D]
    for field, width in enumerate(widths):
        assert (np.abs(g[:, field, :width]).max(axis=0) > 0).all() and (g[:, field, width:] == 0).all()
        table = model.embedding.table.numpy()
        start = model.embedding.offsets[field]
        table[start : start + SIZES[field], width:] = 1e6  # nobody looks
        before = model(inputs).numpy()
        model.embedding.table.assign(table)
        np.testing.assert_array_equal(model(inputs), before)


def test_equal_widths_are_one_width():
    inputs = draw(np.random.default_rng(4))
    one, each = (DCN(SIZES, 2, **{**SMALL, "embedding_dim": width}, seed=1) for width in (3, [3, 3, 3]))
    np.testing.assert_array_equal(one(inputs), each(inputs))


def test_zero_cross_columns_leave_the_network():
    rng = np.random.default_rng(1)
    model = randomize(DCN(SIZES, 0, **SMALL), rng)
    dnn = DeepFM(SIZES, 0, 3, [6, 4], use_fm=False)
    dnn.build()
    kernel = np.array(model.head.output_layer.kernel)
    kernel[: 3 * 3] = 0
    model.head.output_layer.kernel.assign(kernel)
    deep = [w.numpy() for w in model.dnn.weights]
    dnn.dnn.set_weights([*deep, kernel[9:], model.head.output_layer.bias.numpy()])
    dnn.embedding.fields.table.assign(model.embedding.table)
    inputs = draw(rng)
    np.testing.assert_allclose(model(inputs), dnn(inputs), rtol=1e-5, atol=1e-5)


def test_defaults_follow_the_paper():
    config = DCN([2]).get_config()
    assert config["hidden_units"] == [1024, 1024] and config["num_cross_layers"] == 6
    assert config["dropout"] == 0 and config["activation"] == "relu"


@pytest.mark.parametrize("model", [DCN, DCNv2])
def test_seeds_and_dropout(model):
    inputs = draw(np.random.default_rng(2))
    one, same, other = (model(SIZES, 2, dropout=0.5, seed=seed, **SMALL) for seed in (1, 1, 2))
    assert np.array_equal(one(inputs), same(inputs)) and not np.array_equal(one(inputs), other(inputs))
    assert not np.array_equal(one(inputs), one(inputs, training=True))


def test_float16_policy_keeps_the_logit_in_float32():
    for model in (DCN, DCNv2):
        found = model(SIZES, 2, dtype="mixed_bfloat16", **SMALL)
        assert found(draw(np.random.default_rng(3))).dtype == tf.float32
        assert found.cross.compute_dtype == "bfloat16"


def test_every_weight_gets_a_gradient():
    rng = np.random.default_rng(4)
    bench.check_every_weight_gets_a_gradient(DCN(SIZES, 2, seed=0, **SMALL), rng)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
@pytest.mark.parametrize(("width", "batch_norm"), [(3, False), (3, True), ((1, 4, 2), False)])
def test_save_and_load(tmp_path, width, batch_norm):
    model = DCN(SIZES, 2, width, 2, [6], "tanh", 0.25, batch_norm, 0.1, NAMES, seed=1)
    bench.check_save_and_load(model, np.random.default_rng(5), tmp_path / "m.keras")


def test_bad_input():
    bench.check_bad_input(DCN(SIZES, 2, field_names=NAMES, **SMALL))
    with pytest.raises(ValueError, match="num_dense must be"):
        DCN(SIZES, -1)
    for width in ([3, 4], [3, 0, 4], 0, []):
        with pytest.raises(ValueError, match="embedding_dim must be positive, one or 3, received"):
            DCN(SIZES, embedding_dim=width)


def test_beats_everything_of_first_order():
    bench.check_beats_everything_of_first_order(
        lambda sizes, n, seed: DCN(sizes, n, 8, 2, [32], embedding_stddev=0.3, seed=seed)
    )
