"""Logistic regression on numeric and categorical fields: the baseline without interactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.feature import FeatureEmbedding
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights


@keras.saving.register_keras_serializable("recnotes")
class LogisticRegression(RowWeights):
    r"""One weight per numeric field, one per categorical value, one bias.

    $$
    \text{logit}_b = w_0 + \sum_{i=1}^{n} w_i x_{bi} + \sum_{f=1}^{F} w_{f, \text{ids}_{bf}}
    $$

    with the numeric values $x$ of shape $[B, n]$, the ids of shape $[B, F]$ and the logit of shape $[B]$. All
    weights start at zero: the loss is convex, so nothing has to break a symmetry.

    Args:
        vocabulary_sizes: number of values of each categorical field, length ``F``.
        num_dense: number ``n`` of numeric fields (default: 0).
        field_names: names of the categorical fields for error messages (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"dense": float [B, n], "sparse": int [B, F]}``: the logit ``[B]``.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> model = LogisticRegression([3, 5], num_dense=1)
        >>> inputs = {"dense": tf.ones([2, 1]), "sparse": tf.constant([[2, 0], [1, 4]])}
        >>> model(inputs).numpy().tolist(), model.count_params()
        ([0.0, 0.0], 10)

    References:
        McMahan et al., *Ad Click Prediction: a View from the Trenches*, KDD 2013,
        https://doi.org/10.1145/2487575.2488200.
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int],
        num_dense: int = 0,
        field_names: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        self.first_order = FeatureEmbedding(
            vocabulary_sizes, num_dense, 1, field_names, stddev=0.0, dtype="float32", name="first_order"
        )

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.first_order.build()
        self.bias = self.add_weight(
            name="bias", shape=(), initializer="zeros", dtype="float32", autocast=False
        )
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Adds up the weights of the example's values.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

        Returns:
            The logit ``[B]``.
        """
        w = self.first_order(inputs)  # [B, m, 1]
        return self.bias + tf.reduce_sum(w, axis=[1, 2])
