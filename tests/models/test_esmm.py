import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.data.funnel import conversion_funnel
from recnotes.models.esmm import ESMM, funnel_cross_entropy
from recnotes.oracles.esmm import funnel_loss


def mixed(B=6, n=5, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "dense": tf.constant(rng.normal(size=(B, n)), tf.float32),
        "sparse": tf.constant(rng.integers(0, [7, 9], size=(B, 2)), tf.int32),
    }


def model(**kwargs):
    return ESMM(**{"tower_units": (8,), "vocabulary_sizes": (7, 9), "embedding_dim": 3, "seed": 0, **kwargs})


@pytest.mark.parametrize("seed", range(10))
def test_loss_and_gradients_equal_the_loops(seed):
    rng = np.random.default_rng(seed)
    B = int(rng.integers(1, 12))
    ctr, cvr = rng.normal(scale=2, size=(2, B))
    click = rng.integers(0, 2, B).astype(float)
    bought = click * rng.integers(0, 2, B)
    a, c = tf.constant(ctr), tf.constant(cvr)
    with tf.GradientTape() as tape:
        tape.watch([a, c])
        loss = funnel_cross_entropy(a, c, tf.constant(click), tf.constant(bought))
    want, by_ctr, by_cvr = funnel_loss(ctr, cvr, click, bought)
    # float64; 1 - pq loses a digit or two in the loops.
    np.testing.assert_allclose(loss, want, rtol=1e-12)
    got = tape.gradient(loss, [a, c])
    np.testing.assert_allclose(got[0], by_ctr, atol=1e-13)
    np.testing.assert_allclose(got[1], by_cvr, atol=1e-13)


@pytest.mark.parametrize("click", [0.0, 1.0])
@pytest.mark.parametrize("logits", [(200.0, 200.0), (-200.0, -200.0), (200.0, -200.0), (-200.0, 200.0)])
def test_loss_stays_finite(logits, click):
    a, c = (tf.constant([value]) for value in logits)
    with tf.GradientTape() as tape:
        tape.watch([a, c])
        loss = funnel_cross_entropy(a, c, tf.constant([click]), tf.constant([click]))
    assert np.isfinite(loss) and all(np.all(np.isfinite(g)) for g in tape.gradient(loss, [a, c]))


def test_product_is_below_click_and_equals_it_when_all_convert():
    net, inputs = model(), mixed()
    out = net(inputs)
    product = tf.sigmoid(out["ctr"]) * tf.sigmoid(out["cvr"])
    np.testing.assert_allclose(tf.exp(out["ctcvr"]), product, rtol=1e-6)  # a few float32 roundings
    assert np.all(out["ctcvr"] < tf.math.log_sigmoid(out["ctr"]))
    net.cvr_tower.output_layer.bias.assign([100.0])  # 1 - sigmoid(100) is below float32's resolution
    np.testing.assert_allclose(net(inputs)["ctcvr"], tf.math.log_sigmoid(out["ctr"]), rtol=1e-6)


def test_unclicked_rows_train_the_conversion_tower():
    net, inputs = model(), mixed()
    net(inputs)
    weights = [weight.value for weight in net.cvr_tower.trainable_weights]
    with tf.GradientTape() as tape:
        zeros = tf.zeros([6])
        loss = net.compute_loss(y={"ctr": zeros, "ctcvr": zeros}, y_pred=net(inputs))
    for gradient in tape.gradient(loss, weights):
        assert np.any(gradient.numpy() != 0)


def test_gradient_reaches_every_weight():
    net, inputs = model(), mixed(B=60)
    net(inputs)
    with tf.GradientTape() as tape:
        ones = tf.ones([60])
        loss = net.compute_loss(y={"ctr": ones, "ctcvr": ones}, y_pred=net(inputs))
    gradients = tape.gradient(loss, [weight.value for weight in net.trainable_weights])
    for weight, gradient in zip(net.trainable_weights, gradients, strict=True):
        assert np.any(tf.convert_to_tensor(gradient).numpy() != 0), weight.path


def test_fit_finds_the_conversion_rate_of_all_impressions():
    """Against the share of clicked rows that converted, said of every impression."""
    for seed in range(5):
        data = conversion_funnel(4000, 0.5, seed=seed)
        keras.utils.set_random_seed(seed)
        net = ESMM(tower_units=(16,), seed=seed)
        net.compile(keras.optimizers.Adam(0.01))
        x = {"dense": data.x.astype(np.float32)}
        net.fit(x, {"ctr": data.click, "ctcvr": data.bought}, batch_size=256, epochs=6, verbose=0)
        test = conversion_funnel(8000, 0.5, seed=seed)  # the same planted vectors, twice the rows
        rows = slice(4000, None)
        q = tf.sigmoid(net({"dense": tf.constant(test.x[rows], tf.float32)})["cvr"]).numpy()
        constant = data.bought.sum() / data.click.sum()
        error = np.mean((q - test.cvr[rows]) ** 2)
        assert error < 0.3 * np.mean((constant - test.cvr[rows]) ** 2), seed


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    net, inputs = model(field_names=["user", "item"]), mixed()
    before = net.predict(inputs, verbose=0)
    net.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.get_config() == net.get_config()
    for name, value in again.predict(inputs, verbose=0).items():
        np.testing.assert_array_equal(value, before[name])


def test_ids_out_of_range_name_the_field():
    for bad in (9, -1):
        with pytest.raises(ValueError, match="field 'item'"):
            model(field_names=["user", "item"])({"sparse": tf.constant([[0, bad]])})


@pytest.mark.parametrize("labels", [None, {"ctr": [1.0]}, [1.0], {"ctr": [1.0], "cvr": [1.0]}])
def test_bad_labels(labels):
    with pytest.raises(ValueError, match="labels must be a dict"):
        model().compute_loss(y=labels)


def test_weights_of_rows_and_other_lengths_are_refused():
    net = model()
    y = {"ctr": tf.ones([6]), "ctcvr": tf.ones([6])}
    with pytest.raises(ValueError, match="sample_weight must be None"):
        net.compute_loss(y=y, y_pred=net(mixed()), sample_weight=tf.ones([6]))
    with pytest.raises(ValueError, match="same shape"):
        net.compute_loss(y=y, y_pred=net(mixed(B=5)))


@pytest.mark.parametrize("features", [{}, {"other": tf.ones([2, 3])}, {"dense": tf.ones([2, 3])}])
def test_bad_features(features):
    with pytest.raises(ValueError, match="received"):
        model()(features)
