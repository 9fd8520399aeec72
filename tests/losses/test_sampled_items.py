import numpy as np
import pytest
import tensorflow as tf

from recnotes.losses.sampled_items import draw_items, sampled_item_loss
from recnotes.oracles.losses import sampled_loops

SAMPLERS = ("log_uniform", "uniform")
RNG = np.random.default_rng(0)
USER, TABLE, TARGET = RNG.normal(size=(4, 3)), RNG.normal(size=(9, 3)), np.array([2, 0, 9, 2])


def test_with_all_items_it_is_the_full_softmax():
    z = USER @ TABLE.T
    losses = np.log(np.exp(z).sum(axis=1)) - z[np.arange(4), TARGET - 1]
    for count in (9, 50):
        found = sampled_item_loss(tf.constant(USER), tf.constant(TABLE), tf.constant(TARGET), count)
        assert abs(float(found) - losses[[0, 2, 3]].mean()) < 1e-14


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_it_is_the_sampled_softmax_of_what_is_drawn(sampler, monkeypatch):
    draws = draw_items(tf.constant(np.maximum(TARGET - 1, 0)), 9, 4, sampler, seed=3)
    monkeypatch.setattr("recnotes.losses.sampled_items.draw_items", lambda *args: draws)
    found = sampled_item_loss(tf.constant(USER), tf.constant(TABLE), tf.constant(TARGET), 4, sampler)
    rows = np.maximum(TARGET - 1, 0)
    sampled = tuple(np.asarray(part) for part in draws)
    losses = sampled_loops(TABLE, np.zeros(9), rows, USER, sampled, True, "softmax")
    # The expected counts are float32.
    assert abs(float(found) - np.asarray(losses)[[0, 2, 3]].mean()) < 1e-6


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_draws_are_different_and_as_frequent_as_said(sampler):
    draw = tf.function(lambda: draw_items(tf.range(20), 20, 5, sampler, seed=1))
    counts, expected = np.zeros(20), np.zeros(20)
    for _ in range(3000):
        drawn, true, own = (part.numpy() for part in draw())
        assert len(set(drawn)) == 5
        np.testing.assert_allclose(own, true[drawn], rtol=1e-6)
        counts[drawn] += 1
        expected += true
    # Five standard deviations of a share of 3,000 batches; Q is too high for the row most batches hold.
    np.testing.assert_allclose(counts[1:] / 3000, expected[1:] / 3000, atol=5 * np.sqrt(0.25 / 3000))
    assert counts[0] / 3000 - 0.05 < expected[0] / 3000 < 1
    assert (counts[0] > 3 * counts[19]) == (sampler == "log_uniform")


def test_it_is_the_loss_of_the_authors_code():
    """The mean of ``tf.nn.sampled_softmax_loss`` with its own sampler, which that code calls."""
    user, table = (tf.constant(part, tf.float32) for part in (USER, TABLE))
    rows = tf.constant([1, 0, 8, 1], tf.int64)

    @tf.function
    def theirs():
        losses = tf.nn.sampled_softmax_loss(
            table, tf.zeros([9]), rows[:, None], user, num_sampled=4, num_classes=9, num_true=1, seed=5
        )
        return tf.reduce_mean(losses)

    ours = tf.function(lambda: sampled_item_loss(user, table, rows + 1, 4, seed=5))
    for _ in range(5):  # each step draws anew, and both the same
        np.testing.assert_allclose(ours(), theirs(), rtol=1e-6)


def test_no_target_at_all():
    user = tf.constant(USER)
    with tf.GradientTape() as tape:
        tape.watch(user)
        loss = sampled_item_loss(user, tf.constant(TABLE), tf.zeros([4], tf.int32), 3)
    assert float(loss) == 0 and not np.any(tape.gradient(loss, user))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((9, 4, "zipf"), "sampler must be one of"),
        ((9, 0), "num_items, num_sampled must be positive, received 9, 0"),
        ((0, 4), "num_items, num_sampled must be positive, received 0, 4"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_items(tf.constant([1]), *arguments)
