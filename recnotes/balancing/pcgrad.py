"""PCGrad: take from a task's gradient what works against another task."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.balancing._border import check_order, check_square, check_tasks
from recnotes.balancing.balancer import Balancer


def pcgrad(gradients: tf.Tensor, order: tf.Tensor) -> tf.Tensor:
    r"""Projects each gradient onto the plane normal to every other one that it conflicts with.

    $$
    g_i \leftarrow g_i - \frac{\langle g_i, h_j \rangle}{\|h_j\|^2}\, h_j
    \quad \text{if} \quad \langle g_i, h_j \rangle < 0
    $$

    with gradients $g$ of shape $[T, n]$, at first equal to $h$, which stays as it was, for each $i$ over the
    other $j$ in a given order. For two tasks neither conflicts with the other's original afterwards; for
    more, a later projection may bring a conflict back.

    Args:
        gradients: $h$, one row a task, ``[T, n]``.
        order: for each task in which order it meets all, ``[T, T]``, every row a permutation.

    Returns:
        Projected gradients ``[T, n]``; their sum is the step.

    Raises:
        ValueError: the shapes do not fit, or the order is not of integers.

    Example:
        >>> g = tf.constant([[1.0, 0.0], [-1.0, 1.0]])
        >>> pcgrad(g, tf.constant([[0, 1], [0, 1]])).numpy().tolist()
        [[0.5, 0.5], [0.0, 1.0]]

    References:
        Yu et al., *Gradient Surgery for Multi-Task Learning*, NeurIPS 2020, https://arxiv.org/abs/2001.06782,
        algorithm 1. The authors' code (https://github.com/tianheyu927/PCGrad, ``PCGrad_tf.py``) means to
        shuffle the tasks but drops the result, so that its order is always the same.
    """
    if gradients.shape.rank != 2 or not gradients.shape[0]:
        raise ValueError(f"gradients must have shape [T, n], received {tuple(gradients.shape)}")
    check_order(order, gradients.shape[0])
    projected = []
    for i in range(gradients.shape[0]):
        g = gradients[i]
        for t in range(gradients.shape[0]):
            j = order[i, t]
            h = gradients[j]
            inner = tf.where(j == i, tf.zeros([], g.dtype), tf.minimum(tf.reduce_sum(g * h), 0))
            g -= tf.math.divide_no_nan(inner, tf.reduce_sum(h * h)) * h
        projected.append(g)
    return tf.stack(projected)


def pcgrad_weights(gram: tf.Tensor, order: tf.Tensor) -> tf.Tensor:
    r"""Returns how often each original gradient is in the sum of the projected ones.

    $$
    \sum_i g_i = \sum_j a_j h_j, \qquad a_j = \sum_i C_{ij}, \qquad
    C_{ij} \leftarrow C_{ij} - \frac{(C G)_{ij}}{G_{jj}} \quad \text{if} \quad (C G)_{ij} < 0
    $$

    with inner products $G$ of shape $[T, T]$, coefficients $C$ of shape $[T, T]$, at first the identity, and
    $a$ of shape $[T]$. The steps are those of `pcgrad`, in the coordinates of the original gradients: no
    vector as long as the model is projected.

    Args:
        gram: inner products of the gradients, ``[T, T]``.
        order: for each task in which order it meets all, ``[T, T]``.

    Returns:
        ``[T]``, 1 for a task that conflicts with none.

    Raises:
        ValueError: the shapes do not fit, or the order is not of integers.

    Example:
        >>> gram = tf.constant([[1.0, -1.0], [-1.0, 2.0]])
        >>> pcgrad_weights(gram, tf.constant([[0, 1], [0, 1]])).numpy().tolist()
        [2.0, 1.5]

    References:
        Yu et al., NeurIPS 2020, https://arxiv.org/abs/2001.06782, algorithm 1.
    """
    num_tasks = check_square("gram", gram)
    check_order(order, num_tasks)
    total = tf.zeros([num_tasks], gram.dtype)
    for i in range(num_tasks):
        c = tf.one_hot(i, num_tasks, dtype=gram.dtype)
        for t in range(num_tasks):
            j = order[i, t]
            inner = tf.where(j == i, tf.zeros([], gram.dtype), tf.minimum(tf.reduce_sum(c * gram[j]), 0))
            c -= tf.math.divide_no_nan(inner, gram[j, j]) * tf.one_hot(j, num_tasks, dtype=gram.dtype)
        total += c
    return total


@keras.saving.register_keras_serializable("recnotes")
class PCGrad(Balancer):
    r"""Weighs tasks as if their conflicting gradients had been projected.

    $$
    \sum_i g_i = \sum_j a_j h_j
    $$

    with $a$ of shape $[T]$ from `pcgrad_weights` and a new random order at every step.

    Args:
        seed: seed of the orders (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        A `Balancer`.

    Example:
        >>> balancer = PCGrad(seed=0)
        >>> balancer.build((2,))
        >>> balancer.task_weights(tf.ones(2), tf.constant([[1.0, -1.0], [-1.0, 2.0]])).numpy().tolist()
        [2.0, 1.5]

    References:
        Yu et al., NeurIPS 2020, https://arxiv.org/abs/2001.06782. Here gradients are compared on the weights
        that tasks share, and a tower's own gradient stays as it is.
    """

    weighs_towers = False

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def task_weights(self, losses: tf.Tensor, gram: tf.Tensor) -> tf.Tensor:
        """Draws an order and weighs.

        Args:
            losses: ``[T]``, looked at for their shape only.
            gram: ``[T, T]``.

        Returns:
            ``[T]``.

        Raises:
            ValueError: the shapes do not fit the number of tasks.
        """
        check_tasks(self.num_tasks, losses=losses)
        check_square("gram", gram, self.num_tasks)
        draws = keras.random.uniform([self.num_tasks] * 2, seed=self.generator)
        return pcgrad_weights(gram, tf.argsort(draws, axis=1))

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the balancer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {**super().get_config(), "seed": self.seed}
