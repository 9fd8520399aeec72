"""A multi-task model that is trained with a balancer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from recnotes.balancing._border import one_a_row
from recnotes.balancing.balancer import Balancer
from recnotes.balancing.gradients import Gradient, flatten_gradients, scaled
from recnotes.balancing.joint import joint_sample_loss


@keras.saving.register_keras_serializable("recnotes")
class Balanced(keras.Model):
    r"""Wraps a multi-task model; ``fit`` then asks a balancer at every step how much each task counts.

    $$
    g_\theta = \sum_k a_k \frac{\partial L_k}{\partial \theta}, \qquad a = a(L, G), \qquad
    G_{ij} = \sum_\theta \Big\langle \frac{\partial L_i}{\partial \theta},
    \frac{\partial L_j}{\partial \theta} \Big\rangle
    $$

    with the losses $L$ and the weights $a$ of shape $[T]$ and $G$ of shape $[T, T]$; the sum in $G$ runs over
    the weights $\theta$ that two tasks or more use. What one task uses alone gets its gradient times $a_k$,
    or as it is if the balancer does not weigh towers. ``T`` backward passes a step instead of one.

    Args:
        model: a model with ``tasks`` whose outputs are a dict of task to ``[B]``: `SharedBottom`, `MMoE`,
            `PLE`.
        balancer: how to weigh; None weighs all tasks alike (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on features: the model's outputs. ``compile`` takes a dict of losses; ``fit`` takes labels as a
        dict of ``[B]`` and reports the plain sum of the losses and each task's weight. ``sample_weight``, a
        dict of ``[B]``, says which rows a task has, see `joint_sample_loss`; labels elsewhere may be NaN.

    Raises:
        ValueError: the model has no tasks, or ``balancer`` is none; in training, losses or labels do not fit
            the tasks, the model adds losses of its own, or the optimizer scales losses.

    Example:
        >>> from recnotes.balancing.pcgrad import PCGrad
        >>> from recnotes.models.shared_bottom import SharedBottom
        >>> model = Balanced(SharedBottom(("click", "like"), seed=0), PCGrad(seed=0))
        >>> model.compile("adam", loss=dict.fromkeys(("click", "like"), "mse"))
        >>> x, y = {"dense": tf.ones([4, 3])}, {"click": tf.ones([4]), "like": tf.zeros([4])}
        >>> sorted(model.fit(x, y, verbose=0).history)
        ['click_weight', 'like_weight', 'loss']

    References:
        Made for this package. What it can train with: Kendall et al., https://arxiv.org/abs/1705.07115; Chen
        et al., https://arxiv.org/abs/1711.02257; Yu et al., https://arxiv.org/abs/2001.06782; Sener and
        Koltun, https://arxiv.org/abs/1810.04650; Tang et al., https://doi.org/10.1145/3383313.3412236.
    """

    def __init__(self, model: keras.Model, balancer: Balancer | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not getattr(model, "tasks", None):
            raise ValueError(f"model must have tasks, received {model!r}")
        if not isinstance(balancer, Balancer | None):
            raise ValueError(f"balancer must be a Balancer or None, received {balancer!r}")
        self.model = model
        self.balancer = Balancer() if balancer is None else balancer
        self.supports_jit = False

    def build(self, input_shape: Any) -> None:
        """Creates the weights.

        Args:
            input_shape: dict of the features' shapes.
        """
        with tf.init_scope():  # weights made inside a graph would be lost with it if its first step fails
            if not self.model.built:
                self.model.build(input_shape)
            if not self.balancer.built:
                self.balancer.build((len(self.model.tasks),))
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Calls the model.

        Args:
            inputs: what the model reads.

        Returns:
            Dict of task to output ``[B]``.
        """
        return self.model(inputs)

    def task_losses(
        self, y: Any, y_pred: Mapping[str, tf.Tensor], sample_weight: Any = None
    ) -> list[tf.Tensor]:
        """Computes each task's loss over its own rows.

        Args:
            y: labels, a dict of task to ``[B]``.
            y_pred: outputs, a dict of task to ``[B]``.
            sample_weight: 1 where a row belongs to a task, a dict of task to ``[B]``; None, as a whole or for
                a task, for all rows (default: None).

        Returns:
            One scalar a task. (Stacked, every task would seem to use every tower, with a gradient of 0.)

        Raises:
            ValueError: losses, labels, outputs or sample weights are not dicts of the tasks, or are not one
                number a row.
            tf.errors.InvalidArgumentError: a label that counts, a sample weight or a loss is NaN or infinite,
                or a sample weight is below 0.
        """
        tasks = self.model.tasks
        deltas = dict.fromkeys(tasks) if sample_weight is None else sample_weight
        named = {"loss": self.loss, "labels": y, "outputs": y_pred, "sample_weight": deltas}
        for name, given in named.items():
            if not isinstance(given, Mapping) or set(given) != set(tasks):
                received = sorted(map(str, given)) if isinstance(given, Mapping) else type(given)
                raise ValueError(f"{name} must be a dict of {tasks!r}, received {received!r}")
        losses = []
        for task in tasks:
            p = y_pred[task]
            labels = one_a_row(y[task], p, f"labels of {task!r}")
            delta = tf.ones_like(p)
            if deltas[task] is not None:
                delta = one_a_row(deltas[task], p, f"sample_weight of {task!r}")
                delta = tf.debugging.check_numerics(delta, f"sample_weight of {task!r}")
                least = tf.reduce_min(delta)
                tf.debugging.assert_greater_equal(least, 0.0, f"sample_weight of {task!r} must be at least 0")
            labels = tf.where(delta > 0, labels, tf.zeros_like(labels))
            labels = tf.debugging.check_numerics(labels, f"labels of {task!r} where sample_weight is not 0")
            loss = keras.losses.get(self.loss[task])
            # A column each: of two vectors Keras would return the mean, and no row could be left out.
            each = getattr(loss, "call", loss)(labels[:, None], p[:, None])
            losses.append(tf.debugging.check_numerics(joint_sample_loss(each, delta), f"loss of {task!r}"))
        return losses

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tf.Tensor:
        """Adds up the tasks' losses, unweighted; Keras calls it in ``evaluate``.

        Args:
            x: not used (default: None).
            y: labels (default: None).
            y_pred: outputs (default: None).
            sample_weight: which rows a task has (default: None).
            training: not used (default: True).

        Returns:
            A scalar.
        """
        return tf.add_n(self.task_losses(y, y_pred, sample_weight))

    # --8<-- [start:step]
    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Makes one step; Keras calls it in ``fit``.

        Args:
            data: features, labels and perhaps sample weights.

        Returns:
            Dict of what to report.

        Raises:
            ValueError: see the class.
        """
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        if hasattr(self.optimizer, "inner_optimizer"):
            raise ValueError(f"optimizer must not scale losses, received {self.optimizer!r}")
        with tf.GradientTape(persistent=True) as tape:
            y_pred = self(x, training=True)
            if self.losses:
                raise ValueError(f"model must add no losses of its own, received {self.losses!r}")
            parts = self.task_losses(y, y_pred, sample_weight)
        weights = self.model.trainable_weights
        by_task = [tape.gradient(loss, [w.value for w in weights]) for loss in parts]
        del tape
        losses = tf.stack(parts)  # [T]
        a, gradients = self._balance(losses, list(zip(*by_task, strict=True)))
        trained = weights + self.balancer.trainable_weights
        self.optimizer.apply_gradients(list(zip(gradients, trained, strict=True)))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(tf.reduce_sum(losses), sample_weight=tf.shape(next(iter(y.values())))[0])
        shown = {f"{task}_weight": a[k] for k, task in enumerate(self.model.tasks)}
        return {**self.compute_metrics(x, y, y_pred, sample_weight), **shown}

    # --8<-- [end:step]

    def _balance(
        self, losses: tf.Tensor, by_weight: list[tuple[Gradient | None, ...]]
    ) -> tuple[tf.Tensor, list[Gradient | None]]:
        """Return the tasks' weights and the gradients of the model's weights and the balancer's."""
        shared = {
            i: flatten_gradients(found)
            for i, found in enumerate(by_weight)
            if sum(g is not None for g in found) > 1
        }
        gram = tf.zeros([len(self.model.tasks)] * 2, losses.dtype)  # [T, T]
        for m, _ in shared.values():
            gram += tf.linalg.matmul(m, m, transpose_b=True)  # [T, T]
        a = self.balancer.task_weights(losses, gram)  # [T]
        gradients: list[Gradient | None] = []
        for i, found in enumerate(by_weight):
            if i in shared:
                m, back = shared[i]
                gradients.append(back(tf.linalg.matvec(m, a, transpose_a=True)))
                continue
            k = next((k for k, g in enumerate(found) if g is not None), None)
            g = None if k is None else found[k]
            gradients.append(scaled(g, a[k]) if g is not None and self.balancer.weighs_towers else g)
        return a, gradients + self.balancer.own_gradients(losses, gram)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the model.

        Returns:
            Keyword arguments of the constructor.
        """
        return {
            **super().get_config(),
            "model": keras.saving.serialize_keras_object(self.model),
            "balancer": keras.saving.serialize_keras_object(self.balancer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Balanced:
        """Rebuilds the model.

        Args:
            config: what `get_config` returned.

        Returns:
            A model with new weights.
        """
        parts = {name: keras.saving.deserialize_keras_object(config[name]) for name in ("model", "balancer")}
        return cls(**{**config, **parts})
