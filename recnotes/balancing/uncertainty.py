"""Uncertainty weighting: each task learns how noisy it is, and counts the less for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.balancing._border import check_tasks
from recnotes.balancing.balancer import Balancer

_FACTORS = {"regression": 0.5, "classification": 1.0}


def uncertainty_loss(losses: tf.Tensor, log_variances: tf.Tensor, factors: tf.Tensor) -> tf.Tensor:
    r"""Weighs losses by learned variances, and charges for a large variance.

    $$
    J = \sum_k \Big( \frac{c_k}{\sigma_k^2} L_k + \log \sigma_k \Big)
      = \sum_k \Big( c_k\, e^{-s_k} L_k + \tfrac12 s_k \Big), \qquad s_k = \log \sigma_k^2
    $$

    with losses $L$, logarithms of variances $s$ and $c$ of shape $[T]$ and $J$ a scalar; $c = \frac12$ for a
    regression, whose loss is the mean squared error, and 1 for a classification. For fixed losses the
    smallest $J$ is at $\sigma^2 = 2 c L$: $L$ for a regression, $2 L$ for a classification. The weight of a
    task there is $\frac{1}{2L}$ in both, so that the step is that of $\frac12 \sum_k \log L_k$.

    Args:
        losses: ``[T]``.
        log_variances: ``[T]``.
        factors: ``[T]``.

    Returns:
        A scalar.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> float(uncertainty_loss(tf.constant([4.0, 2.0]), tf.zeros(2), tf.constant([0.5, 1.0])))
        4.0

    References:
        Kendall, Gal and Cipolla, *Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry
        and Semantics*, CVPR 2018, https://arxiv.org/abs/1705.07115. Many implementations charge $\log(1 +
        \sigma^2)$, which has another optimum.
    """
    check_tasks(losses=losses, log_variances=log_variances, factors=factors)
    return tf.reduce_sum(factors * tf.exp(-log_variances) * losses + log_variances / 2)


@keras.saving.register_keras_serializable("recnotes")
class UncertaintyWeights(Balancer):
    r"""Weighs each task by its learned variance; the model's optimizer trains the variances.

    $$
    a_k = c_k\, e^{-s_k}, \qquad \frac{\partial J}{\partial s_k} = \tfrac12 - a_k L_k
    $$

    with the weights $a$, the losses $L$ and the logarithms of the variances $s$ of shape $[T]$, 0 at first,
    and $J$ of `uncertainty_loss`.

    Args:
        kinds: ``"regression"`` or ``"classification"`` for each task, None for regressions (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        A `Balancer`.

    Raises:
        ValueError: a kind is another word, or there is not one a task.

    Example:
        >>> balancer = UncertaintyWeights(["regression", "classification"])
        >>> balancer.build((2,))
        >>> balancer.task_weights(tf.ones(2), tf.eye(2)).numpy().tolist()
        [0.5, 1.0]

    References:
        Kendall, Gal and Cipolla, CVPR 2018, https://arxiv.org/abs/1705.07115.
    """

    def __init__(self, kinds: Sequence[str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if kinds is not None and (isinstance(kinds, str) or not set(kinds) <= set(_FACTORS)):
            raise ValueError(f"kinds must be of {sorted(_FACTORS)}, one a task, received {kinds!r}")
        self.kinds = None if kinds is None else list(kinds)

    def build(self, input_shape: Any) -> None:
        """Creates the variances.

        Args:
            input_shape: ``(T,)``.

        Raises:
            ValueError: there is not one kind a task.
        """
        if self.kinds is not None and len(self.kinds) != input_shape[0]:
            raise ValueError(f"kinds must hold {input_shape[0]} words, received {self.kinds!r}")
        self.log_variances = self.add_weight(
            name="log_variances", shape=(input_shape[0],), initializer="zeros"
        )
        super().build(input_shape)

    def task_weights(self, losses: tf.Tensor, gram: tf.Tensor) -> tf.Tensor:
        """Weighs by the variances.

        Args:
            losses: ``[T]``.
            gram: not used.

        Returns:
            ``[T]``.

        Raises:
            ValueError: there is not one loss a task.
        """
        check_tasks(self.num_tasks, losses=losses)
        kinds = self.kinds or ["regression"] * self.num_tasks
        factors = tf.constant([_FACTORS[kind] for kind in kinds], losses.dtype)
        return factors * tf.exp(-tf.cast(self.log_variances.value, losses.dtype))

    def own_gradients(self, losses: tf.Tensor, gram: tf.Tensor) -> list[tf.Tensor]:
        """Returns the gradient of `uncertainty_loss` with respect to the logarithms of the variances.

        Args:
            losses: ``[T]``.
            gram: not used.

        Returns:
            A list of one tensor ``[T]``.
        """
        return [0.5 - self.task_weights(losses, gram) * losses]

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the balancer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {**super().get_config(), "kinds": self.kinds}
