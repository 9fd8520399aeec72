"""GradNorm: tasks that learn slowly get a larger share of the gradient."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.balancing._border import check_square, check_tasks
from recnotes.balancing.balancer import Balancer

_SMALLEST = 1e-3


def gradnorm_targets(
    losses: tf.Tensor, initial: tf.Tensor, norms: tf.Tensor, weights: tf.Tensor, alpha: float
) -> tf.Tensor:
    r"""Returns the norm that each task's weighted gradient should have.

    $$
    t_k = \bar G\, r_k^{\alpha}, \qquad \bar G = \frac1T \sum_j w_j n_j, \qquad
    r_k = \frac{L_k / L_k(0)}{\frac1T \sum_j L_j / L_j(0)}
    $$

    with losses $L$, losses at the first step $L(0)$, norms $n$ of the gradients, weights $w$ and targets $t$
    of shape $[T]$. A task with $r > 1$ has learned less than the mean. With $\alpha = 0$ all targets are
    equal.

    Args:
        losses: ``[T]``.
        initial: losses at the first step, ``[T]``.
        norms: of each task's gradient before it is weighted, ``[T]``.
        weights: ``[T]``.
        alpha: how hard slow tasks are pulled along.

    Returns:
        ``[T]``, constants: no gradient flows through them.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> two = tf.constant([2.0, 2.0])
        >>> gradnorm_targets(tf.constant([1.0, 3.0]), two, two, tf.ones(2), alpha=1.0).numpy().tolist()
        [1.0, 3.0]

    References:
        Chen et al., *GradNorm: Gradient Normalization for Adaptive Loss Balancing in Deep Multitask
        Networks*, ICML 2018, https://arxiv.org/abs/1711.02257.
    """
    check_tasks(losses=losses, initial=initial, norms=norms, weights=weights)
    progress = tf.math.divide_no_nan(losses, initial)
    r = tf.math.divide_no_nan(progress, tf.reduce_mean(progress))
    return tf.stop_gradient(tf.reduce_mean(weights * norms) * r**alpha)


def gradnorm_loss(weights: tf.Tensor, norms: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    r"""Returns how far the norms of the weighted gradients are from their targets.

    $$
    L_{\text{grad}} = \sum_k |w_k n_k - t_k|
    $$

    with weights $w$, norms $n$ and targets $t$ of shape $[T]$.

    Args:
        weights: ``[T]``.
        norms: ``[T]``.
        targets: ``[T]``.

    Returns:
        A scalar.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> float(gradnorm_loss(tf.ones(2), tf.constant([2.0, 2.0]), tf.constant([1.0, 3.0])))
        2.0

    References:
        Chen et al., ICML 2018, https://arxiv.org/abs/1711.02257.
    """
    check_tasks(weights=weights, norms=norms, targets=targets)
    return tf.reduce_sum(tf.abs(weights * norms - targets))


@keras.saving.register_keras_serializable("recnotes")
class GradNorm(Balancer):
    r"""Learns the weights that bring the gradients' norms to their targets.

    $$
    w \leftarrow T\, \frac{w}{\sum_j w_j} \quad \text{after} \quad
    w \leftarrow w - \eta\, \frac{\partial L_{\text{grad}}}{\partial w}
    $$

    with weights $w$ of shape $[T]$, 1 at first, and $L_{\text{grad}}$ of `gradnorm_loss`. The model's
    optimizer makes the step; with a plain gradient step its size grows with the norms, with Adam it does not.

    Args:
        alpha: how hard slow tasks are pulled along (default: 1.0).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        A `Balancer`.

    Raises:
        ValueError: ``alpha`` is below 0 or no number.

    Example:
        >>> balancer = GradNorm(alpha=0.0)
        >>> balancer.build((2,))
        >>> gram = tf.constant([[4.0, 0.0], [0.0, 1.0]])  # norms 2 and 1
        >>> balancer.task_weights(tf.ones(2), gram).numpy().tolist()
        [1.0, 1.0]
        >>> balancer.own_gradients(tf.ones(2), gram)[0].numpy().tolist()
        [2.0, -1.0]

    References:
        Chen et al., ICML 2018, https://arxiv.org/abs/1711.02257. The paper measures norms on the last shared
        layer, to save time; here they are those of all shared weights. $L_k(0)$ is the task's first loss that
        is not 0. Weights are kept above 0.001, of which the paper does not speak: a negative one would make
        its loss grow.
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= alpha < float("inf"):
            raise ValueError(f"alpha must be a number from 0, received {alpha!r}")
        self.alpha = alpha

    def build(self, input_shape: Any) -> None:
        """Creates the weights and what remembers the first losses.

        Args:
            input_shape: ``(T,)``.
        """
        shape = (input_shape[0],)
        self.w = self.add_weight(name="w", shape=shape, initializer="ones", constraint=_sum_to_count)
        self.first = self.add_weight(name="first", shape=shape, initializer="zeros", trainable=False)
        super().build(input_shape)

    def task_weights(self, losses: tf.Tensor, gram: tf.Tensor) -> tf.Tensor:
        """Returns the weights so far.

        Args:
            losses: ``[T]``.
            gram: not used.

        Returns:
            ``[T]``.

        Raises:
            ValueError: there is not one loss a task.
        """
        check_tasks(self.num_tasks, losses=losses)
        # A copy: the variable itself would read as it stands after the step.
        return tf.identity(tf.cast(self.w.value, losses.dtype))

    def own_gradients(self, losses: tf.Tensor, gram: tf.Tensor) -> list[tf.Tensor]:
        """Returns the gradient of `gradnorm_loss` with respect to the weights.

        Args:
            losses: ``[T]``.
            gram: ``[T, T]``.

        Returns:
            A list of one tensor ``[T]``.

        Raises:
            ValueError: the shapes do not fit the number of tasks.
        """
        check_square("gram", gram, self.num_tasks)
        # A task without a row in a batch has loss 0, which must not be what its progress is measured by.
        self.first.assign(tf.where(self.first.value != 0, self.first.value, losses))
        w, norms = self.task_weights(losses, gram), tf.sqrt(tf.linalg.diag_part(gram))
        targets = gradnorm_targets(losses, self.first.value, norms, w, self.alpha)
        return [tf.sign(w * norms - targets) * norms]

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the balancer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {**super().get_config(), "alpha": self.alpha}


def _sum_to_count(w: tf.Tensor) -> tf.Tensor:
    w = tf.maximum(w, _SMALLEST)
    return w * (w.shape[0] / tf.reduce_sum(w))
