"""ESMM's card: what its two losses read, and that both towers learn the planted truth."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from experiments.cards import funnel_esmm as module


def test_rows_without_a_click_do_not_reach_the_second_loss_of_clicked_only():
    label = tf.constant([[1.0, 1.0], [0.0, 0.0]])
    first, second = (
        module.clicked_only(label, tf.constant([[0.0, 0.0], [0.0, other]])) for other in (0.0, 9.0)
    )
    assert float(first) == pytest.approx(2 * np.log(2))
    assert float(second) == pytest.approx(float(first))
    first, second = (
        module.entire_space(label, tf.constant([[0.0, 0.0], [0.0, other]])) for other in (0.0, 9.0)
    )
    assert float(second) > float(first)


@pytest.mark.parametrize("card", module.CARDS, ids=lambda card: card.name)
def test_a_card_learns_the_truth(card):
    settings = {**card.run.args[1], "impressions": 8000, "batch_size": 64}
    trial = functools.partial(card.run.func, card.run.args[0], settings)(0, 4)
    assert trial.metrics["cvr_rmse"] < 0.15
    assert trial.epoch == int(np.argmin([entry["log_loss"] for entry in trial.curve])) + 1
