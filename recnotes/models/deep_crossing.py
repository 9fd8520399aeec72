"""Deep Crossing: rectified embeddings under a cascade of residual units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.field import FieldEmbedding
from recnotes.embedding.stack import stack_features
from recnotes.layers.mlp import MLP
from recnotes.layers.residual import ResidualUnit
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class DeepCrossing(RowWeights):
    r"""Stacks numeric values and embeddings, and refines the stack unit by unit.

    $$
    e_{bf} = \max(0,\; T[o_f + \text{ids}_{bf}] + b_f), \qquad x^{(0)} = [d; e_1; \dots; e_F], \qquad
    x^{(l+1)} = \text{unit}_l(x^{(l)}), \qquad \text{logit}_b = W x^{(H)}_b + c
    $$

    with the numeric values $d$ of shape $[B, n]$, the table $T$ of shape $[\sum_f V_f, D]$, the biases $b$ of
    shape $[F, D]$, the embeddings $e_f$ of shape $[B, D]$, every $x^{(l)}$ of shape $[B, n + FD]$, the
    units as in `ResidualUnit`, $W$ of shape $[1, n + FD]$, $c$ a number and the logit of shape $[B]$.

    Args:
        vocabulary_sizes: number of values of each categorical field, length ``F``.
        num_dense: number ``n`` of numeric fields (default: 0).
        embedding_dim: width ``D`` of the embeddings (default: 256).
        hidden_units: inner widths of the residual units (default: (512, 512, 256, 128, 64)).
        embedding_relu: ``False`` leaves bias and rectifier off the embeddings (default: True).
        embedding_stddev: standard deviation of the table at the start (default: 0.01).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"dense": float [B, n], "sparse": int [B, F]}``: the logit ``[B]``.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> model = DeepCrossing([3, 5], num_dense=1, embedding_dim=4, hidden_units=[6], seed=0)
        >>> inputs = {"dense": tf.ones([2, 1]), "sparse": tf.constant([[2, 0], [1, 4]])}
        >>> model(inputs).shape.as_list(), model.count_params()  # 8 · 4 + 2 · 4 + 2 · 9 · 6 + 15 + 9 + 1
        ([2], 173)

    References:
        Shan et al., *Deep Crossing: Web-Scale Modeling without Manually Crafted Combinatorial Features*, KDD
        2016, https://doi.org/10.1145/2939672.2939704. The paper prints its model as a CNTK script (figure 4),
        with the widths that are the defaults here. It embeds only features of at least 256 values and stacks
        the others as they are; here every categorical field is embedded. FuxiCTR has no bias and no rectifier
        on the embeddings, which is ``embedding_relu=False``.
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int],
        num_dense: int = 0,
        embedding_dim: int = 256,
        hidden_units: Sequence[int] = (512, 512, 256, 128, 64),
        embedding_relu: bool = True,
        embedding_stddev: float = 0.01,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        if num_dense < 0:
            raise ValueError(f"num_dense must be at least 0, received {num_dense!r}")
        self.num_dense = int(num_dense)
        self.embedding_relu = bool(embedding_relu)
        self.seed = seed
        seeds = child_seeds(seed, 2 + len(hidden_units))
        policy = self.dtype_policy
        self.embedding = FieldEmbedding(
            vocabulary_sizes, embedding_dim, field_names, embedding_stddev, seeds[0], dtype=policy
        )
        self.units = [
            ResidualUnit(units, unit_seed, dtype=policy)
            for units, unit_seed in zip(hidden_units, seeds[2:], strict=True)
        ]
        self.head = MLP([], 1, seed=seeds[1], dtype=policy)

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        fields = (len(self.embedding.vocabulary_sizes), self.embedding.width)
        self.embedding.build()
        if self.embedding_relu:
            self.bias = self.add_weight(name="embedding_bias", shape=fields, initializer="zeros")
        shape = (None, self.num_dense + fields[0] * fields[1])
        for unit in self.units:
            unit.build(shape)
        self.head.build(shape)
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Embeds, stacks, refines and scores.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

        Returns:
            The logit ``[B]``.
        """
        # --8<-- [start:call]
        e = self.embedding(inputs["sparse"])  # [B, F, D]
        if self.embedding_relu:
            e = tf.nn.relu(e + self.bias)  # [B, F, D]
        x = stack_features(inputs, e, self.num_dense)  # [B, n + F*D]
        for unit in self.units:
            x = unit(x)  # [B, n + F*D]
        y = tf.cast(self.head(x)[:, 0], tf.float32)  # [B]
        return y
        # --8<-- [end:call]
