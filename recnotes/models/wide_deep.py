"""Wide & Deep: a linear model of chosen crosses that remembers, and a network that generalizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recnotes.embedding.feature import FeatureEmbedding
from recnotes.embedding.field import FieldEmbedding, check_field_ids
from recnotes.embedding.stack import stack_features
from recnotes.layers.mlp import MLP
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class WideDeep(RowWeights):
    r"""A linear model on fields and crosses of fields, plus a network on embeddings.

    $$
    \text{logit}_b = \underbrace{\sum_i w_i x_{bi} + \sum_{c} w_{c,\, \phi_c(\text{ids}_b)}}_{\text{wide}}
        + \underbrace{\text{MLP}\big([d_b; e_{b1}; \dots; e_{bF}]\big)}_{\text{deep}}
    $$

    with one weight $w_i$ for each numeric field and each categorical value, $\phi_c$ the number of the
    combination of values that the fields of cross $c$ have together, one weight for each combination, the
    numeric values $d$ of shape $[B, n]$, the embeddings $e_f$ of shape $[B, D]$ and the logit of shape
    $[B]$. The one bias is that of the network's output layer. The wide part starts at zero.

    Args:
        vocabulary_sizes: number of values of each categorical field, length ``F``.
        num_dense: number ``n`` of numeric fields (default: 0).
        embedding_dim: width ``D`` of the embeddings (default: 32).
        hidden_units: widths of the network's hidden layers (default: (1024, 512, 256)).
        crosses: for each cross the positions of its categorical fields, two or more (default: ()).
        activation: activation of the hidden layers (default: "relu").
        dropout: share of the hidden units dropped in training (default: 0.0).
        embedding_stddev: standard deviation of the embeddings at the start (default: 0.01).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"dense": float [B, n], "sparse": int [B, F]}``: the logit ``[B]``.

    Raises:
        ValueError: a size or a cross does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> model = WideDeep([3, 5], num_dense=1, embedding_dim=4, hidden_units=[8], crosses=[[0, 1]], seed=0)
        >>> inputs = {"dense": tf.ones([2, 1]), "sparse": tf.constant([[2, 0], [1, 4]])}
        >>> model(inputs).shape.as_list(), model.count_params()  # 9 + 15 + 8 · 4 + 9 · 8 + 8 + 8 + 1
        ([2], 145)

    References:
        Cheng et al., *Wide & Deep Learning for Recommender Systems*, DLRS 2016,
        https://arxiv.org/abs/1606.07792. With `compile` both parts have one optimizer. A cross has one weight
        for each combination of values; nothing is hashed. The layers' default widths are this package's.
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int],
        num_dense: int = 0,
        embedding_dim: int = 32,
        hidden_units: Sequence[int] = (1024, 512, 256),
        crosses: Sequence[Sequence[int]] = (),
        activation: str = "relu",
        dropout: float = 0.0,
        embedding_stddev: float = 0.01,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        self.crosses = [[int(field) for field in cross] for cross in crosses]
        known = set(range(len(vocabulary_sizes)))
        if any(len(set(cross)) < max(2, len(cross)) or not set(cross) <= known for cross in self.crosses):
            raise ValueError(f"crosses must be two or more different fields each, received {crosses!r}")
        self.seed = seed
        seeds = child_seeds(seed, 2)
        policy = self.dtype_policy
        self.wide = FeatureEmbedding(
            vocabulary_sizes, num_dense, 1, field_names, stddev=0.0, dtype="float32", name="wide"
        )
        self.embedding = FieldEmbedding(
            vocabulary_sizes, embedding_dim, field_names, embedding_stddev, seeds[0], dtype=policy
        )
        self.cross_weights = None
        if self.crosses:
            sizes = [int(np.prod([vocabulary_sizes[field] for field in cross])) for cross in self.crosses]
            self.cross_weights = FieldEmbedding(sizes, 1, stddev=0.0, dtype="float32", name="crosses")
        self.dnn = MLP(hidden_units, 1, activation, dropout, seeds[1], dtype=policy)

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.wide.build()
        if self.cross_weights is not None:
            self.cross_weights.build()
        self.embedding.build()
        num_fields = len(self.embedding.vocabulary_sizes)
        self.dnn.build((None, self.wide.num_dense + num_fields * self.embedding.width))
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Adds the wide and the deep part.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}``.
            training: whether dropout is on (default: False).

        Returns:
            The logit ``[B]``.
        """
        # --8<-- [start:call]
        y = tf.reduce_sum(self.wide(inputs), axis=[1, 2])  # [B]
        if self.cross_weights is not None:
            w = self.cross_weights(self.cross_ids(inputs["sparse"]))  # [B, C, 1]
            y += tf.reduce_sum(w, axis=[1, 2])  # [B]
        e = self.embedding(inputs["sparse"])  # [B, F, D]
        x = stack_features(inputs, e, self.wide.num_dense)  # [B, n + F*D]
        return y + tf.cast(self.dnn(x, training=training)[:, 0], tf.float32)
        # --8<-- [end:call]

    def cross_ids(self, ids: tf.Tensor) -> tf.Tensor:
        """Numbers the combinations of values, the last field of a cross counting fastest.

        Args:
            ids: ``[B, F]``.

        Returns:
            One id a cross ``[B, C]``.

        Example:
            >>> WideDeep([3, 5], crosses=[[0, 1], [1, 0]]).cross_ids(tf.constant([[2, 4]])).numpy().tolist()
            [[14, 14]]
        """
        sizes = self.embedding.vocabulary_sizes
        # An id out of range must name its field, not the cross it would spoil.
        ids = tf.cast(check_field_ids(ids, sizes, self.embedding.field_names), tf.int64)  # [B, F]
        columns = []
        for cross in self.crosses:
            column = tf.zeros_like(ids[:, 0])  # [B]
            for field in cross:
                column = column * sizes[field] + ids[:, field]  # [B]
            columns.append(column)
        return tf.stack(columns, axis=1)
