"""DCN-V2: cross layers with matrices, before a deep network or beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.field import FieldEmbedding
from recnotes.embedding.stack import stack_features
from recnotes.layers.cross_v2 import CrossNetworkV2
from recnotes.layers.mlp import MLP
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class DCNv2(RowWeights):
    r"""Crosses with a matrix a layer, on numeric values and embeddings side by side.

    $$
    \text{parallel:} \quad \text{logit}_b = W \big[\, x_{L,b};\; \text{MLP}(x_0)_b \,\big] + c, \qquad
    \text{stacked:} \quad \text{logit}_b = W \, \text{MLP}(x_L)_b + c
    $$

    with $x_{l+1} = x_0 \odot (W_l x_l + b_l) + x_l$, or its low-rank forms (`CrossNetworkV2`), $x_0 = [d;
    e_1; \dots; e_F]$ and every $x_l$ of shape $[B, n + FD]$, the numeric values $d$ of shape $[B, n]$,
    the embeddings $e_f$ of shape $[B, D]$, the MLP's last layer of shape $[B, U]$, $W$ of shape $[1, n +
    FD + U]$ or $[1, U]$, $c$ a number and the logit of shape $[B]$.

    Args:
        vocabulary_sizes: number of values of each categorical field, length ``F``.
        num_dense: number ``n`` of numeric fields (default: 0).
        embedding_dim: width ``D`` of the embeddings (default: 39).
        num_cross_layers: number ``L`` of cross layers (default: 2).
        rank: rank of the cross layers' matrices, ``None`` for full ones (default: None).
        num_experts: number of experts of a mixture of low-rank layers, ``None`` for no mixture
            (default: None).
        shared_gates: whether the mixture's layers share their gates (default: False).
        structure: "parallel" or "stacked" (default: "parallel").
        hidden_units: widths of the network's hidden layers; none leaves the cross network alone
            (default: (768, 768)).
        activation: activation of the hidden layers (default: "relu").
        dropout: share of the hidden units dropped in training (default: 0.0).
        embedding_stddev: standard deviation of the embeddings at the start (default: 0.01).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"dense": float [B, n], "sparse": int [B, F]}``: the logit ``[B]``.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> inputs = {"dense": tf.ones([2, 1]), "sparse": tf.constant([[2, 0], [1, 4]])}
        >>> for structure in ("parallel", "stacked"):
        ...     model = DCNv2([3, 5], 1, 4, 2, structure=structure, hidden_units=[8], seed=0)
        ...     print(model(inputs).shape, model.count_params())  # 8 · 4 + 2 · 90 + 80 + 17 + 1, or 8 + 1
        (2,) 310
        (2,) 301

    References:
        Wang et al., *DCN V2: Improved Deep & Cross Network and Practical Lessons for Web-scale Learning to
        Rank Systems*, WWW 2021, https://arxiv.org/abs/2008.13535. It trains with He-normal kernels
        (here only those of the cross layers), gradients clipped to norm 10 and an average of the
        weights (decay 0.9999). The defaults are its best setting on Criteo (table 6), where, other than on
        MovieLens, the stacked structure did better. DeepCTR and RecBole share the mixture's gates among the
        layers, which is ``shared_gates=True``.
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int],
        num_dense: int = 0,
        embedding_dim: int = 39,
        num_cross_layers: int = 2,
        rank: int | None = None,
        num_experts: int | None = None,
        shared_gates: bool = False,
        structure: str = "parallel",
        hidden_units: Sequence[int] = (768, 768),
        activation: str = "relu",
        dropout: float = 0.0,
        embedding_stddev: float = 0.01,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        if num_dense < 0:
            raise ValueError(f"num_dense must be at least 0, received {num_dense!r}")
        if structure not in ("parallel", "stacked"):
            raise ValueError(f"structure must be 'parallel' or 'stacked', received {structure!r}")
        self.num_dense = int(num_dense)
        self.structure = structure
        self.seed = seed
        seeds = child_seeds(seed, 4)
        policy = self.dtype_policy
        self.embedding = FieldEmbedding(
            vocabulary_sizes, embedding_dim, field_names, embedding_stddev, seeds[0], dtype=policy
        )
        self.cross = CrossNetworkV2(
            num_cross_layers, rank, num_experts, shared_gates=shared_gates, seed=seeds[1], dtype=policy
        )
        self.dnn = MLP(hidden_units, None, activation, dropout, seeds[2], dtype=policy)
        self.head = MLP([], 1, seed=seeds[3], dtype=policy)

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        width = self.num_dense + len(self.embedding.vocabulary_sizes) * self.embedding.width
        self.embedding.build()
        self.cross.build((None, width))
        self.dnn.build((None, width))
        last = sum(self.dnn.hidden_units[-1:])
        self.head.build((None, last if last and self.structure == "stacked" else width + last))
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Runs the cross layers and the network, one after the other or side by side.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}``.
            training: whether dropout is on (default: False).

        Returns:
            The logit ``[B]``.
        """
        # --8<-- [start:call]
        e = self.embedding(inputs["sparse"])  # [B, F, D]
        x0 = stack_features(inputs, e, self.num_dense)  # [B, n + F*D]
        x = self.cross(x0)  # [B, n + F*D]
        if self.structure == "stacked":
            x = self.dnn(x, training=training)
        elif self.dnn.hidden_units:
            x = tf.concat([x, self.dnn(x0, training=training)], axis=1)  # [B, n + F*D + U]
        y = tf.cast(self.head(x)[:, 0], tf.float32)  # [B]
        return y
        # --8<-- [end:call]
