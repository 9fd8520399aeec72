"""The best items of each row of scores."""

from __future__ import annotations

import tensorflow as tf


def best_items(scores: tf.Tensor, history: tf.Tensor, k: int, exclude_seen: bool) -> tf.Tensor:
    """Returns the ids of the ``k`` items with the highest scores.

    Args:
        scores: ``[B, N]``, item ``i`` in column ``i-1``.
        history: integer tensor ``[B, L]``, 0 is padding.
        k: number of items.
        exclude_seen: whether items of the history come last.

    Returns:
        int32 tensor ``[B, k]`` of item ids, best first.

    Example:
        >>> scores, history = tf.constant([[3.0, 9.0, 5.0]]), tf.constant([[2, 0]])
        >>> [best_items(scores, history, 2, exclude).numpy().tolist() for exclude in (True, False)]
        [[[3, 1]], [[2, 3]]]
    """
    if exclude_seen:
        # Places of the items that were seen; one-hot rows would take B*L*N numbers.
        steps = tf.where(tf.not_equal(history, 0))
        items = tf.cast(tf.gather_nd(history, steps), tf.int64) - 1
        lowest = tf.fill(tf.shape(items), scores.dtype.min)
        scores = tf.tensor_scatter_nd_update(scores, tf.stack([steps[:, 0], items], axis=1), lowest)
    return tf.math.top_k(scores, k).indices + 1
