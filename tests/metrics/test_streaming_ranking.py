import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.data import markov_sessions
from recnotes.metrics import MRR, NDCG, HitRate, Recall, hit_rate, mrr, ndcg, recall
from recnotes.models import STAMP, SASRec

PAIRS = ((HitRate, hit_rate), (Recall, recall), (NDCG, ndcg), (MRR, mrr))
# Both sides add float64; what differs is the order of the sums.
CLOSE = 1e-12


def parts(rng, rows):
    """Cut rows into batches of random sizes, empty ones among them, and shuffle the batches."""
    ends = np.sort(rng.integers(0, rows + 1, 3))
    return [slice(a, b) for a, b in rng.permutation(list(zip([0, *ends], [*ends, rows], strict=True)))]


@settings(deadline=None, max_examples=25)
@given(
    rows=st.integers(1, 40),
    num_items=st.integers(1, 9),
    k=st.integers(1, 12),
    ties=st.sampled_from(["expected", "best", "worst"]),
    seed=st.integers(0, 9999),
)
def test_merged_over_batches_it_is_the_function_of_all_rows(rows, num_items, k, ties, seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 4, (rows, num_items)).astype(np.float32)  # many ties
    exclude = rng.random(scores.shape) < 0.2
    target = rng.integers(0, num_items, rows)
    exclude[np.arange(rows), target] = False
    several = (rng.random(scores.shape) < 0.4) & ~exclude
    masked = np.where(exclude, -np.inf, scores)
    batches = parts(rng, rows)
    for metric, function in PAIRS:
        one = metric(k, ties)
        for batch in batches:
            one.update_state(target[batch] + 1, masked[batch])
        assert float(one.result()) == pytest.approx(function(scores, target, k, exclude, ties), abs=CLOSE)
        if function in (recall, ndcg):
            many = metric(k, ties)
            for batch in batches:
                many.update_state(several[batch], masked[batch])
            expected = function(scores, several, k, exclude, ties)
            assert float(many.result()) == pytest.approx(expected, abs=CLOSE, nan_ok=True)


def test_by_hand():
    scores = np.array([[5.0, 4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0, 5.0]])
    for metric, expected in ((HitRate(2), 0.5), (MRR(5), 0.375), (NDCG(2), 0.5 / np.log2(3)), (Recall(4), 1)):
        metric.update_state([2, 2], scores)
        assert float(metric.result()) == pytest.approx(expected, abs=CLOSE)
    flat = HitRate(10)
    flat.update_state([1, 50, 100], np.zeros((3, 100)))
    assert float(flat.result()) == pytest.approx(0.1)


def test_rows_without_an_item_steps_and_weights():
    scores = np.random.default_rng(0).normal(size=(3, 4, 6)).astype(np.float32)
    ids = np.array([[1, 2, 0, 0], [3, 4, 5, 6], [0, 0, 0, 0]])
    for metric, function in PAIRS:
        steps = metric(2)
        steps.update_state(ids, scores)
        assert float(steps.result()) == pytest.approx(
            function(scores[ids > 0], ids[ids > 0] - 1, 2), abs=CLOSE
        )
        column, weighted, repeated = metric(2), metric(2), metric(2)
        column.update_state(ids[1][:, None], scores[1])
        assert float(column.result()) == pytest.approx(function(scores[1], ids[1] - 1, 2), abs=CLOSE)
        weighted.update_state(ids[1], scores[1], [0, 1, 2, 3])
        for copies, i, r in zip(range(4), ids[1], scores[1], strict=True):
            for _ in range(copies):
                repeated.update_state([i], r[None])
        assert float(weighted.result()) == pytest.approx(float(repeated.result()), abs=CLOSE)
    as_floats, as_bools = NDCG(3), NDCG(3)
    hot = np.random.default_rng(1).random((3, 4, 6)) < 0.5
    as_floats.update_state(hot.astype(np.float32), scores)
    as_bools.update_state(hot, scores)
    assert float(as_floats.result()) == float(as_bools.result())


def test_reset_configuration_and_what_is_kept():
    for metric, _ in PAIRS:
        made = metric(3, "worst")
        assert made.name == f"{metric.word}@3" and np.isnan(float(made.result()))
        made.update_state([1, 2], np.eye(2, dtype=np.float32))
        assert float(made.result()) == 1
        assert sum(tf.size(v) for v in made.variables) == 3  # whatever the rows
        made.reset_state()
        assert np.isnan(float(made.result()))
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
        assert (type(again), again.k, again.ties, again.name) == (metric, 3, "worst", made.name)


def test_float16_is_ranked_as_it_is_and_a_function_agrees():
    scores = np.array([[1.0, 1.001, 2.0]], np.float16)
    metric = HitRate(2)
    tf.function(metric.update_state)(tf.constant([1]), tf.constant(scores))
    assert float(metric.result()) == hit_rate(scores, [0], 2)


def sessions():
    data = markov_sessions(num_sessions=40, num_items=12, min_length=3, max_length=7, seed=0)
    history, target = np.zeros((40, 7), np.int32), np.zeros(40, np.int32)
    for row, padded in enumerate(data.sessions):
        session = padded[padded > 0]
        history[row, : len(session) - 1], target[row] = session[:-1], session[-1]
    return history, target


def test_in_fit_and_evaluate_of_stamp(tmp_path):
    history, target = sessions()
    inputs = {"history": history, "target": target}
    model = STAMP(12, embedding_dim=4, seed=0)
    model.compile("adam", metrics=[HitRate(3), NDCG(3)])
    log = model.fit(inputs, target, validation_data=(inputs, target), batch_size=16, verbose=0).history
    scores = model({"history": history}).numpy()
    assert log["val_hit_rate@3"] == [pytest.approx(hit_rate(scores, target - 1, 3))]
    assert log["val_ndcg@3"] == [pytest.approx(ndcg(scores, target - 1, 3))]
    assert 0 <= log["hit_rate@3"][0] <= 1
    found = model.evaluate(inputs, target, batch_size=7, verbose=0, return_dict=True)
    assert found["ndcg@3"] == pytest.approx(log["val_ndcg@3"][0])
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    found = loaded.evaluate(inputs, target, batch_size=9, verbose=0, return_dict=True)
    assert found["hit_rate@3"] == pytest.approx(log["val_hit_rate@3"][0])


def test_at_every_step_of_sasrec():
    history, target = sessions()
    following = np.concatenate([history[:, 1:], np.zeros((40, 1), np.int32)], axis=1)
    following[np.arange(40), (history > 0).sum(1) - 1] = target
    inputs = {"history": history, "next": following}
    model = SASRec(12, 4, 7, num_blocks=1, dropout=0.0, loss="cross_entropy", seed=0)
    model.compile("adam", metrics=[HitRate(3), MRR(5)])
    model.fit(inputs, following, batch_size=16, verbose=0)
    found = model.evaluate(inputs, following, batch_size=11, verbose=0, return_dict=True)
    real = following > 0
    scores = model(inputs).numpy()[real]
    assert found["hit_rate@3"] == pytest.approx(hit_rate(scores, following[real] - 1, 3))
    assert found["mrr@5"] == pytest.approx(mrr(scores, following[real] - 1, 5))
    # With sampled negatives the next item is the first of 1+K candidates.
    sampled = SASRec(12, 4, 7, num_blocks=1, num_negatives=5, seed=0)
    sampled.compile("adam", metrics=[HitRate(1)])
    log = sampled.fit(inputs, real.astype(np.int32), batch_size=16, verbose=0).history
    assert 0 <= log["hit_rate@1"][0] <= 1


def test_bad_input():
    scores = np.zeros((2, 3), np.float32)
    for call, message in (
        (lambda: HitRate(0), "k must be a positive integer, received 0"),
        (lambda: MRR(1.5), "k must be a positive integer, received 1.5"),
        (lambda: NDCG(1, "first"), "ties must be one of"),
        (lambda: HitRate().update_state(None, scores), "received None: fit takes them as its y"),
        (lambda: HitRate().update_state([1, 2], [0.0, 1.0]), r"scores \[B, N\], received float32 \(2,\)"),
        (lambda: HitRate().update_state([1, 2], scores.astype(int)), "scores .* received int64"),
        (lambda: HitRate().update_state([1], scores), r"integers \[B\] for scores \(2, 3\), received int32"),
        (lambda: HitRate().update_state([1.0, 2.0], scores), "received float32"),
        (lambda: HitRate().update_state(scores > 0, scores), "received bool"),
        (lambda: MRR().update_state(scores, scores), r"integers \[B\] for scores"),
        (lambda: NDCG().update_state(scores[:, :2], scores), r"or 0 and 1 in \[B, N\]"),
        (lambda: HitRate().update_state([1, 2], scores, [1.0]), "sample_weight must be one a row"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    nan = np.array([[0.0, np.nan, 1.0], [0.0, 0.0, 0.0]], np.float32)
    for metric, y, r, message in (
        (HitRate, [1, 4], scores, r"ids in \[0, 3\], 0 for none"),
        (HitRate, [-1, 1], scores, r"ids in \[0, 3\]"),
        (Recall, scores + 0.5, scores, "must be 0 or 1"),
        (NDCG, scores * nan, scores, "must be 0 or 1"),
        (MRR, [1, 1], nan, "must not be NaN"),
    ):
        made = metric(2)
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            made.update_state(y, r)
        assert float(made.count) == 0
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            tf.function(made.update_state)(tf.constant(y), tf.constant(r))


def test_what_xla_lets_pass_makes_the_result_nan():
    scores = np.zeros((2, 3), np.float32)
    for y, r in (([1, 4], scores), ([-1, 1], scores), ([1, 1], np.full_like(scores, np.nan))):
        metric = HitRate(2)
        update = tf.function(metric.update_state, jit_compile=True)
        update(tf.constant([1, 2]), tf.constant(scores))
        assert float(metric.result()) == pytest.approx(2 / 3)
        update(tf.constant(y), tf.constant(r))
        assert np.isnan(float(metric.result()))
        metric.reset_state()
        update(tf.constant([1, 2]), tf.constant(scores))
        assert float(metric.result()) == pytest.approx(2 / 3)
