"""What all balancers have in common: losses and inner products of gradients in, one weight a task out."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.balancing._border import check_tasks


@keras.saving.register_keras_serializable("recnotes")
class Balancer(keras.layers.Layer):
    r"""Base of the balancers; by itself it weighs all tasks alike.

    $$
    g = \sum_k a_k\, g_k, \qquad a = a(L, G), \qquad G_{ij} = \langle g_i, g_j \rangle
    $$

    with the losses $L$ of shape $[T]$, the gradients $g_k$ of each with respect to the weights that tasks
    share and their inner products $G$ of shape $[T, T]$. Even methods that project gradients end in such a
    sum, so that $G$, a few numbers, is all they need to see of a large model.

    Returns:
        An object that `Balanced` asks for weights ``[T]`` at every step.

    Example:
        >>> balancer = Balancer()
        >>> balancer.build((2,))
        >>> balancer.task_weights(tf.constant([3.0, 1.0]), tf.eye(2)).numpy().tolist()
        [1.0, 1.0]

    References:
        The sum of all losses; see Caruana, *Multitask Learning*, Machine Learning 28, 1997,
        https://doi.org/10.1023/A:1007379606734.
    """

    weighs_towers = True  # Whether the weights reach what one task alone uses; if not, that counts once.

    def build(self, input_shape: Any) -> None:
        """Notes the number of tasks, and creates the weights of a balancer that has some.

        Args:
            input_shape: ``(T,)``.

        Raises:
            ValueError: it is not one number of tasks, at least 1.
        """
        if len(input_shape) != 1 or not input_shape[0]:
            raise ValueError(f"input_shape must be (T,), received {tuple(input_shape)}")
        self.num_tasks = int(input_shape[0])
        self.built = True

    def task_weights(self, losses: tf.Tensor, gram: tf.Tensor) -> tf.Tensor:
        """Weighs the tasks for this step.

        Args:
            losses: ``[T]``.
            gram: inner products of the tasks' gradients, ``[T, T]``.

        Returns:
            ``[T]``.

        Raises:
            ValueError: there is not one loss a task.
        """
        check_tasks(self.num_tasks, losses=losses)
        return tf.ones_like(losses)

    def own_gradients(self, losses: tf.Tensor, gram: tf.Tensor) -> list[tf.Tensor]:
        """Returns gradients of the balancer's own trainable weights, if it has some.

        Args:
            losses: ``[T]``.
            gram: ``[T, T]``.

        Returns:
            One tensor a trainable weight.
        """
        return []
