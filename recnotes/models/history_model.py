"""What models that read a history share: where they find what followed it, and their configuration."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class HistoryModel(keras.Model):
    r"""Trains on what followed a history, which stands among the inputs; base of the models that read one.

    $$
    \mathcal{L} = \ell(\hat y, o)
    $$

    with the output $\hat y$ for a batch of histories of shape $[B, L]$ and what followed them, $o$: the item
    after each step, ``"next"`` of shape $[B, L]$, or the one after the whole history, ``"target"`` of shape
    $[B]$. A model names it in ``follows``, is $\ell$ in ``loss_of(inputs, outputs)``, and keeps in ``config``
    what its constructor was given. ``compile(optimizer=...)`` without a loss and ``fit`` on a dict train it.

    Example:
        >>> from recnotes.models import SASRec
        >>> model, history = SASRec(num_items=7, seed=0), tf.constant([[3, 1, 0]])
        >>> model.compute_loss({"history": history}, y_pred=model({"history": history}))
        Traceback (most recent call last):
        ...
        ValueError: inputs must be a dict with 'history' and 'next', received <class 'dict'>

    References:
        Keras on losses that a model computes itself, https://keras.io/guides/custom_train_step_in_tensorflow/.
    """

    follows = "next"
    config: dict[str, Any]
    loss_of: Any  # (inputs, outputs) -> scalar

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None
    ) -> tf.Tensor:
        """Computes the loss; Keras calls it in ``fit`` and ``evaluate``.

        Args:
            x: the inputs, a dict with ``"history"`` and what followed (default: None).
            y: not used, what followed is in ``x`` (default: None).
            y_pred: the model's output for ``x`` (default: None).
            sample_weight: must be None (default: None).

        Returns:
            A scalar.

        Raises:
            ValueError: the inputs do not hold what followed, in a shape that fits, or there are weights.
        """
        if not isinstance(x, dict) or self.follows not in x:
            raise ValueError(f"inputs must be a dict with 'history' and {self.follows!r}, received {type(x)}")
        if sample_weight is not None:
            raise ValueError(f"sample_weight must be None, received {type(sample_weight).__name__}")
        return self.loss_of(x, y_pred)

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor takes."""
        return {**super().get_config(), **self.config}
