"""Batches, losses, and training that validation steers."""

import numpy as np
import pytest
import tensorflow as tf

from experiments import next_item, ranking
from experiments.sequences import beginnings, leave_one_out, shifted
from recnotes.data.sequences import Sequences
from recnotes.models import STAMP, ComiRecSA, GRU4Rec, SASRec
from recnotes.optimizers import LazyAdam


def chain(users=60, items=12, length=6):
    """Item i is always followed by i + 1."""
    return Sequences([[(u + t) % items + 1 for t in range(length)] for u in range(users)])


def test_batches_name_each_row_once_and_go_by_length():
    length = np.random.default_rng(0).integers(1, 50, 103)
    order = next_item.batches(length, 10, np.random.default_rng(1), pool=11)
    assert sorted(order.tolist()) == list(range(103))
    spread = [np.ptp(length[order[i : i + 10]]) for i in range(0, 100, 10)]
    assert np.mean(spread) < 10


def test_cross_entropy_without_padding_is_the_models_own():
    rows = {k: tf.constant(v) for k, v in shifted(Sequences([[1, 2, 3, 4], [5, 6], [7, 1, 2]]), 3).items()}
    model = SASRec(7, embedding_dim=8, max_length=3, dropout=0.0, loss="cross_entropy", seed=0)
    model.build(None)
    np.testing.assert_allclose(
        next_item.full_cross_entropy(model, rows), next_item.own_loss(model, rows), rtol=1e-5
    )


@pytest.mark.parametrize(
    ("model", "rows", "loss"),
    [
        (
            SASRec(12, embedding_dim=16, max_length=5, dropout=0.1, loss="cross_entropy", seed=0),
            shifted,
            next_item.full_cross_entropy,
        ),
        (
            GRU4Rec(12, 16, hidden_units=(16,), loss="cross_entropy", share_items=True, seed=0),
            shifted,
            next_item.own_loss,
        ),
        (STAMP(12, 16, wiring="authors", embedding_stddev=0.1, seed=0), beginnings, next_item.read_loss),
        (ComiRecSA(12, 16, 5, num_sampled=12, embedding_stddev=0.1, seed=0), beginnings, next_item.read_loss),
    ],
    ids=["sasrec", "gru4rec", "stamp", "comirec"],
)
def test_models_learn_a_chain(model, rows, loss):
    split = leave_one_out(chain(), 12, negatives=4)
    model.build(None)
    score = ranking.scores_of(model)
    curve, best = next_item.fit(
        model,
        rows(split.train, 5),
        lambda: ranking.rank(score, split.validation, 12, 5, k=2),
        seed=0,
        epochs=24,
        patience=3,
        optimizer=LazyAdam(0.02),
        batch_size=16,
        loss=loss,
        monitor="ndcg@2",
        every=4,
        report=lambda line: None,
    )
    assert best == max(curve, key=lambda entry: entry["ndcg@2"])["epoch"]
    # The weights are those of the best epoch.
    assert ranking.rank(score, split.validation, 12, 5, k=2)["ndcg@2"] == pytest.approx(
        max(entry["ndcg@2"] for entry in curve), abs=1e-6
    )
    assert ranking.rank(score, split.test, 12, 5, k=2)["hr@2"] > 0.8
