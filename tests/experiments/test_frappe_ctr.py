import numpy as np
import pytest

from experiments import texts
from experiments.builds import normalized, small_ffm
from experiments.cards.frappe_ctr import CARDS
from experiments.cards.frappe_ctr_readings import LATE
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


@pytest.mark.parametrize("name", LATE)
def test_what_a_card_says_of_its_curve_is_on_file(name):
    card = next(card for card in texts.read() if card["name"] == f"frappe-{name}")
    run = next(run for run in card["runs"] if run["seed"] == 0)
    by_epoch = {entry["epoch"]: entry for entry in run["curve"]}
    low = min(by_epoch, key=lambda epoch: by_epoch[epoch]["log_loss"])
    losses = (round(by_epoch[epoch]["log_loss"], 4) for epoch in (low, run["epoch"]))
    assert LATE[name][0] == tuple(x for pair in zip((low, run["epoch"]), losses, strict=True) for x in pair)
    assert by_epoch[low]["auc"] < by_epoch[run["epoch"]]["auc"]


@pytest.mark.parametrize(("name", "epochs"), [("afm", (26, 44)), ("nfm", (23,))])
def test_the_validation_auc_a_reading_names_is_on_file(name, epochs):
    card = next(card for card in texts.read() if card["name"] == f"frappe-{name}")
    run = next(run for run in card["runs"] if run["seed"] == 0)
    by_epoch = {entry["epoch"]: entry["auc"] for entry in run["curve"]}
    assert run["epoch"] == epochs[-1]
    for epoch in epochs:
        for language, point in (("en", "."), ("zh", "0.")):
            assert f"{point}{by_epoch[epoch] * 1e4:.0f}" in card["reading"][language]


def test_what_the_reading_of_afm_says_of_its_seeds_is_on_file():
    card = next(card for card in texts.read() if card["name"] == "frappe-afm")
    *stuck, low, _, _, high = sorted((run["metrics"]["auc"], run["seed"], run) for run in card["runs"])
    assert f"end at .{low[0] * 1e4:.0f} to .{high[0] * 1e4:.0f}, the fifth at" in card["reading"]["en"]
    ((auc, seed, run),) = stuck
    assert f"the fifth at .{auc * 1e4:.0f}:" in card["reading"]["en"]
    best, after = (entry["auc"] for entry in run["curve"][run["epoch"] - 1 : run["epoch"] + 1])
    assert f"Seed {seed} fell from .{best * 1e4:.0f} to .{after * 1e4:.0f}" in card["reading"]["en"]


def test_dcn_is_as_far_above_as_its_reading_says():
    card = next(card for card in texts.read() if card["name"] == "frappe-dcn")
    assert card["verdict"] == "above"
    gain = card["figures"]["auc"][0] - card["references"][0]["values"]["auc"]
    assert f"by .{gain * 1e4:04.0f} of AUC" in card["reading"]["en"]
