"""The best items of each row of scores: what is shown to a user."""

from __future__ import annotations

import tensorflow as tf


# --8<-- [start:best]
def best_items(scores: tf.Tensor, history: tf.Tensor, k: int, exclude_seen: bool = True) -> tf.Tensor:
    r"""Returns the ids of the ``k`` items with the highest scores, without those of the history.

    $$
    i_{b1}, \dots, i_{bk} = \text{top}_k\; r_{bi}, \qquad r_{bi} = -\infty \text{ for } i \in s_b
    $$

    with the scores $r$ of shape $[B, N]$ and the history $s$ of shape $[B, L]$.

    Args:
        scores: ``[B, N]``, item ``i`` in column ``i-1``, as the models of this package that read a history
            return them; those with several vectors a user have `MultiInterest.scores`.
        history: integer ids ``[B, L]``, 0 is padding.
        k: number of items, from 1 to ``N``.
        exclude_seen: whether items of the history are left out (default: True).

    Returns:
        int32 tensor ``[B, k]`` of item ids ``1 ... N``, best first; where fewer than ``k`` items are left,
        items of the history come last.

    Raises:
        ValueError: ``k`` is not in [1, N], or the shapes do not fit.

    Example:
        >>> scores, history = tf.constant([[3.0, 9.0, 5.0]]), tf.constant([[2, 0]])
        >>> [best_items(scores, history, 2, exclude).numpy().tolist() for exclude in (True, False)]
        [[[3, 1]], [[2, 3]]]
    """
    scores, history = tf.convert_to_tensor(scores), tf.convert_to_tensor(history)
    if history.shape.rank != 2 or not scores.shape.is_compatible_with([history.shape[0], None]):
        received = f"{tuple(scores.shape)}, {tuple(history.shape)}"
        raise ValueError(f"scores and history must be [B, N], [B, L], received {received}")
    if not 1 <= k <= scores.shape[1]:
        raise ValueError(f"k must be in [1, {scores.shape[1]}], received {k!r}")
    if exclude_seen:
        # Places of the items that were seen; one-hot rows would take B*L*N numbers.
        steps = tf.where(tf.not_equal(history, 0))
        items = tf.cast(tf.gather_nd(history, steps), tf.int64) - 1
        lowest = tf.fill(tf.shape(items), scores.dtype.min)
        scores = tf.tensor_scatter_nd_update(scores, tf.stack([steps[:, 0], items], axis=1), lowest)
    return tf.math.top_k(scores, k).indices + 1


# --8<-- [end:best]
