"""Factorization machine: logistic regression plus all pairwise interactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.feature import FeatureEmbedding
from recnotes.layers.fm import FMInteraction
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class FactorizationMachine(RowWeights):
    r"""First-order weights plus the inner products of all pairs of fields.

    $$
    \text{logit}_b = w_0 + \sum_{i} w_i x_{bi} + \sum_{i<j} \langle v_i, v_j \rangle x_{bi} x_{bj}
    $$

    with one weight $w_i$ (scalar) and one vector $v_i$ of shape $[D]$ for each numeric field and each
    categorical value, $x_{bi}$ the value of a numeric field or 1 for the categorical values present, and the
    logit of shape $[B]$. First-order weights and bias start at zero.

    Args:
        vocabulary_sizes: number of values of each categorical field, length ``F``.
        num_dense: number ``n`` of numeric fields (default: 0).
        embedding_dim: width ``D`` of the vectors; 0 leaves logistic regression (default: 10).
        pooled_dropout: dropout on the pooled vector, no part of the paper (default: 0.0).
        embedding_stddev: standard deviation of the vectors at the start (default: 0.01).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"dense": float [B, n], "sparse": int [B, F]}``: the logit ``[B]``.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> model = FactorizationMachine([3, 5], num_dense=1, embedding_dim=4, seed=0)
        >>> inputs = {"dense": tf.ones([2, 1]), "sparse": tf.constant([[2, 0], [1, 4]])}
        >>> model(inputs).shape.as_list(), model.count_params()  # 1 + 9 · (1 + 4)
        ([2], 46)

    References:
        Rendle, *Factorization Machines*, ICDM 2010, https://doi.org/10.1109/ICDM.2010.127. He's TensorFlow
        port (neural_factorization_machine, FM.py) trains with ``pooled_dropout=0.5`` and squared loss by
        default.
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int],
        num_dense: int = 0,
        embedding_dim: int = 10,
        pooled_dropout: float = 0.0,
        embedding_stddev: float = 0.01,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        self.seed = seed
        seeds = child_seeds(seed, 2)
        self.first_order = FeatureEmbedding(
            vocabulary_sizes, num_dense, 1, field_names, stddev=0.0, dtype="float32", name="first_order"
        )
        self.embedding = FeatureEmbedding(
            vocabulary_sizes,
            num_dense,
            embedding_dim,
            field_names,
            embedding_stddev,
            seeds[0],
            dtype=self.dtype_policy,
            name="embedding",
        )
        self.interaction = FMInteraction(
            pooled_dropout, seed=seeds[1], dtype=self.dtype_policy, name="interaction"
        )

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.first_order.build()
        self.embedding.build()
        self.interaction.build()
        self.bias = self.add_weight(
            name="bias", shape=(), initializer="zeros", dtype="float32", autocast=False
        )
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Adds bias, first-order weights and pairwise term.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}``.
            training: whether dropout is on (default: False).

        Returns:
            The logit ``[B]``.
        """
        w = self.first_order(inputs)  # [B, m, 1]
        e = self.embedding(inputs)  # [B, m, D]
        return self.bias + tf.reduce_sum(w, axis=[1, 2]) + self.interaction(e, training=training)
