"""The variants differ as they say, and the cards' questions do not reach training."""

import numpy as np
import pytest
import tensorflow as tf

from experiments.cards import ml_1m_sasrec as cards
from experiments.cards.ml_1m_sasrec import logs
from recnotes.data.movielens_1m_files import MovieLens1M, MovieLens1MSequences
from recnotes.data.sequences import Sequences


def test_post_norm_outputs_have_mean_zero_and_look_back_only():
    model = cards.PostNormSASRec(9, 8, 2, 0.0, max_length=4, loss="bce", seed=0)
    f, _, _ = model.encode(tf.constant([[1, 2, 3, 4]]))
    g, _, _ = model.encode(tf.constant([[1, 2, 3, 9]]))
    np.testing.assert_allclose(f.numpy().mean(axis=2), 0, atol=1e-5)
    assert len(model.blocks) == 2 and not np.allclose(f[0, 3], g[0, 3])


def planted():
    rng = np.random.default_rng(0)
    rows = [rng.permutation(20)[:9] + 1 for _ in range(30)]
    train = Sequences([row[:-3] if user < 8 else row[:-2] for user, row in enumerate(rows)])
    return rows, MovieLens1MSequences(
        train,
        Sequences([row[:-2] for row in rows[:8]]),
        np.array([row[-2] for row in rows[:8]], np.int32),
        np.arange(8),
        np.array([row[-1] for row in rows], np.int32),
        20,
    )


@pytest.mark.parametrize("name", ["ml-1m-sasrec-ce", "ml-1m-sasrec-postnorm"])
def test_a_card_runs(monkeypatch, name):
    rows, log = planted()
    monkeypatch.setattr(logs.movielens_1m_files, "movielens_1m_sequences", lambda: log)
    logs.published.cache_clear()
    split, everyone = logs.published()
    assert split.test.history[3].tolist() == rows[3][:-1].tolist() and split.test.target[3] == rows[3][-1]
    assert everyone.history[9].tolist() == rows[9][:-2].tolist()
    card = next(card for card in cards.CARDS if card.name == name)
    trial = card.run(0, 2)
    logs.published.cache_clear()
    assert set(trial.metrics) == set(card.metrics) and trial.epoch == 2


def test_the_complete_log_drops_rare_movies(monkeypatch):
    count = {"user_id": [], "item_id": [], "timestamp": []}
    for user in range(1, 6):
        for time, item in enumerate([7, 3, 5, 2] if user > 1 else [7, 3, 5, 2, 9]):
            count["user_id"].append(user), count["item_id"].append(item), count["timestamp"].append(time)
    columns = {name: np.array(values) for name, values in count.items()}
    empty = dict.fromkeys(("rating", "gender", "occupation", "movie_id", "title"), np.zeros(0))
    log = MovieLens1M(**columns, **empty, age=np.zeros(6), genres=())
    monkeypatch.setattr(logs.movielens_1m_files, "movielens_1m", lambda: log)
    logs.complete.cache_clear()
    split, _ = logs.complete()
    logs.complete.cache_clear()
    assert split.num_items == 4 and split.train.lengths.tolist() == [2] * 5


def test_a_verdict_needs_the_complete_log_and_the_sizes_of_its_study():
    for card in cards.CARDS:
        full, model = card.data == "ml-1m", card.settings["model"]
        assert all(reference.comparable == full for reference in card.references), card.name
        if full:
            wide = card.references[0].source == cards.GSASREC
            assert (model["embedding_dim"], model["dropout"]) == ((128, 0.5) if wide else (64, 0.1))
            assert model["wiring"] == "authors" and model.get("share_items", True) != wide
