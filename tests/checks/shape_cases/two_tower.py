"""What the topic of two towers uses."""

import numpy as np
import tensorflow as tf

from recnotes.data.choices import planted_choices
from recnotes.layers.frequency import StreamingFrequency
from recnotes.layers.hashed_frequency import HashedFrequency
from recnotes.models.two_tower import TwoTower
from tests.checks.shape_cases import sizes


@sizes(B=3)
def case_frequency():
    StreamingFrequency(5)(tf.constant([0, 4, 4]), training=True)
    HashedFrequency(5)(tf.constant([0, 4, 4]), training=True)


@sizes(B=3, F=(2, 4), D=11, U=13)
def case_two_tower():
    rng = np.random.default_rng(0)
    model = TwoTower(8, 9, [5], [6, 7, 8], embedding_dim=11, hidden_units=(13,))
    ids = {"user": rng.integers(0, 8, 3), "item": rng.integers(0, 9, 3)}
    fields = {"user_fields": np.zeros([3, 1], int), "item_fields": np.zeros([3, 3], int)}
    model({**ids, **fields})


@sizes(B=3, U=5, N=7)
def case_choices():
    planted_choices(3, num_users=5, num_items=7)
