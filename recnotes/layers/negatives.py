"""Negative sampling without rejection: over the items a row does not contain, or by popularity."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf


# --8<-- [start:sample]
def sample_negatives(
    exclude: tf.Tensor, num_items: int, shape: Sequence[int | tf.Tensor], seed: tf.Tensor | Sequence[int]
) -> tf.Tensor:
    r"""Draws, for each row, item ids uniformly from those the row does not contain.

    Let $e_0 < e_1 < \dots < e_{m-1}$ be the distinct items of a row. A uniform $r \in \{1, \dots, N-m\}$ is
    moved past the excluded items:

    $$
    j = r + \#\{k : e_k - k \le r\}
    $$

    which maps $1 \dots N-m$ one to one onto the items that are not excluded: no draw is ever rejected, so
    that the number of operations is fixed and the sampler runs inside a graph.

    Args:
        exclude: integer tensor ``[B, S]`` of item ids, 0 is padding, repeats allowed.
        num_items: number of items ``N``, ids are ``1 ... N``.
        shape: what follows the batch axis in the result.
        seed: two integers; the same seed draws the same items.

    Returns:
        tensor ``[B, *shape]`` of the dtype of ``exclude``.

    Raises:
        tf.errors.InvalidArgumentError: a row excludes every item.

    Example:
        >>> sample_negatives(tf.constant([[2, 1, 0, 2]]), 3, [4], seed=[0, 0]).numpy().tolist()
        [[3, 3, 3, 3]]

    References:
        Kang and McAuley, *Self-Attentive Sequential Recommendation*, ICDM 2018,
        https://arxiv.org/abs/1808.09781. The authors' code draws again until the item is not in the user's
        training set, on the CPU, in processes beside the training loop.
    """
    shape = tf.stack([tf.shape(exclude)[0], *shape])
    big = exclude.dtype.max
    e = tf.sort(tf.where(exclude > 0, exclude, big), axis=1)  # [B, S]
    repeated = tf.concat([tf.zeros_like(e[:, :1], tf.bool), e[:, 1:] == e[:, :-1]], axis=1)  # [B, S]
    e = tf.sort(tf.where(repeated, big, e), axis=1)  # [B, S]
    m = tf.reduce_sum(tf.cast(e < big, tf.int32), axis=1)  # [B]
    # Inside a tf.function the check runs before what follows.
    tf.debugging.assert_less(m, num_items, message="each row must leave an item that is not excluded")
    count = [shape[0], tf.reduce_prod(shape[1:])]
    u = tf.random.stateless_uniform(count, tf.cast(seed, tf.int32), dtype=tf.float64)
    r = 1 + tf.cast(tf.floor(u * tf.cast(num_items - m, tf.float64)[:, None]), exclude.dtype)
    gaps = e - tf.range(tf.shape(e)[1], dtype=exclude.dtype)  # [B, S]
    return tf.reshape(r + tf.cast(tf.searchsorted(gaps, r, side="right"), exclude.dtype), shape)


# --8<-- [end:sample]


# --8<-- [start:popular]
def sample_popular(
    popularity: tf.Tensor, alpha: float, shape: Sequence[int | tf.Tensor], seed: tf.Tensor | Sequence[int]
) -> tf.Tensor:
    r"""Draws item ids with probabilities that grow with a power of how often an item is clicked.

    $$
    P(i) = \frac{s_i^\alpha}{\sum_j s_j^\alpha}
    $$

    with the numbers of clicks $s$ of shape $[N]$. $\alpha = 0$ is uniform, $\alpha = 1$ follows the clicks.

    Args:
        popularity: $s$, numbers from 0, not all 0, ``[N]``.
        alpha: $\alpha$; an item without clicks is drawn for 0 only.
        shape: of the result.
        seed: two integers; the same seed draws the same items.

    Returns:
        int32 ids ``1 ... N`` of that shape, drawn with repetition.

    Example:
        >>> sample_popular(tf.constant([0.0, 5.0, 0.0]), 0.75, [4], seed=[0, 0]).numpy().tolist()
        [2, 2, 2, 2]

    References:
        Hidasi and Karatzoglou, *Recurrent Neural Networks with Top-k Gains for Session-based
        Recommendations*, CIKM 2018, https://arxiv.org/abs/1706.03847. The authors' code
        (https://github.com/hidasib/GRU4Rec, ``generate_neg_samples``) draws in the same way.
    """
    edges = tf.cumsum(tf.cast(popularity, tf.float64) ** alpha)  # [N]
    u = edges[-1] * tf.random.stateless_uniform(shape, tf.cast(seed, tf.int32), dtype=tf.float64)
    found = tf.searchsorted(edges, tf.reshape(u, [-1]), side="right")  # the first edge above u
    return tf.reshape(tf.minimum(found + 1, tf.size(edges)), shape)


# --8<-- [end:popular]
