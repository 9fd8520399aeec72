"""Weights of rows for models that return one number a row."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class RowWeights(keras.Model):
    r"""Makes weights of rows count row by row, and saves ``config``; the base of models that return ``[B]``.

    $$
    \mathcal{L} = \frac1B \sum_b w_b\, \ell(y_b, \hat y_b)
    $$

    with the weights $w$, labels $y$ and outputs $\hat y$ of shape $[B]$. The losses and metrics of Keras
    average over the last axis first: where both sides are of shape $[B]$ that axis is the batch, and what
    comes out is $\bar\ell\, \bar w$, a weight of 0 hides nothing. Here they are handed columns $[B, 1]$.
    A model's constructor keeps in ``config`` what it was given. Labels may be ``[B, 2]``, label and user, for
    the metric `GAUC`; the loss and the other metrics must then read the first column, as `GAUC` says.

    Example:
        >>> import numpy as np
        >>> from recnotes.models import LogisticRegression
        >>> model = LogisticRegression([2])
        >>> model.compile("sgd", loss="mse")  # all logits are 0 at the start
        >>> x, y = {"sparse": np.array([[0], [1]])}, np.array([0.0, 4.0])
        >>> model.evaluate(x, y, sample_weight=np.array([1.0, 0.0]), verbose=0)
        0.0

    References:
        Keras on the weights of rows, https://keras.io/api/models/model_training_apis/; what it does with
        ``[B]`` was measured with Keras 3.15.
    """

    config: dict[str, Any]

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Computes the compiled loss; Keras calls it in ``fit`` and ``evaluate``.

        Args:
            x: the inputs (default: None).
            y: labels ``[B]`` or ``[B, 1]``, or a dict of them (default: None).
            y_pred: outputs ``[B]``, or a dict of them (default: None).
            *args: passed on: weights ``[B]``, or a dict of them.
            **kwargs: passed on.

        Returns:
            a scalar.
        """
        return super().compute_loss(x, _columns(y), _columns(y_pred), *args, **kwargs)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Computes the compiled metrics; Keras calls it in ``fit`` and ``evaluate``.

        Args:
            x: the inputs.
            y: labels ``[B]`` or ``[B, 1]``, or a dict of them.
            y_pred: outputs ``[B]``, or a dict of them.
            sample_weight: weights ``[B]``, or a dict of them (default: None).

        Returns:
            Values by name.
        """
        return super().compute_metrics(x, _columns(y), _columns(y_pred), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the model.

        Returns:
            Keyword arguments of the constructor.
        """
        return {**super().get_config(), **self.config}


def _columns(values: Any) -> Any:
    return keras.tree.map_structure(lambda v: v if v.shape[1:] == (2,) else tf.reshape(v, [-1, 1]), values)
