import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.data import planted_interactions
from recnotes.metrics import auc
from recnotes.models import NFM, FactorizationMachine
from recnotes.oracles.fm import vectors_of_model
from recnotes.oracles.nfm import nfm_batch_logits, nfm_logit, nfm_of_model

SIZES = [4, 3, 5]


def draw(rng, batch=5):
    sparse = np.stack([rng.integers(0, size, batch) for size in SIZES], axis=1).astype(np.int32)
    return {"dense": rng.normal(size=(batch, 2)).astype(np.float32), "sparse": sparse}


def build(rng, hidden_units=(6, 4), batch_norm=False):
    model = NFM(SIZES, 2, 3, hidden_units, batch_norm=batch_norm, seed=0)
    model.build()
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    return model


def loops(model, first, e):
    a = [np.asarray(w, np.float64) for layer in model.hidden for w in layer.get_weights()]
    h, bias = (np.asarray(w, np.float64) for w in model.h.get_weights())
    return nfm_logit(float(np.sum(first)), e, a[::2], a[1::2], h[:, 0], float(bias[0]))


@pytest.mark.parametrize("units", [(), (4,), (6, 4)])
def test_values_and_gradients_equal_the_loops(units):
    rng = np.random.default_rng(1)
    model, inputs = build(rng, units), draw(rng, 1)
    first, e = (np.asarray(part(inputs), np.float64)[0] for part in (model.first_order, model.embedding))
    # Float32 sums of a few dozen products of size about one.
    np.testing.assert_allclose(model(inputs)[0], loops(model, first, e), rtol=1e-4, atol=1e-4)
    with tf.GradientTape() as tape:
        y = model(inputs)[0]
    g = tf.convert_to_tensor(tape.gradient(y, model.embedding.fields.table.value)).numpy()
    offset = 0
    for f, size in enumerate(SIZES):
        row = offset + inputs["sparse"][0, f]
        offset += size
        for d in range(3):
            step = np.zeros_like(e)
            step[2 + f, d] = 1e-6
            slope = (loops(model, first, e + step) - loops(model, first, e - step)) / 2e-6
            assert abs(slope - g[row, d]) < 2e-3 * max(1, abs(slope))


def test_biases_start_at_zero_or_at_random_as_in_the_authors_code():
    model, other = (NFM(SIZES, 2, 100, (300, 50), random_biases=random, seed=3) for random in (False, True))
    for m in (model, other):
        m.build()
    for layer, again, fans in zip(model.hidden, other.hidden, (400, 350), strict=True):
        assert (layer.bias.numpy() == 0).all()
        np.testing.assert_array_equal(layer.kernel, again.kernel)
        std = again.bias.numpy().std()
        # The deviation of a standard deviation of n draws is 1 / sqrt(2 n) of it.
        assert abs(std / np.sqrt(2 / fans) - 1) < 4 / np.sqrt(2 * layer.units)
    inputs = draw(np.random.default_rng(0))
    np.testing.assert_allclose(other(inputs), nfm_of_model(other, inputs), rtol=1e-4, atol=1e-4)
    assert np.abs(other(inputs) - model(inputs)).max() > 1e-4
    assert type(other).from_config(other.get_config()).config["random_biases"]


def test_no_hidden_layer_and_h_one_is_the_factorization_machine():
    rng = np.random.default_rng(2)
    model, fm, inputs = build(rng, ()), FactorizationMachine(SIZES, 2, embedding_dim=3), draw(rng)
    fm.build()
    model.h.kernel.assign(np.ones([3, 1]))
    for a, b in ((fm.first_order, model.first_order), (fm.embedding, model.embedding)):
        a.set_weights(b.get_weights())
    fm.bias.assign(model.h.bias[0])
    np.testing.assert_allclose(model(inputs), fm(inputs), rtol=1e-5, atol=1e-5)


def test_every_weight_gets_a_gradient_and_dropout_only_in_training():
    rng = np.random.default_rng(3)
    model, inputs = build(rng, batch_norm=True), draw(rng, 64)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.square(model(inputs)))
    for g in tape.gradient(y, [w.value for w in model.trainable_weights]):
        assert g is not None and np.abs(tf.convert_to_tensor(g)).max() > 0
    np.testing.assert_array_equal(model(inputs), model(inputs, training=False))
    assert not np.array_equal(model(inputs), model(inputs, training=True))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_load_and_bad_ids(tmp_path):
    model = NFM(SIZES, 2, 3, [6], field_names=["user", "item", "hour"], seed=1)
    inputs = draw(np.random.default_rng(4))
    model(inputs)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(model(inputs), loaded(inputs))
    assert loaded.get_config() == model.get_config()
    for shift in (3, -3):
        with pytest.raises(ValueError, match="field 'item'"):
            loaded({**inputs, "sparse": inputs["sparse"] + np.array([0, shift, 0], np.int32)})
    assert model({k: v[:0] for k, v in inputs.items()}).shape == (0,)


def statistics_of(model):
    """Scale and shift of each normalization, and the arguments of the loops besides the inputs."""
    kernels, biases = (
        [np.asarray(getattr(x, n), np.float64) for x in model.hidden] for n in ("kernel", "bias")
    )
    h, bias = np.asarray(model.h.kernel, np.float64)[:, 0], float(np.asarray(model.h.bias)[0])
    scales = [tuple(np.asarray(w, np.float64) for w in (norm.gamma, norm.beta)) for norm in model.norms]
    return kernels, biases, h, bias, scales


def normalized(rng, units):
    model = NFM(SIZES, 2, 3, units, pooled_dropout=0.0, dropout=0.0, seed=0)
    model.build()
    for weight in model.weights:
        drawn = rng.normal(size=weight.shape)
        weight.assign(np.abs(drawn) + 0.1 if weight.name == "moving_variance" else drawn)
    return model


@pytest.mark.parametrize("units", [(), (4,), (6, 4)])
def test_batch_normalization_equals_the_loops_in_inference(units):
    rng = np.random.default_rng(5)
    model, inputs = normalized(rng, units), draw(rng)
    # Float32 sums, divided by deviations down to 0.3.
    np.testing.assert_allclose(model(inputs), nfm_of_model(model, inputs), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("units", [(), (4,), (6, 4)])
def test_batch_normalization_equals_the_loops_in_training(units):
    rng = np.random.default_rng(6)
    model, inputs = normalized(rng, units), draw(rng, 7)
    first = vectors_of_model(model.first_order, inputs).sum(axis=(1, 2))
    e, weights = vectors_of_model(model.embedding, inputs), statistics_of(model)
    before = [np.asarray(w, np.float64) for w in (model.norms[0].moving_mean, model.norms[0].moving_variance)]
    with tf.GradientTape() as tape:
        y = model(inputs, training=True)
        total = tf.reduce_sum(y * tf.range(1.0, 8.0))
    loops = nfm_batch_logits(first, e, *weights)
    np.testing.assert_allclose(y, loops, rtol=1e-4, atol=1e-3)
    # The running statistics keep 0.9 of what they were and take the batch's mean and biased variance.
    z = sum(e[:, i] * e[:, j] for i in range(5) for j in range(i + 1, 5))
    for found, old, new in zip(
        (model.norms[0].moving_mean, model.norms[0].moving_variance),
        before,
        (z.mean(0), z.var(0)),
        strict=True,
    ):
        np.testing.assert_allclose(found, 0.9 * old + 0.1 * new, rtol=1e-4, atol=1e-5)
    # An example's vectors move the statistics, hence the logits of the others.
    found = tape.gradient(total, model.embedding.fields.table.value)
    found = tf.convert_to_tensor(found).numpy()
    expected = np.zeros_like(found, dtype=np.float64)
    offsets = np.cumsum([0, *SIZES[:-1]])
    for b, f, d in np.ndindex(7, 3, 3):
        step = np.zeros_like(e)
        step[b, 2 + f, d] = 1e-6
        up, down = (nfm_batch_logits(first, e + s, *weights) for s in (step, -step))
        expected[offsets[f] + inputs["sparse"][b, f], d] += np.arange(1.0, 8.0) @ (up - down) / 2e-6
    np.testing.assert_allclose(found, expected, rtol=5e-3, atol=5e-3 * np.abs(expected).max())


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_policy_reaches_every_part(policy):
    half = policy.removeprefix("mixed_")
    model, fm = (kind(SIZES, 2, 3, dtype=policy, seed=0) for kind in (NFM, FactorizationMachine))
    for found in (model, fm):
        assert found(draw(np.random.default_rng(7)), training=True).dtype == tf.float32
        assert found.embedding.compute_dtype == half and found.first_order.compute_dtype == "float32"
        assert {str(w.dtype) for w in found.trainable_weights} == {"float32"}
    for layer in (*model.hidden, *model.norms, *model.drops, model.h, fm.interaction):
        assert layer.compute_dtype == half
    fm.bias.assign(1 + 2**-12)  # a number that half precision rounds to 1
    for table in (*fm.first_order.weights, *fm.embedding.weights):
        table.assign(np.zeros(table.shape))
    assert fm(draw(np.random.default_rng(7))).numpy().tolist() == [1 + 2**-12] * 5


def test_beats_everything_of_second_order():
    """Five seeds: AUC on unseen rows against that of the true first- and second-order parts of the logit.

    That is as much of the truth as a model that adds up fields and pairs of them, as a factorization machine
    does, can say: what is left takes three fields at once.
    """
    margins = []  # fit without shuffling: the rows are independent draws, and a run repeats itself
    for seed in range(5):
        data = planted_interactions(9000, (12, 12, 2, 2, 2), seed=seed)
        train, test = data.split(6000)
        model = NFM(
            data.vocabulary_sizes,
            2,
            16,
            [64],
            dropout=0.0,
            pooled_dropout=0.0,
            embedding_stddev=0.3,
            seed=seed,
        )
        model.compile(keras.optimizers.Adam(0.02), keras.losses.BinaryCrossentropy(from_logits=True))
        model.fit(train.inputs, train.labels, batch_size=250, epochs=6, shuffle=False, verbose=0)
        found = auc(test.labels, model(test.inputs).numpy())
        margins.append(found - auc(test.labels, test.parts()[:, :2].sum(axis=1)))
    assert min(margins) > 0, margins
