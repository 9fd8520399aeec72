import numpy as np
import pytest

from experiments.cards.frappe_ctr import CARDS, normalized, small_ffm
from recnotes import models

SIZES = [30, 40, 50]


def test_ffm_starts_small_and_around_zero():
    table = np.asarray(small_ffm(SIZES, seed=0, embedding_dim=10, embedding_stddev=1e-4).embedding.table)
    other = np.asarray(small_ffm(SIZES, seed=1, embedding_dim=10, embedding_stddev=1e-4).embedding.table)
    assert table.std() == pytest.approx(1e-4, rel=0.1) and abs(table.mean()) < 1e-5
    assert not np.array_equal(table, other)


def test_networks_are_normalized_with_pytorch_constants():
    model = normalized(models.DeepFM, SIZES, 0, embedding_dim=4, hidden_units=(6, 5), dropout=0.2)
    model({"sparse": np.zeros([2, 3], np.int32)}, training=True)
    norms = model.dnn.norms
    assert [(norm.momentum, norm.epsilon) for norm in norms] == [(0.9, 1e-5)] * 2
    # one step from the mean 0: a tenth of the way to the batch's
    z = model.dnn.hidden_layers[0](
        np.asarray(model.embedding({"sparse": np.zeros([2, 3], int)})).reshape(2, 12)
    )
    np.testing.assert_allclose(norms[0].moving_mean, 0.1 * np.mean(z, axis=0), rtol=1e-5)


def test_every_card_starts_its_vectors_small():
    for card in CARDS:
        if card.name not in ("frappe-lr",):
            assert "embedding_stddev" not in card.settings["model"], card.name
