"""The next item as a click: what a model is shown, and every model for an epoch on planted sequences."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from experiments import texts
from experiments.cards import beauty_click
from recnotes.data.sequences import Sequences

SEQUENCES = Sequences([[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [2, 4, 6, 8, 1]] * 10)


def test_a_click_sees_only_what_came_before():
    found = beauty_click.clicks(Sequences([[7, 8, 9], [4]]))
    assert found.user.tolist() == [0, 0] and found.item.tolist() == [8, 9]
    assert found.history[:, :3].tolist() == [[7, 0, 0], [7, 8, 0]]
    assert beauty_click.clicks(Sequences([[7, 8, 9]]), last_only=True).item.tolist() == [9]


def test_training_rows_hold_no_held_out_item():
    found = beauty_click.clicks(Sequences([[1, 2, 3, 8, 9]]).without_last(2))
    assert set(found.item) | set(found.history.ravel()) == {0, 1, 2, 3}


def test_negatives_are_items_the_user_had_not_had():
    had = beauty_click.marked(Sequences([[1, 2, 4]]), 4)
    found = beauty_click.clicks(Sequences([[1, 2, 4]]))
    inputs, label = beauty_click.with_negatives(found, had, [0])
    assert label.tolist() == [1, 1, 0, 0] and inputs["item"].tolist() == [2, 4, 3, 3]


def test_attributes_are_averaged_beside_the_item():
    layer = beauty_click.DescribedItems(np.array([[0, 0], [1, 2], [2, 0]]), 3, 0)
    e = layer(tf.constant([1, 2, 0])).numpy()
    table = layer.attributes.numpy()
    np.testing.assert_allclose(e[0, 3:], table[1:].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(e[1, 3:], table[2], rtol=1e-6)
    assert not e[2].any()


@pytest.mark.parametrize("card", beauty_click.CARDS, ids=lambda card: card.name)
def test_a_card_runs(card, monkeypatch):
    attributes = np.concatenate([[[0, 0]], np.arange(1, 19).reshape(9, 2)])
    data = SimpleNamespace(sequences=SEQUENCES, num_items=9, attributes=attributes)
    monkeypatch.setattr(beauty_click, "amazon", lambda name: data)
    trial = card.run(0, 1)
    assert set(card.metrics) <= set(trial.metrics) and 0 <= trial.metrics["gauc"] <= 1


def test_the_reading_of_the_sum_is_on_file():
    figures = {card["name"].removeprefix("beauty-click-"): card["figures"] for card in texts.read()}
    gauc = {name: figures[name]["gauc"][0] for name in ("pooling", "din", "can", "din-softmax")}
    assert max(gauc["din"], gauc["can"]) < gauc["pooling"] < gauc["din-softmax"]
    assert figures["din"]["log_loss"][0] > np.log(2) > figures["din-softmax"]["log_loss"][0]
