import numpy as np
import pytest
import tensorflow as tf

from recnotes.models import GRU4Rec, SASRec, best_items
from recnotes.registry import find

HISTORY = np.array([[3, 1, 4, 0, 0, 0], [0, 0, 0, 0, 0, 0], [1, 0, 2, 3, 7, 2]])


@pytest.mark.parametrize("k", [1, 3, 7])
def test_it_sorts_what_was_not_seen_and_then_the_rest(k):
    scores = np.random.default_rng(0).normal(size=(3, 7))
    for history in (HISTORY, tf.constant(HISTORY, tf.int32)):
        found = best_items(scores, history, k).numpy()
        for row, seen, top in zip(scores, HISTORY, found, strict=True):
            new = [i for i in np.argsort(-row) + 1 if i not in seen][:k]
            assert top[: len(new)].tolist() == new and len(set(top)) == k
            assert set(top[len(new) :]) <= set(seen)
        every = best_items(scores, history, k, exclude_seen=False).numpy()
        np.testing.assert_array_equal(every, np.argsort(-scores)[:, :k] + 1)


@pytest.mark.parametrize("name", ["sasrec", "gru4rec", "stmp", "stamp", "mind", "comirec-sa", "comirec-dr"])
def test_every_model_that_reads_a_history_names_items(name):
    entry = find(name)
    model, inputs = entry.build(), entry.inputs()
    scores = model.scores(inputs) if entry.family == "retrieval" else model(inputs)
    found = best_items(scores, inputs["history"], 5).numpy()
    assert found.shape == (4, 5)
    for row, top in zip(inputs["history"], found, strict=True):
        assert not set(row) & set(top) and (top >= 1).all() and (top <= 100).all()


def test_half_precision_and_a_graph():
    model = SASRec(7, 4, dtype="mixed_float16", seed=0)
    scores = model({"history": HISTORY})
    assert scores.dtype == tf.float16
    expected = best_items(scores, HISTORY, 4).numpy()
    assert set(expected[0]) == {2, 5, 6, 7} and set(expected[2, :3]) == {4, 5, 6}
    history = tf.TensorSpec([None, None], tf.int32)
    step = tf.function(
        lambda s, h: best_items(s, h, 4), input_signature=[tf.TensorSpec([None, 7], tf.float16), history]
    )
    np.testing.assert_array_equal(step(scores, tf.constant(HISTORY, tf.int32)), expected)
    assert best_items(GRU4Rec(7)({"history": HISTORY[:0]}), HISTORY[:0], 2).shape == (0, 2)


def test_bad_input():
    scores = np.zeros([3, 7], np.float32)
    for k in (0, 8, -1):
        with pytest.raises(ValueError, match=rf"k must be in \[1, 7\], received {k}"):
            best_items(scores, HISTORY, k)
    for s, h in (
        (scores[0], HISTORY),
        (scores, HISTORY[0]),
        (scores[:2], HISTORY),
        (scores[..., None], HISTORY),
    ):
        with pytest.raises(ValueError, match=r"scores and history must be \[B, N\], \[B, L\], received \("):
            best_items(s, h, 1)
