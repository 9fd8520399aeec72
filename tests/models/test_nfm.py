import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.models import NFM, FactorizationMachine
from recnotes.oracles.nfm import nfm_logit

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


def test_learns_a_parity_no_first_order_model_can():
    # On the balanced grid the best logistic regression is the constant, with log loss ln 2.
    grid = np.stack(np.meshgrid(range(4), range(4)), -1).reshape(-1, 2).astype(np.int32)
    x = {"sparse": np.tile(grid, (32, 1))}
    y = (x["sparse"].sum(axis=1) % 2).astype(np.float32)
    for seed in range(5):
        model = NFM([4, 4], 0, 4, [8], dropout=0.0, pooled_dropout=0.0, embedding_stddev=0.1, seed=seed)
        model.compile(keras.optimizers.Adam(0.03), keras.losses.BinaryCrossentropy(from_logits=True))
        model.fit(x, y, batch_size=64, epochs=12, verbose=0)
        assert model.evaluate(x, y, verbose=0, batch_size=512) < 0.5 * np.log(2)
