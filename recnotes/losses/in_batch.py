"""Softmax over the items of the batch, corrected for how often each gets there."""

from __future__ import annotations

import tensorflow as tf

from recnotes.losses._shapes import wide


def in_batch_softmax_loss(
    users: tf.Tensor,
    items: tf.Tensor,
    log_q: tf.Tensor | None = None,
    item_ids: tf.Tensor | None = None,
    temperature: float = 1.0,
) -> tf.Tensor:
    r"""Cross-entropy of each user's item against the items of the other rows.

    $$
    \ell_b = -\log \frac{e^{z_{bb}}}{\sum_c e^{z_{bc}}}, \qquad
    z_{bc} = \frac{\langle u_b, v_c \rangle}{\tau} - \log q_c
    $$

    with users $u$ and items $v$ of shape $[B, D]$, $z$ of shape $[B, B]$, and $q_c$ the probability that the
    item of row $c$ is in a batch. Without the correction a popular item is pushed away by all the rows in
    which it is a negative. With ``item_ids`` a row that holds the same item as row
    $b$ is no negative of it.

    Args:
        users: ``[B, D]``.
        items: ``[B, D]``, row ``b`` belongs to user ``b``.
        log_q: logarithm of each row's item's sampling probability, ``[B]``, None for no correction
            (default: None).
        item_ids: ids ``[B]``, so that a repeated item is no negative, None to not look (default: None).
        temperature: $\tau$ (default: 1.0).

    Returns:
        Losses ``[B]``.

    Raises:
        ValueError: the shapes do not fit, or ``temperature`` is not positive.

    Example:
        >>> float(in_batch_softmax_loss(tf.zeros([1, 2]), tf.ones([1, 2]))[0])  # no other item
        0.0

    References:
        Yi et al., *Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations*,
        RecSys 2019, https://doi.org/10.1145/3298689.3346996, equation 4. Its sum holds rows with the same
        item, too.
    """
    v = wide(items)
    u = tf.cast(users, v.dtype)
    if u.shape.rank != 2 or not u.shape.is_compatible_with(v.shape):
        raise ValueError(f"users and items must have one shape [B, D], received {u.shape} and {v.shape}")
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, received {temperature!r}")
    if log_q is not None and not u.shape[:1].is_compatible_with(tf.convert_to_tensor(log_q).shape):
        raise ValueError(f"log_q must be {[u.shape[0]]} like users, received {log_q!r}")
    if item_ids is not None and not u.shape[:1].is_compatible_with(tf.convert_to_tensor(item_ids).shape):
        raise ValueError(f"item_ids must be {[u.shape[0]]} like users, received {item_ids!r}")
    z = tf.matmul(u, v, transpose_b=True) / temperature
    if log_q is not None:
        z -= tf.cast(log_q, z.dtype)
    if item_ids is not None:
        same = (tf.convert_to_tensor(item_ids)[:, None] == item_ids) & ~tf.eye(tf.shape(z)[0], dtype=tf.bool)
        z = tf.where(same, tf.constant(z.dtype.min, z.dtype), z)
    return tf.reduce_logsumexp(z, axis=1) - tf.linalg.diag_part(z)
