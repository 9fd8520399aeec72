"""Fixed weights that grow or shrink as training goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recnotes.balancing._border import check_tasks
from recnotes.balancing.balancer import Balancer


@keras.saving.register_keras_serializable("recnotes")
class DecayedWeights(Balancer):
    r"""Starts each task's weight at a given number and multiplies it by another after every period.

    $$
    a_k^{(t)} = \omega_{k,0}\, \gamma_k^{\,t}
    $$

    with the weights $a$, their initial values $\omega_0$ and ratios $\gamma$ of shape $[T]$, and $t$ the
    periods passed.

    Args:
        initial: $\omega_0$, one number from 0 a task, None for ones (default: None).
        ratios: $\gamma$, one positive number a task, None for ones (default: None).
        period: steps in a period, say those of an epoch (default: 1).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        A `Balancer`.

    Raises:
        ValueError: ``period`` is not positive, a number is out of its range, or they do not fit the tasks.

    Example:
        >>> balancer = DecayedWeights([1.0, 2.0], ratios=[0.5, 1.0], period=2)
        >>> balancer.build((2,))
        >>> [balancer.task_weights(tf.ones(2), tf.eye(2)).numpy().tolist() for _ in range(3)]
        [[1.0, 2.0], [1.0, 2.0], [0.5, 2.0]]

    References:
        Tang et al., *Progressive Layered Extraction (PLE)*, RecSys 2020,
        https://doi.org/10.1145/3383313.3412236, section 4.3. It updates the weights "after each step" and
        calls $t$ "the training epoch": ``period=1`` is the first, the steps of an epoch the second. The
        authors published no code.
    """

    def __init__(
        self,
        initial: Sequence[float] | None = None,
        ratios: Sequence[float] | None = None,
        period: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if period < 1:
            raise ValueError(f"period must be positive, received {period!r}")
        if ratios is not None and not all(0 < ratio < np.inf for ratio in ratios):
            raise ValueError(f"ratios must be positive, received {ratios!r}")
        if initial is not None and not all(0 <= weight < np.inf for weight in initial):
            raise ValueError(f"initial must be numbers from 0, received {initial!r}")
        self.initial = None if initial is None else list(initial)
        self.ratios = None if ratios is None else list(ratios)
        self.period = period

    def build(self, input_shape: Any) -> None:
        """Creates the counter.

        Args:
            input_shape: ``(T,)``.

        Raises:
            ValueError: the numbers do not fit the tasks.
        """
        for name, values in (("initial", self.initial), ("ratios", self.ratios)):
            if values is not None and len(values) != input_shape[0]:
                raise ValueError(f"{name} must hold {input_shape[0]} numbers, received {values!r}")
        self.step = self.add_weight(
            name="step", shape=(), dtype="int64", initializer="zeros", trainable=False
        )
        super().build(input_shape)

    def task_weights(self, losses: tf.Tensor, gram: tf.Tensor) -> tf.Tensor:
        """Returns the weights of this step and counts it.

        Args:
            losses: ``[T]``.
            gram: not used.

        Returns:
            ``[T]``.

        Raises:
            ValueError: there is not one loss a task.
        """
        check_tasks(self.num_tasks, losses=losses)
        t = tf.cast(self.step.value // self.period, losses.dtype)
        self.step.assign_add(1)
        initial, ratios = (
            tf.ones_like(losses) if values is None else tf.constant(values, losses.dtype)
            for values in (self.initial, self.ratios)
        )
        return initial * ratios**t

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the balancer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {
            **super().get_config(),
            "initial": self.initial,
            "ratios": self.ratios,
            "period": self.period,
        }
