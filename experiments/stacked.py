"""Models of several tasks as `experiments.training.fit` wants them: one tensor of logits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf


class Stacked(keras.Model):
    """A model of several outputs whose logits stand side by side, ``[B, T]``.

    Args:
        model: a model that returns a dict of logits ``[B]``.
        names: the outputs, in the order of the columns.

    Returns:
        Called on what the model is called on: float tensor ``[B, T]``.
    """

    def __init__(self, model: keras.Model, names: Sequence[str]) -> None:
        super().__init__()
        self.model, self.names = model, tuple(names)

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Returns the logits.

        Args:
            inputs: what the model is called on.

        Returns:
            float tensor ``[B, T]``.
        """
        logits = self.model(inputs)
        return tf.stack([logits[name] for name in self.names], axis=1)
