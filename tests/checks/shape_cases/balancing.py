"""What loss balancing uses."""

import keras
import tensorflow as tf

from recnotes.balancing import Balanced, min_norm_weights
from recnotes.models.shared_bottom import SharedBottom
from tests.checks.shape_cases import sizes

TASKS = ("a", "b", "c")


@sizes(T=3)
def case_min_norm():
    min_norm_weights(tf.eye(3), num_steps=1)


@sizes(T=3)
def case_step():
    model = Balanced(SharedBottom(TASKS, (5,), (4,), seed=0))
    model.compile(keras.optimizers.SGD(0.1), loss=dict.fromkeys(TASKS, "mse"), run_eagerly=True)
    x, y = {"dense": tf.ones([7, 2])}, dict.fromkeys(TASKS, tf.ones([7]))
    model(x)
    model.train_step((x, y))
