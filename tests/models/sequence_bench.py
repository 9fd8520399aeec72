"""What the tests of models that read a history and score all items share."""

import numpy as np
import tensorflow as tf


def loss_and_gradients(model, inputs):
    """The loss and the gradient of every weight, as arrays."""
    x = {name: tf.constant(value) for name, value in inputs.items()}
    with tf.GradientTape() as tape:
        value = model.compute_loss(x, y_pred=model(x))
    gradients = tape.gradient(value, model.trainable_variables)
    return [value.numpy(), *(tf.convert_to_tensor(g).numpy() for g in gradients)]


def check_padding_changes_no_score(model, atol=1e-12):
    """In float64, where sums of another length may be associated differently."""
    tight = model({"history": np.array([[3, 1, 4]])})
    for row in ([3, 1, 4, 0, 0, 0, 0], [0, 0, 3, 1, 4], [0, 3, 0, 1, 4, 0]):
        np.testing.assert_allclose(model({"history": np.array([row])}), tight, atol=atol)


def check_padding_changes_no_gradient(model, tight, padded, atol=1e-12):
    for a, b in zip(loss_and_gradients(model, tight), loss_and_gradients(model, padded), strict=True):
        np.testing.assert_allclose(a, b, atol=atol)
