"""What trains a user vector to find its item: softmax over the item table, or over items drawn from it."""

from __future__ import annotations

import tensorflow as tf

SAMPLERS = ("log_uniform", "uniform")


def draw_items(
    rows: tf.Tensor, num_items: int, num_sampled: int, sampler: str = "log_uniform", seed: int | None = None
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    r"""Draws different items for a whole batch, and says how often each was to be expected.

    $$
    P(r) = \frac{\log(r+2) - \log(r+1)}{\log(N+1)} \quad\text{or}\quad P(r) = \frac1N, \qquad
    Q(r) = 1 - \big(1 - P(r)\big)^{T}
    $$

    with rows $r = 0 \dots N-1$, drawn again until $S$ different ones are found, which took $T$ draws; the
    result has the shapes $[S]$, $[B]$ and $[S]$. The log-uniform $P$ presumes rows sorted by falling
    popularity. $Q$ is what TensorFlow reports: near the share of batches with the row, though $T$ depends on
    what was drawn, and too high for a row that most batches hold. Where ``num_sampled`` reaches ``num_items``
    all rows are returned with $Q = 1$, which makes the sampled softmax the full one.

    Args:
        rows: the rows' true items, integers ``[B]`` counted from 0.
        num_items: number of items ``N``.
        num_sampled: number of items drawn, ``S``.
        sampler: "log_uniform" or "uniform" (default: "log_uniform").
        seed: seed of the operation; inside one ``tf.function`` each step draws anew (default: None).

    Returns:
        The drawn rows, the expected counts of the true items and of the drawn.

    Raises:
        ValueError: the sampler is unknown or a size is not positive.

    Example:
        >>> drawn, _, _ = draw_items(tf.constant([3]), 10, 4, seed=0)
        >>> len(set(drawn.numpy().tolist()))
        4

    References:
        Jean et al., *On Using Very Large Target Vocabulary for Neural Machine Translation*, ACL 2015,
        https://arxiv.org/abs/1412.2007. Both samplers are TensorFlow's.
    """
    if sampler not in SAMPLERS:
        raise ValueError(f"sampler must be one of {SAMPLERS}, received {sampler!r}")
    if num_items < 1 or num_sampled < 1:
        raise ValueError(f"num_items, num_sampled must be positive, received {num_items!r}, {num_sampled!r}")
    rows = tf.cast(rows, tf.int64)
    if num_sampled >= num_items:
        return tf.range(num_items, dtype=tf.int64), tf.ones(tf.shape(rows)), tf.ones([num_items])
    is_uniform = sampler == "uniform"
    draw = tf.random.uniform_candidate_sampler if is_uniform else tf.random.log_uniform_candidate_sampler
    drawn, true_count, drawn_count = draw(rows[:, None], 1, num_sampled, True, num_items, seed)
    return drawn, tf.reshape(true_count, [-1]), drawn_count


def sampled_item_loss(
    user: tf.Tensor,
    table: tf.Tensor,
    target: tf.Tensor,
    num_sampled: int,
    sampler: str = "log_uniform",
    seed: int | None = None,
) -> tf.Tensor:
    r"""Averages the sampled softmax loss of user vectors against the items that followed.

    $$
    \mathcal{L} = -\frac1{\sum_b m_b}
    \sum_b m_b \log \frac{e^{z_{b0}}}{e^{z_{b0}} + \sum_{s=1}^{S} e^{z_{bs}}},
    \qquad z_{bs} = \langle v_b, E_{n_s} \rangle - \log Q(n_s)
    $$

    with user vectors $v$ of shape $[B, D]$, the item table $E$ of shape $[N, D]$ (item $i$ in row $i-1$),
    logits $z$ of shape $[B, 1+S]$, the true item first, and $m_b = 1$ where there is a target.

    Args:
        user: float tensor ``[B, D]``, taken to the precision of the table.
        table: item vectors ``[N, D]``, a variable or a tensor.
        target: item ids ``[B]`` from ``1 ... N``; a row with 0 does not count.
        num_sampled: number of items drawn for the batch, ``S``.
        sampler: "log_uniform" or "uniform" (default: "log_uniform").
        seed: seed of the draws (default: None).

    Returns:
        float tensor, a scalar; 0 where no row has a target.

    Raises:
        ValueError: see `draw_items`.

    Example:
        >>> loss = sampled_item_loss(tf.zeros([1, 2]), tf.ones([3, 2]), tf.constant([2]), 3)
        >>> round(float(loss), 4)  # log 3
        1.0986

    References:
        Cen et al., *Controllable Multi-Interest Framework for Recommendation*, KDD 2020,
        https://arxiv.org/abs/2005.09347. The authors' code (THUDM/ComiRec, ``src/model.py``) draws ten times
        as many items as the batch has rows, log-uniformly, and shares them among the rows.
    """
    user, num_items = tf.cast(user, table.dtype), table.shape[0]
    rows = tf.maximum(target - 1, 0)  # [B]
    drawn, *counts = draw_items(rows, num_items, num_sampled, sampler, seed)
    true_count, drawn_count = (tf.cast(count, user.dtype) for count in counts)
    sampled = {"sampled_values": (drawn, true_count[:, None], drawn_count)}
    biases, count = tf.zeros([num_items], user.dtype), min(num_sampled, num_items)
    loss = tf.nn.sampled_softmax_loss(table, biases, rows[:, None], user, count, num_items, **sampled)  # [B]
    m = tf.cast(target > 0, user.dtype)  # [B]
    return tf.reduce_sum(m * loss) / tf.maximum(tf.reduce_sum(m), 1)
