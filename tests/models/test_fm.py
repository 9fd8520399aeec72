import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.data import double_center, planted_interactions
from recnotes.models import FactorizationMachine, LogisticRegression
from recnotes.oracles.fm import fm_logit, one_hot_features


def draw(rng, sizes, num_dense, batch=5):
    sparse = np.stack([rng.integers(0, size, batch) for size in sizes], axis=1)
    return {"dense": rng.normal(size=(batch, num_dense)), "sparse": sparse}


def randomize(model, rng):
    for weight in model.weights:
        if "seed" not in weight.path:
            weight.assign(rng.normal(size=weight.shape))


@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    num_dense=st.integers(0, 3),
    width=st.integers(0, 4),
)
@settings(max_examples=15, deadline=None)
def test_equals_the_loops_over_the_long_sparse_vector(sizes, num_dense, width):
    rng = np.random.default_rng(0)
    inputs = draw(rng, sizes, num_dense)
    model = FactorizationMachine(sizes, num_dense, embedding_dim=width)
    model.build()
    randomize(model, rng)
    w, v = (
        np.concatenate(
            [np.asarray(t, np.float64) for t in ([p.numeric.table] if num_dense else []) + [p.fields.table]]
        )
        for p in (model.first_order, model.embedding)
    )
    x = one_hot_features(inputs["dense"].astype(np.float32), inputs["sparse"], sizes)
    loops = [fm_logit(row, float(model.bias), w[:, 0], v) for row in x]
    np.testing.assert_allclose(model(inputs), loops, rtol=1e-4, atol=1e-4)


def test_width_zero_is_logistic_regression():
    rng = np.random.default_rng(0)
    fm, lr = FactorizationMachine([4, 3], 2, embedding_dim=0), LogisticRegression([4, 3], 2)
    fm.build()
    lr.build()
    randomize(fm, rng)
    lr.set_weights([w for w in fm.get_weights() if w.size])
    inputs = draw(rng, [4, 3], 2)
    np.testing.assert_array_equal(fm(inputs), lr(inputs))
    assert fm.count_params() == lr.count_params()


def test_finds_the_planted_pair_that_logistic_regression_cannot():
    train, test = planted_interactions(24_000, triple_scale=0.0, seed=1).split(20_000)
    loss = {}
    for name, model in (
        ("lr", LogisticRegression(train.vocabulary_sizes, 2)),
        ("fm", FactorizationMachine(train.vocabulary_sizes, 2, embedding_dim=4, seed=0)),
    ):
        model.compile(keras.optimizers.Adam(0.02), keras.losses.BinaryCrossentropy(from_logits=True))
        model.fit(train.inputs, train.labels, batch_size=500, epochs=3, verbose=0)
        loss[name] = model.evaluate(test.inputs, test.labels, batch_size=4000, verbose=0)
    truth = np.mean(np.log1p(np.exp(np.where(test.labels == 1, -test.logits, test.logits))))
    assert loss["lr"] > truth + 0.1 > loss["fm"] + 0.05
    rows = model.embedding.fields.rows
    learned = double_center(rows(0).numpy() @ rows(1).numpy().T)
    assert np.corrcoef(learned.ravel(), train.pair.ravel())[0, 1] > 0.9


def test_gradient_reaches_every_weight():
    rng = np.random.default_rng(0)
    model = FactorizationMachine([2, 2], 1, embedding_dim=3, seed=0)
    inputs = {
        "dense": np.ones([4, 1], np.float32),
        "sparse": np.array([[0, 0], [1, 1], [0, 1], [1, 0]], np.int32),
    }
    model(inputs)
    randomize(model, rng)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.square(model(inputs)))
    for gradient in tape.gradient(y, [w.value for w in model.trainable_weights]):
        assert np.count_nonzero(tf.convert_to_tensor(gradient)) == tf.size(tf.convert_to_tensor(gradient))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    model = FactorizationMachine([4, 3], 2, embedding_dim=5, pooled_dropout=0.5, embedding_stddev=0.1, seed=1)
    inputs = draw(np.random.default_rng(0), [4, 3], 2)
    model(inputs)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(model(inputs), loaded(inputs))
    assert loaded.interaction.pooled_dropout == 0.5 and loaded.seed == 1


def test_bad_input():
    with pytest.raises(ValueError, match="width must be"):
        FactorizationMachine([2], embedding_dim=-1)
