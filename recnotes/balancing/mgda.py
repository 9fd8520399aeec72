"""MGDA: the shortest vector among all mixtures of the gradients makes no task worse."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.balancing._border import check_square, check_tasks
from recnotes.balancing.balancer import Balancer


def min_norm_pair(gram: tf.Tensor) -> tf.Tensor:
    r"""Returns the mixture of two gradients with the smallest norm, in closed form.

    $$
    \gamma = \text{clip}\Big( \frac{\langle g_2 - g_1, g_2 \rangle}{\|g_1 - g_2\|^2}, 0, 1 \Big), \qquad
    a = (\gamma, 1 - \gamma)
    $$

    with gradients $g_1, g_2$ of one shape, of which only the inner products $G$ of shape $[2, 2]$ count.

    Args:
        gram: inner products, ``[2, 2]``.

    Returns:
        ``[2]``, not negative, of sum 1; halves for equal gradients.

    Raises:
        ValueError: ``gram`` has another shape.
        tf.errors.InvalidArgumentError: it holds NaN or an infinite number.

    Example:
        >>> min_norm_pair(tf.constant([[1.0, 0.0], [0.0, 3.0]])).numpy().tolist()
        [0.75, 0.25]

    References:
        Sener and Koltun, *Multi-Task Learning as Multi-Objective Optimization*, NeurIPS 2018,
        https://arxiv.org/abs/1810.04650, where the closed form is that of two tasks. The authors' code
        (https://github.com/isl-org/MultiObjectiveOptimization, ``min_norm_solvers.py``) takes 0.001 and 0.999
        in place of 0 and 1.
    """
    check_square("gram", gram, 2)
    return _pair(tf.debugging.check_numerics(gram, "gram"))


def _pair(gram: tf.Tensor) -> tf.Tensor:
    above, below = gram[1, 1] - gram[0, 1], gram[0, 0] - 2 * gram[0, 1] + gram[1, 1]
    ratio = tf.where(below > 0, tf.math.divide_no_nan(above, below), tf.constant(0.5, gram.dtype))
    gamma = tf.clip_by_value(ratio, 0, 1)
    return tf.stack([gamma, 1 - gamma])


def min_norm_weights(gram: tf.Tensor, num_steps: int = 100) -> tf.Tensor:
    r"""Finds the mixture of gradients with the smallest norm by the Frank–Wolfe method.

    $$
    a^\star = \arg\min_a \Big\| \sum_k a_k g_k \Big\|^2 = \arg\min_a a^\top G a, \qquad
    a_k \ge 0, \quad \sum_k a_k = 1
    $$

    $$
    a \leftarrow (1 - \gamma)\, a + \gamma\, e_m, \qquad m = \arg\min_k (G a)_k
    $$

    with inner products $G$ of shape $[T, T]$, $a$ of shape $[T]$, 1/T at first, and at each step the $\gamma$
    between 0 and 1 that makes the norm smallest, see `min_norm_pair`. At the optimum
    $\langle g_k, \sum_j a_j g_j \rangle \ge \|\sum_j a_j g_j\|^2$ for all $k$: a small step against the
    mixture lowers every loss, or the mixture is 0 and no direction does. For two tasks one step is exact.

    Args:
        gram: inner products of the gradients, ``[T, T]``.
        num_steps: steps of the method (default: 100).

    Returns:
        ``[T]``, not negative, of sum 1.

    Raises:
        ValueError: ``gram`` is not square, or ``num_steps`` is not positive.
        tf.errors.InvalidArgumentError: ``gram`` holds NaN or an infinite number.

    Example:
        >>> min_norm_weights(tf.constant([[1.0, 0.0], [0.0, 3.0]])).numpy().tolist()
        [0.75, 0.25]

    References:
        Sener and Koltun, NeurIPS 2018, https://arxiv.org/abs/1810.04650, algorithm 2. The authors' code
        starts from the best mixture of two of the gradients.
    """
    num_tasks = check_square("gram", gram)
    if isinstance(num_steps, int) and num_steps < 1:
        raise ValueError(f"num_steps must be positive, received {num_steps!r}")
    gram = tf.debugging.check_numerics(gram, "gram")

    def step(t: tf.Tensor, a: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        product = tf.linalg.matvec(gram, a)  # [T]
        m = tf.argmin(product)
        mixed = tf.reduce_sum(a * product)
        gamma = _pair(tf.stack([[gram[m, m], product[m]], [product[m], mixed]]))[0]
        # Where vertex and mixture are one vector, either share is best.
        return t + 1, (1 - gamma) * a + gamma * tf.one_hot(m, num_tasks, dtype=gram.dtype)

    start = (tf.constant(0), tf.fill([num_tasks], tf.constant(1 / num_tasks, gram.dtype)))
    return tf.while_loop(lambda t, a: t < num_steps, step, start)[1]


@keras.saving.register_keras_serializable("recnotes")
class MGDA(Balancer):
    r"""Weighs tasks so that the shared weights move in a direction that suits all.

    $$
    a = \arg\min_a \Big\| \sum_k a_k g_k \Big\|^2
    $$

    with $a$ of shape $[T]$ from `min_norm_weights`. A task with a short gradient gets most of the weight, be
    it that it is solved or that its loss has small units. A task without a row in a
    batch has no gradient and gets all of it: the shared weights stand still at that step.

    Args:
        num_steps: steps of the Frank–Wolfe method (default: 100).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        A `Balancer`.

    Raises:
        ValueError: ``num_steps`` is not positive.

    Example:
        >>> balancer = MGDA()
        >>> balancer.build((2,))
        >>> balancer.task_weights(tf.ones(2), tf.constant([[1.0, 0.0], [0.0, 3.0]])).numpy().tolist()
        [0.75, 0.25]

    References:
        Sener and Koltun, NeurIPS 2018, https://arxiv.org/abs/1810.04650. The weights reach what tasks share;
        a tower's own gradient stays as it is, as in algorithm 2. Their faster upper bound, which looks at the
        gradients of the shared representation only, is not here.
    """

    weighs_towers = False

    def __init__(self, num_steps: int = 100, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if num_steps < 1:
            raise ValueError(f"num_steps must be positive, received {num_steps!r}")
        self.num_steps = num_steps

    def task_weights(self, losses: tf.Tensor, gram: tf.Tensor) -> tf.Tensor:
        """Solves for the mixture.

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
        return min_norm_weights(gram, self.num_steps)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the balancer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {**super().get_config(), "num_steps": self.num_steps}
