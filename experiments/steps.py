"""One epoch of gradient steps as one compiled function; what a batch's loss is, its callers say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

Losses = Callable[[Any], tuple[tf.Tensor, tf.Tensor]]


def compiled_epoch(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, batch_size: int, losses: Losses
) -> Callable[[Any, np.ndarray], float]:
    """Compiles an epoch: batch after batch in a given order, one step of the optimizer for each.

    Args:
        model: the model, built.
        optimizer: the optimizer; this builds it.
        batch_size: rows of a step; the last one of an epoch may have fewer.
        losses: of a batch the loss that is reported and the one whose gradient is followed.

    Returns:
        A function of the columns, tensors ``[n, …]`` in any nesting, and of the order of their rows; it
        trains an epoch and returns the mean of the reported losses.
    """
    weights = list(model.trainable_weights)
    optimizer.build(weights)

    @tf.function
    def epoch(columns: Any, order: tf.Tensor) -> tf.Tensor:
        total = tf.constant(0.0)
        steps = (tf.shape(order)[0] + batch_size - 1) // batch_size
        for step in tf.range(steps):
            rows = order[step * batch_size : (step + 1) * batch_size]
            batch = tf.nest.map_structure(lambda column, rows=rows: tf.gather(column, rows), columns)
            with tf.GradientTape() as tape:
                reported, followed = losses(batch)
            gradients = tape.gradient(followed, [weight.value for weight in weights])
            optimizer.apply(gradients, weights)
            total += reported
        return total / tf.cast(steps, tf.float32)

    return lambda columns, order: float(epoch(columns, tf.constant(order, tf.int32)))
