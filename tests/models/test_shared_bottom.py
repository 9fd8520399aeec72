import numpy as np
import tensorflow as tf

from recnotes.models.shared_bottom import SharedBottom


def test_by_hand():
    model = SharedBottom(("a", "b"), bottom_units=(2,), tower_units=(1,), seed=0)
    x = {"dense": tf.constant([[1.0, 2.0]])}
    model(x)
    model.bottom.set_weights([np.array([[1.0, -1.0], [1.0, 0.0]]), np.array([0.0, 0.5])])  # f = relu(3, -0.5)
    model.towers[0].set_weights([np.array([[1.0], [1.0]]), np.zeros(1), np.array([[2.0]]), np.array([0.5])])
    model.towers[1].set_weights([np.array([[-1.0], [1.0]]), np.ones(1), np.array([[2.0]]), np.array([0.5])])
    outputs = model(x)
    np.testing.assert_allclose(outputs["a"], [6.5])  # 2 · 3 + 0.5
    np.testing.assert_allclose(outputs["b"], [0.5])  # the tower's unit is off: 1 − 3 < 0


def test_only_the_towers_tell_tasks_apart():
    model = SharedBottom(seed=0)
    x = {"dense": tf.constant(np.random.default_rng(0).normal(size=(4, 6)), tf.float32)}
    model(x)
    model.towers[1].set_weights(model.towers[0].get_weights())
    outputs = model(x)
    np.testing.assert_array_equal(outputs["task_1"], outputs["task_2"])
