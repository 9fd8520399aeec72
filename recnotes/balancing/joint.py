"""Tasks that not every row belongs to: each loss is a mean over its own rows."""

from __future__ import annotations

import tensorflow as tf

from recnotes.losses._shapes import pair


def joint_sample_loss(losses: tf.Tensor, delta: tf.Tensor) -> tf.Tensor:
    r"""Averages a task's losses over the rows of its sample space.

    $$
    L_k = \frac{1}{\sum_b \delta_{kb}} \sum_b \delta_{kb}\, \ell_{kb}
    $$

    with losses $\ell_k$ and $\delta_k$ of shape $[B]$, 1 where a row belongs to task $k$ and 0 elsewhere, and
    $L_k$ a scalar. Dividing by $B$ instead would make a task count less the fewer rows it has.

    Args:
        losses: ``[B]``.
        delta: 0 or 1, ``[B]``.

    Returns:
        A scalar; 0 if no row belongs to the task.

    Raises:
        ValueError: the shapes differ or are not ``[B]``.
        tf.errors.InvalidArgumentError: a ``delta`` is below 0 or NaN.

    Example:
        >>> float(joint_sample_loss(tf.constant([1.0, 3.0, 100.0]), tf.constant([1.0, 1.0, 0.0])))
        2.0

    References:
        Tang et al., *Progressive Layered Extraction (PLE)*, RecSys 2020,
        https://doi.org/10.1145/3383313.3412236, section 4.3, over the union of the tasks' samples. The
        authors published no code. Keras, given ``sample_weight``, divides by $B$, and for outputs of shape
        ``[B]`` takes the mean before it weighs, so that a weight of 0 hides nothing.
    """
    delta, losses = pair("delta", delta, "losses", losses, 1)
    # NaN is not at least 0 either.
    tf.debugging.assert_equal(tf.reduce_all(delta >= 0), True, "delta must be at least 0")
    return tf.math.divide_no_nan(tf.reduce_sum(delta * losses), tf.reduce_sum(delta))
