import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.metrics import GAUC, ValidationGAUC, gauc
from recnotes.models import LogisticRegression
from recnotes.registry import find


@settings(deadline=None, max_examples=25)
@given(rows=st.integers(2, 60), users=st.integers(1, 6), seed=st.integers(0, 9999))
def test_merged_over_batches_it_is_the_function_of_all_rows(rows, users, seed):
    rng = np.random.default_rng(seed)
    y, g = rng.integers(0, 2, rows), rng.integers(0, users, rows) + 10**12  # beyond float32
    s = rng.integers(0, 5, rows).astype(np.float32)  # many ties
    metric = GAUC(rows)
    ends = np.sort(rng.integers(0, rows + 1, 3))
    for a, b in rng.permutation(list(zip([0, *ends], [*ends, rows], strict=True))):
        metric.update_state(np.stack([y[a:b], g[a:b]], 1), s[a:b, None])
    try:
        expected = gauc(y, s, g)
    except ValueError:
        expected = math.nan
    # The same function of the same numbers in another order: the sum over users may differ in its last bits.
    assert float(metric.result()) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_reset_configuration_and_a_graph():
    metric = GAUC(4)
    assert math.isnan(float(metric.result()))
    metric.update_state([[1, 0], [0, 0]], [1.0, 0.0])
    assert float(metric.result()) == 1
    assert math.isnan(float(tf.function(metric.result)()))
    metric.reset_state()
    assert math.isnan(float(metric.result()))
    metric.update_state([[1.0, 0.0], [0.0, 0.0]], [0.0, 1.0])
    assert float(metric.result()) == 0
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(GAUC(7, name="mine")))
    assert (again.max_rows, again.name) == (7, "mine")


def clicks(rows=300, users=9):
    rng = np.random.default_rng(0)
    user, item = rng.integers(0, users, rows), rng.integers(0, 7, rows)
    y = (rng.random(rows) < 0.2 + 0.08 * item).astype(np.int64)
    return {"sparse": np.stack([user, item], 1)}, y, user


def first_column(y, z):
    return keras.losses.binary_crossentropy(y[:, :1], z, from_logits=True)


def test_in_fit_and_evaluate(tmp_path):
    x, y, user = clicks()
    x = np.concatenate([np.eye(9)[x["sparse"][:, 0]], np.eye(7)[x["sparse"][:, 1]]], axis=1)
    model = keras.Sequential([keras.Input([16]), keras.layers.Dense(1)])
    model.compile("adam", first_column, metrics=[GAUC(1000)])
    both = np.stack([y, user], 1)
    log = model.fit(x, both, validation_data=(x, both), batch_size=64, verbose=0).history
    assert log["val_gauc"] == [pytest.approx(gauc(y, model(x)[:, 0].numpy(), user), abs=1e-6)]
    assert 0 < log["gauc"][0] < 1
    found = model.evaluate(x, both, batch_size=7, verbose=0, return_dict=True)
    assert found["gauc"] == pytest.approx(log["val_gauc"][0])
    model.save(tmp_path / "m.keras")
    assert (tmp_path / "m.keras").stat().st_size < 100_000
    model.compile("adam", first_column, metrics=[GAUC(10**6)])
    model.fit(x, both, verbose=0)
    model.save(tmp_path / "large.keras")
    assert (tmp_path / "large.keras").stat().st_size < 100_000  # the rows are not saved
    loaded = keras.saving.load_model(tmp_path / "large.keras", {"first_column": first_column})
    assert loaded.evaluate(x, both, verbose=0, return_dict=True) == model.evaluate(
        x, both, verbose=0, return_dict=True
    )


def test_in_a_model_of_one_logit_a_row_with_weights_of_rows():
    x, y, user = clicks()
    both, w = np.stack([y, user], 1), np.arange(len(y)) % 3 / 2
    model = LogisticRegression([9, 7])
    model.compile(keras.optimizers.Adam(0.05), first_column, metrics=[GAUC(1000)])
    log = model.fit(x, both, sample_weight=w, validation_data=(x, both, w), batch_size=64, verbose=0).history
    z = model(x).numpy()
    assert log["val_gauc"][-1] == pytest.approx(gauc(y, z, user), abs=1e-12)
    each = np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))
    assert log["val_loss"][-1] == pytest.approx(np.mean(w * each), rel=1e-5)  # sums in float32
    plain = LogisticRegression([9, 7])
    plain.compile(keras.optimizers.Adam(0.05), keras.losses.BinaryCrossentropy(from_logits=True))
    keras.utils.set_random_seed(0)
    plain.fit(x, y, sample_weight=w, batch_size=64, verbose=0)
    again = LogisticRegression([9, 7])
    again.compile(keras.optimizers.Adam(0.05), first_column, metrics=[GAUC(1000)])
    keras.utils.set_random_seed(0)
    again.fit(x, both, sample_weight=w, batch_size=64, verbose=0)
    for a, b in zip(plain.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_in_a_model_of_several_tasks():
    entry = find("shared-bottom")
    model, x = entry.build(), entry.inputs(40)
    rng = np.random.default_rng(0)
    y, user = rng.integers(0, 2, (2, 40)), rng.integers(0, 5, 40)
    labels = {task: np.stack([y[k], user], 1) for k, task in enumerate(("click", "like"))}
    metrics = {task: [GAUC(100)] for task in labels}
    model.compile("sgd", dict.fromkeys(labels, first_column), metrics=metrics)
    found = model.evaluate(x, labels, batch_size=9, verbose=0, return_dict=True)
    for k, task in enumerate(labels):
        expected = gauc(y[k], model(x)[task].numpy(), user)
        assert found[f"{task}_gauc"] == pytest.approx(expected, abs=1e-12)


def test_what_is_wrong_in_compile_says_what_to_use():
    x, y, user = clicks()
    both, loss = np.stack([y, user], 1), keras.losses.BinaryCrossentropy(from_logits=True)
    model = LogisticRegression([9, 7])
    model.compile("adam", loss, metrics=[GAUC(1000)])
    with pytest.raises(ValueError, match="with labels alone use the callback ValidationGAUC"):
        model.fit(x, y, verbose=0)
    model = LogisticRegression([9, 7])
    model.compile("adam", loss)
    with pytest.raises(ValueError, match="same shape"):  # the loss would read the users
        model.fit(x, both, verbose=0)
    model.compile("adam", first_column, weighted_metrics=[GAUC(1000)])
    with pytest.raises(ValueError, match="GAUC goes into metrics, not weighted_metrics"):
        model.fit(x, both, sample_weight=np.ones(len(y)), verbose=0)


def test_the_callback_needs_no_other_labels_and_stops_early():
    x, y, user = clicks()
    names = np.array([f"user {u}" for u in user])
    model = LogisticRegression([9, 7])
    model.compile(keras.optimizers.SGD(0.0), keras.losses.BinaryCrossentropy(from_logits=True))
    callbacks = [
        ValidationGAUC(x, y, names, batch_size=50),
        keras.callbacks.EarlyStopping("val_gauc", mode="max", patience=1),
    ]
    log = model.fit(x, y, epochs=9, verbose=0, callbacks=callbacks).history
    assert log["val_gauc"] == [gauc(y, model.predict(x, verbose=0), user)] * 2  # nothing is learned at rate 0
    model.compile(keras.optimizers.Adam(0.05), keras.losses.BinaryCrossentropy(from_logits=True))
    log = model.fit(x, y, epochs=5, verbose=0, callbacks=callbacks[:1]).history
    assert log["val_gauc"][-1] == pytest.approx(gauc(y, model(x).numpy(), user), abs=1e-6)
    assert log["val_gauc"][-1] > 0.6  # the item's share of clicks is learned; chance is .5
    callbacks[0].on_epoch_end(0)  # without logs nothing is to be added


def test_bad_input():
    for call, message in (
        (lambda: GAUC(0), "max_rows must be positive, received 0"),
        (lambda: GAUC().update_state([1, 0], [0.0, 1.0]), r"y_true must be \[B, 2\], label and user"),
        (lambda: GAUC().update_state([[1, 0]], [0.0, 1.0]), r"y_true must be \[B, 2\]"),
        (lambda: GAUC().update_state([[1, 0]], [0.0], [1.0]), "sample_weight must be None, received list"),
        (lambda: ValidationGAUC(None, [1, 0], ["a"]), r"one shape \[B\], received \(2,\) and \(1,\)"),
        (lambda: ValidationGAUC(None, [[1], [0]], [[0], [0]]), r"one shape \[B\], received \(2, 1\)"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    for y, s, message in (
        ([[2, 0]], [0.0], "labels must be 0 or 1"),
        ([[np.nan, 0]], [0.0], "labels must be 0 or 1"),
        ([[1.0, 0.5]], [0.0], "users must be whole numbers"),
        ([[1.0, 2.0**24]], [0.0], "below 2..24 where they are floats"),
        ([[1.0, np.nan]], [0.0], "users must be whole numbers"),
        ([[1, 0]], [np.nan], "scores must not be NaN"),
        ([[1, 0]] * 5, [0.0] * 5, "rows must be at most max_rows=4, received more"),
    ):
        metric = GAUC(4)
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            metric.update_state(y, s)
        assert int(metric.count) == 0
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            tf.function(metric.update_state)(tf.constant(y), tf.constant(s))
