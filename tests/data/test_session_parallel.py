import numpy as np
import pytest
import tensorflow as tf

from recnotes.data.session_parallel import session_parallel_batches
from recnotes.data.sessions import markov_sessions
from recnotes.models.gru4rec import GRU4Rec


def loops(sessions, batch_size):
    """When does which slot read what: sessions in order, each to the first slot that is free."""
    free, steps = [0] * batch_size, {}
    for session in sessions:
        items = [i for i in session if i != 0]
        if len(items) < 2:
            continue
        b = min(range(batch_size), key=lambda slot: (free[slot], slot))
        for t in range(len(items) - 1):
            steps[free[b] + t, b] = (items[t], items[t + 1], t == 0)
        free[b] += len(items) - 1
    return [[steps.get((when, b), (0, 0, False)) for b in range(batch_size)] for when in range(max(free))]


@pytest.mark.parametrize("batch_size", [1, 3, 8, 60])
@pytest.mark.parametrize("seed", range(3))
def test_batches_equal_the_loops(batch_size, seed):
    sessions = markov_sessions(40, 9, min_length=1, max_length=7, seed=seed).sessions
    got = [
        list(zip(batch["item"], batch["next"], batch["starts"], strict=True))
        for batch in session_parallel_batches(sessions, batch_size)
    ]
    assert got == loops(sessions, batch_size)


def test_every_pair_of_neighbors_is_read_once():
    sessions = markov_sessions(50, 9, min_length=1, max_length=7, seed=3).sessions
    expected = sorted((row[t], row[t + 1]) for row in sessions for t in range(6) if row[t + 1] != 0)
    got = [
        pair
        for batch in session_parallel_batches(sessions, 7)
        for pair in zip(batch["item"], batch["next"], strict=True)
        if pair != (0, 0)
    ]
    assert sorted(got) == expected


def test_carried_states_are_those_of_whole_sessions():
    """A state that is carried from batch to batch and cleared at each start is what the sessions give."""
    sessions = [[3, 1, 4], [5, 2], [6, 6, 1, 2], [2], [7, 3, 1]]
    model = GRU4Rec(7, hidden_units=[4], seed=0, dtype="float64")
    model.build()
    cell = model.recurrent_layers[0].cell
    h, states = tf.zeros([2, 4], tf.float64), []
    for batch in session_parallel_batches(sessions, 2):
        h = tf.where(batch["starts"][:, None], tf.zeros_like(h), h)
        h, _ = cell(tf.one_hot(batch["item"] - 1, 7, dtype=tf.float64), [h])
        states += [(item, h[b].numpy()) for b, item in enumerate(batch["item"]) if item]
    expected = []
    for row in sessions:
        encoded = model.encode(tf.constant([row]))[0].numpy()
        expected += [(row[t], encoded[t]) for t in range(len(row) - 1)]
    order = [(item, tuple(np.round(state, 12))) for item, state in states]
    assert sorted(order) == sorted((item, tuple(np.round(state, 12))) for item, state in expected)


def test_nothing_to_read_and_bad_size():
    assert list(session_parallel_batches([[1], [], [0, 0]], 2)) == []
    with pytest.raises(ValueError, match="batch_size must be positive, received 0"):
        next(session_parallel_batches([[1, 2]], 0))
