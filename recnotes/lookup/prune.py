"""What a safe lookup drops: ids that are negative, weights that are not positive."""

import tensorflow as tf

from recnotes.lookup.segments import check_combiner

Entries = tuple[tf.Tensor, tf.Tensor, tf.Tensor | None]


def _keep(entries: Entries, keep: tf.Tensor) -> Entries:
    segments, ids, weights = entries
    return (
        tf.boolean_mask(segments, keep),
        tf.boolean_mask(ids, keep),
        None if weights is None else tf.boolean_mask(weights, keep),
    )


def prune_ids(segments: tf.Tensor, ids: tf.Tensor, weights: tf.Tensor | None = None) -> Entries:
    r"""Drop the entries whose id is negative.

    Of the entries $(s_k, v_k, w_k)$, each tensor `[K]`, those with $v_k \ge 0$ stay, in their order. Ids
    beyond the table stay too: they are an error, not a missing value.

    Args:
        segments: integer tensor `[K]`.
        ids: integer tensor `[K]`.
        weights: tensor `[K]` (default: None).

    Returns:
        The triple (segments, ids, weights) of what stays; weights is None where it was.

    Example:
        >>> import tensorflow as tf
        >>> segments, ids, _ = prune_ids(tf.constant([0, 0, 1]), tf.constant([5, -1, 0]))
        >>> print(segments.numpy(), ids.numpy())
        [0 1] [5 0]

    References:
        TensorFlow, `_prune_invalid_ids` in `python/ops/embedding_ops.py`,
        https://github.com/tensorflow/tensorflow.
    """
    # --8<-- [start:prune_ids]
    return _keep((segments, ids, weights), ids >= 0)
    # --8<-- [end:prune_ids]


def prune_weights(
    segments: tf.Tensor, ids: tf.Tensor, weights: tf.Tensor | None = None, combiner: str = "mean"
) -> Entries:
    r"""Drop the entries whose weight is not positive, unless the combiner is "sum".

    Of the entries $(s_k, v_k, w_k)$, each tensor `[K]`, those with $w_k > 0$ stay: a divisor $\sum_k w_k$
    made of them cannot be 0. "sum" does not divide, so zero and negative weights stay. NaN goes: it is not
    greater than 0.

    Args:
        segments: integer tensor `[K]`.
        ids: integer tensor `[K]`.
        weights: tensor `[K]`; None drops nothing (default: None).
        combiner: "sum", "mean" or "sqrtn" (default: "mean").

    Returns:
        The triple (segments, ids, weights) of what stays.

    Raises:
        ValueError: If the combiner is another one.

    Example:
        >>> import tensorflow as tf
        >>> entries = tf.constant([0, 0, 1]), tf.constant([5, 3, 0]), tf.constant([2.0, 0.0, -1.0])
        >>> print([prune_weights(*entries, combiner=c)[1].numpy().tolist() for c in ("mean", "sum")])
        [[5], [5, 3, 0]]

    References:
        TensorFlow, `_prune_invalid_weights` in `python/ops/embedding_ops.py`,
        https://github.com/tensorflow/tensorflow. The docstring of `tf.nn` does not mention the exception for
        "sum".
    """
    # --8<-- [start:prune_weights]
    check_combiner(combiner)
    if weights is None or combiner == "sum":
        return segments, ids, weights
    return _keep((segments, ids, weights), weights > 0)
    # --8<-- [end:prune_weights]
