import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.data.sessions import markov_sessions, next_item_pairs, pack_sequences
from recnotes.models.sasrec import SASRec
from recnotes.oracles.sasrec import bce_loops, cross_entropy_loops, encode_loops, parameters, scores_loops
from tests.models.sequence_bench import check_padding_changes_no_gradient, check_padding_changes_no_score

WIRINGS = ("paper", "authors")
HISTORY = np.array(
    [[3, 1, 4, 0, 0], [7, 7, 2, 5, 6], [0, 0, 0, 0, 0], [0, 2, 0, 6, 0], [5, 0, 0, 0, 0]], np.int32
)


def sasrec(**kwargs):
    model = SASRec(
        **{"num_items": 7, "embedding_dim": 6, "max_length": 4, "dropout": 0.0, "seed": 0, **kwargs}
    )
    model.build()
    return model


def randomized(**kwargs):
    """A float64 model whose norms and biases are not what they start as."""
    model = sasrec(dtype="float64", **kwargs)
    rng = np.random.default_rng(5)
    for v in model.trainable_variables:
        v.assign(rng.normal(size=v.shape) * 0.5)
    return model


@pytest.mark.parametrize("wiring", WIRINGS)
@pytest.mark.parametrize("num_heads", [1, 2])
@pytest.mark.parametrize("share_items", [True, False])
def test_scores_equal_the_loops(wiring, num_heads, share_items):
    model = randomized(wiring=wiring, num_heads=num_heads, share_items=share_items)
    scores = model({"history": HISTORY})
    np.testing.assert_allclose(scores, scores_loops(HISTORY, parameters(model), wiring), atol=1e-10)


@pytest.mark.parametrize("wiring", WIRINGS)
def test_no_wiring_passes_for_the_other(wiring):
    model = randomized(wiring=wiring)
    other = WIRINGS[1 - WIRINGS.index(wiring)]
    assert np.abs(model({"history": HISTORY}) - scores_loops(HISTORY, parameters(model), other)).max() > 1e-3


@pytest.fixture(scope="module")
def random_models():
    return {wiring: randomized(wiring=wiring) for wiring in WIRINGS}


@settings(deadline=None, max_examples=10)
@given(
    sequences=st.lists(st.lists(st.integers(1, 7), max_size=6), min_size=1, max_size=3),
    wiring=st.sampled_from(WIRINGS),
)
def test_outputs_equal_the_loops_on_any_history(random_models, sequences, wiring):
    model = random_models[wiring]
    history = pack_sequences(sequences, 6)
    f, _, _ = model.encode(tf.constant(history))
    for row, got in zip(history, f.numpy(), strict=True):
        np.testing.assert_allclose(got, encode_loops(row, parameters(model), wiring), atol=1e-10)


@pytest.mark.parametrize("wiring", WIRINGS)
@pytest.mark.parametrize("loss", ["bce", "cross_entropy"])
def test_loss_gradients_equal_central_differences(wiring, loss):
    model = randomized(
        wiring=wiring, loss=loss, num_blocks=1, embedding_dim=4, num_negatives=2, calibration=0.5
    )
    history, target = np.array([[3, 1, 4, 2, 0]]), np.array([[1, 4, 2, 6, 0]])
    negatives = np.random.default_rng(0).integers(1, 8, (1, 5, 2))
    x = {k: tf.constant(v) for k, v in {"history": history, "next": target, "negatives": negatives}.items()}

    def oracle():
        p = parameters(model)
        f = encode_loops(history[0], p, wiring)
        if loss == "bce":
            return bce_loops(f, p["output"], target[0], negatives[0], model.beta)
        return cross_entropy_loops(f, p["output"], target[0])

    with tf.GradientTape() as tape:
        value = model.compute_loss(x, y_pred=model(x))
    assert abs(float(value) - oracle()) < 1e-10
    rng = np.random.default_rng(1)
    for v, g in zip(model.trainable_variables, tape.gradient(value, model.trainable_variables), strict=True):
        g, start = tf.convert_to_tensor(g).numpy(), v.numpy()
        for flat in rng.choice(g.size, min(4, g.size), replace=False):
            at = np.unravel_index(flat, g.shape)
            sides = []
            for step in (1e-6, -1e-6):
                moved = start.copy()
                moved[at] += step
                v.assign(moved)
                sides.append(oracle())
            v.assign(start)
            assert abs((sides[0] - sides[1]) / 2e-6 - g[at]) < 1e-6, v.path


@pytest.mark.parametrize("wiring", WIRINGS)
def test_causality(wiring):
    """Changing item t+1 and all that follow leaves the outputs up to t as they were, to the bit."""
    model = sasrec(wiring=wiring)
    for t in range(4):
        changed = HISTORY[1:2].copy()
        changed[0, t + 1 :] = 1 + changed[0, t + 1 :] % 7
        a, b = (model.encode(tf.constant(h))[0].numpy() for h in (HISTORY[1:2], changed))
        np.testing.assert_array_equal(a[:, : t + 1], b[:, : t + 1])
        assert t == 4 or np.abs(a[:, t + 1 :] - b[:, t + 1 :]).max() > 1e-6


@pytest.mark.parametrize("wiring", WIRINGS)
def test_causality_of_gradients(wiring):
    model = sasrec(wiring=wiring, max_length=5, dtype="float64")
    e, mask = model.embedding(tf.constant(HISTORY[1:2]))
    for t in range(5):
        with tf.GradientTape() as tape:
            tape.watch(e)
            f = e
            for block in model.blocks:
                f, _ = block(f, mask)
            loss = tf.reduce_sum(f[:, t] * np.arange(6.0))
        g = np.abs(tape.gradient(loss, e).numpy()).max(axis=(0, 2))
        assert (g[t + 1 :] == 0).all() and (g[: t + 1] > 0).all()


@pytest.mark.parametrize("wiring", WIRINGS)
@pytest.mark.parametrize("num_blocks", [0, 1, 2])
def test_padding_changes_nothing_wherever_it_stands(wiring, num_blocks):
    model = sasrec(wiring=wiring, num_blocks=num_blocks, max_length=5, dtype="float64")
    check_padding_changes_no_score(model)


@pytest.mark.parametrize("wiring", WIRINGS)
@pytest.mark.parametrize("loss", ["bce", "cross_entropy"])
def test_padding_changes_no_gradient(wiring, loss):
    model = sasrec(wiring=wiring, loss=loss, max_length=5, dtype="float64")
    sessions = np.array([[3, 1, 4, 6], [2, 5, 0, 0]], np.int32)
    negatives = np.full((2, 9, 1), 7, np.int32)

    def inputs(pad):
        pairs = next_item_pairs(np.pad(sessions, ((0, 0), (0, pad))))
        return {**pairs, "negatives": negatives[:, : 3 + pad]}

    check_padding_changes_no_gradient(model, inputs(0), inputs(5))


def test_gradient_reaches_every_weight():
    pairs = {k: tf.constant(v) for k, v in next_item_pairs(np.array([[3, 1, 4, 6], [2, 5, 1, 7]])).items()}
    for wiring in WIRINGS:
        for loss in ("bce", "cross_entropy"):
            model = sasrec(wiring=wiring, loss=loss, share_items=False, max_length=3)
            with tf.GradientTape() as tape:
                value = model.compute_loss(pairs, y_pred=model(pairs))
            for v, g in zip(
                model.trainable_variables, tape.gradient(value, model.trainable_variables), strict=True
            ):
                if v is model.output_table.position_table:
                    continue
                assert g is not None, v.path
                if not v.path.endswith("key/bias"):  # Softmax does not see a shift of all keys.
                    assert np.abs(tf.convert_to_tensor(g)).max() > 0, v.path


@pytest.mark.parametrize("wiring", WIRINGS)
def test_empty_history_scores_zero(wiring):
    model = sasrec(wiring=wiring)
    scores = model({"history": tf.zeros([2, 5], tf.int32)}).numpy()
    assert (scores == 0).all()
    with tf.GradientTape() as tape:
        x = {"history": tf.zeros([2, 5], tf.int32), "next": tf.zeros([2, 5], tf.int32)}
        value = model.compute_loss(x, y_pred=model(x))
    assert float(value) == 0
    for g in tape.gradient(value, model.trainable_variables):
        assert g is None or np.isfinite(tf.convert_to_tensor(g)).all()


@pytest.mark.parametrize("wiring", WIRINGS)
def test_attention_rows_sum_to_one_over_unmasked_keys(wiring):
    model = sasrec(wiring=wiring, num_heads=2, max_length=5)
    _, mask, weights = model.encode(tf.constant(HISTORY))
    allowed = mask.numpy()[:, None, None, :] & np.tril(np.ones((5, 5), bool))
    assert len(weights) == 2
    for w in weights:
        assert (w.numpy()[~np.broadcast_to(allowed, w.shape)] == 0).all()
        any_key = np.broadcast_to(allowed.any(-1), w.shape[:-1])
        np.testing.assert_allclose(w.numpy().sum(-1), any_key, atol=1e-6)


def test_without_blocks_only_the_last_item_counts():
    for wiring in WIRINGS:
        model = sasrec(num_blocks=0, wiring=wiring)
        a, b, c = (model({"history": tf.constant([h])}).numpy() for h in ([3, 1, 4], [7, 7, 4], [3, 1, 5]))
        np.testing.assert_array_equal(a, b)
        assert np.abs(a - c).max() > 1e-3


def test_only_the_most_recent_items_are_read():
    model = sasrec(max_length=4)
    a, b = (model({"history": tf.constant([h])}).numpy() for h in ([2, 5, 3, 1, 4, 6], [3, 1, 4, 6]))
    np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("loss", ["bce", "cross_entropy"])
def test_fit_lowers_the_loss_and_a_saved_model_predicts_the_same(loss, tmp_path):
    data = markov_sessions(192, 7, max_length=6, seed=1)
    model = sasrec(embedding_dim=8, max_length=5, num_blocks=1, loss=loss, dropout=0.1)
    model.compile(keras.optimizers.Adam(1e-2))
    pairs = next_item_pairs(data.sessions)
    fitted = model.fit(pairs, validation_data=(pairs,), epochs=4, batch_size=64, verbose=0)
    losses = fitted.history["loss"]
    assert losses[-1] < losses[0] - 0.02
    assert np.isfinite(model.evaluate(pairs, verbose=0, return_dict=True)["loss"])
    predicted = model.predict({"history": pairs["history"]}, verbose=0)
    model.save(tmp_path / "sasrec.keras")
    again = keras.saving.load_model(tmp_path / "sasrec.keras")
    np.testing.assert_array_equal(again.predict({"history": pairs["history"]}, verbose=0), predicted)
    assert again.get_config() == model.get_config()


def test_a_seed_makes_training_repeat():
    pairs = next_item_pairs(markov_sessions(64, 7, max_length=6, seed=1).sessions)
    weights = []
    for _ in range(2):
        keras.utils.set_random_seed(1)  # The order of the batches.
        model = sasrec(dropout=0.2, num_blocks=2)
        model.compile(keras.optimizers.Adam(1e-2))
        model.fit(pairs, epochs=1, batch_size=32, verbose=0)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)
    first, second = (block.attention.query.kernel for block in model.blocks)
    assert not np.allclose(first.numpy(), second.numpy())


def test_negatives_are_drawn_anew_and_never_from_the_row():
    model = sasrec(num_items=12, num_negatives=5, max_length=5)
    x = {k: tf.constant(v) for k, v in next_item_pairs(np.array([[3, 1, 4, 6]], np.int32)).items()}
    x["seen"] = tf.constant([[11, 12, 0]])
    draws = [model._negatives(x).numpy() for _ in range(20)]
    assert not {3, 1, 4, 6, 11, 12} & set(np.ravel(draws)) and set(np.ravel(draws)) == {2, 5, 7, 8, 9, 10}
    assert any((draws[0] != d).any() for d in draws[1:])
    assert model(x).shape == (1, 3, 6)


def test_mixed_precision_stays_finite():
    model = sasrec(dtype="mixed_float16", wiring="authors")
    pairs = {k: tf.constant(v) for k, v in next_item_pairs(HISTORY).items()}
    assert model({"history": HISTORY}).dtype == tf.float16
    assert np.isfinite(model.compute_loss(pairs, y_pred=model(pairs)))


def test_ids_out_of_range_name_the_input():
    model = sasrec()
    bad = tf.constant([[3, 8, 0]])
    good = tf.constant([[3, 1, 0]])
    with pytest.raises(ValueError, match=r"'history' must be in \[0, 7\], received 8"):
        model({"history": bad})
    with pytest.raises(ValueError, match=r"'next' must be in \[0, 7\], received 8"):
        model({"history": good, "next": bad})
    with pytest.raises(ValueError, match=r"'seen' must be in \[0, 7\], received 8"):
        model({"history": good, "next": good, "seen": bad})
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"history.+ must be in \[0, 7\], received 8"):
        model.predict({"history": bad.numpy()}, verbose=0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="compile_with_jit_compile_False"):
        tf.function(model, jit_compile=True)({"history": good})
    with pytest.warns(UserWarning, match="doesn't support `jit_compile=True`"):
        model.compile("adam", jit_compile=True)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"loss": "bpr"}, "loss must be 'bce' or 'cross_entropy', received 'bpr'"),
        ({"wiring": "post"}, "wiring must be one of"),
        ({"wiring": "post", "num_blocks": 0}, "wiring must be one of"),
        ({"num_negatives": 0}, "must be at least 1 and 0, received 0, 2"),
        ({"num_blocks": -1}, "must be at least 1 and 0, received 1, -1"),
        ({"num_items": 0}, "num_items must be positive, received 0"),
        ({"num_heads": 4}, "width must be a multiple of num_heads=4, received 6"),
        ({"calibration": 1.5}, r"calibration must be in \[0, 1\], received 1.5"),
    ],
)
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        sasrec(**kwargs)


def test_wrong_shapes_are_refused():
    model = SASRec(7, embedding_dim=8, max_length=4, seed=0)
    for history in (HISTORY[:1, :, None], HISTORY[0], HISTORY[:, :0]):
        with pytest.raises(ValueError, match=r"'history' must be \[B, L\] with a step or more, received"):
            model({"history": history})
    with pytest.raises(ValueError, match=r"must have the key 'history', received \['next'\]"):
        model({"next": HISTORY})


def test_fit_without_next_says_so():
    model = sasrec()
    model.compile("adam")
    with pytest.raises(ValueError, match="must be a dict with 'history' and 'next'"):
        model.fit({"history": HISTORY}, verbose=0)
