"""AFM: a factorization machine that learns which pairs of fields matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.feature import FeatureEmbedding
from recnotes.layers.afm import PairAttention
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class AFM(RowWeights):
    r"""First-order weights plus a projection of the pairs' products, averaged by attention.

    $$
    \text{logit}_b = w_0 + \sum_i w_i x_{bi} + p^T \sum_{i<j} a_{bij} \, (e_{bi} \odot e_{bj}), \qquad
    a_{bij} = \frac{\exp s_{bij}}{\sum_{k<l} \exp s_{bkl}}
    $$

    with $e_{bi} = x_{bi} v_i$ of shape $[D]$ the vector of field $i$ times its value (1 for a categorical
    field), the scores $s_{bij} = h^T \text{ReLU}(W^T (e_{bi} \odot e_{bj}) + b)$ with $W$ of shape $[D, U]$,
    $b$ and $h$ of shape $[U]$, the projection $p$ of shape $[D]$, which starts at one, and the logit of
    shape $[B]$.

    Args:
        vocabulary_sizes: number of values of each categorical field, length ``F``.
        num_dense: number ``n`` of numeric fields (default: 0).
        embedding_dim: width ``D`` of the vectors (default: 256).
        attention_units: width $U$ of the attention network (default: 256).
        pair_dropout: share of the pairs dropped in training (default: 0.2).
        pooled_dropout: share of the pooled vector dropped in training (default: 0.0).
        attention_l2: factor of the sum of squares of $W$ in the loss (default: 0.0).
        wiring: "paper", or "authors" for what their code computes: every attention weight is 1
            (default: "paper").
        embedding_stddev: standard deviation of the vectors at the start (default: 0.01).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"dense": float [B, n], "sparse": int [B, F]}``: the logit ``[B]``.

    Raises:
        ValueError: a size or a choice does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> model = AFM([3, 5], num_dense=1, embedding_dim=4, attention_units=6, seed=0)
        >>> inputs = {"dense": tf.ones([2, 1]), "sparse": tf.constant([[2, 0], [1, 4]])}
        >>> model(inputs).shape.as_list(), model.count_params()  # 1 + 9 · (1 + 4) + 4 · 6 + 6 + 6 + 4
        ([2], 86)

    References:
        Xiao et al., *Attentional Factorization Machines: Learning the Weight of Feature Interactions via
        Attention Networks*, IJCAI 2017, https://arxiv.org/abs/1708.04617. In the paper dropout is on the
        layer of pairs; the authors' code has one rate for the attention weights (here ``pair_dropout``) and
        one for the pooled vector (``pooled_dropout``), and its README trains with 0 and 0.5. Its attention
        weights are all 1 (``wiring="authors"``, see `recnotes.layers.PairAttention`), which leaves the pairs
        of a factorization machine under the projection $p$. It fits labels ±1 by squared error.
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int],
        num_dense: int = 0,
        embedding_dim: int = 256,
        attention_units: int = 256,
        pair_dropout: float = 0.2,
        pooled_dropout: float = 0.0,
        attention_l2: float = 0.0,
        wiring: str = "paper",
        embedding_stddev: float = 0.01,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        if embedding_dim < 1 or not 0 <= pooled_dropout < 1:
            raise ValueError(
                f"embedding_dim must be positive and pooled_dropout in [0, 1), "
                f"received {embedding_dim!r} and {pooled_dropout!r}"
            )
        self.seed = seed
        seeds = child_seeds(seed, 3)
        policy = self.dtype_policy
        self.first_order = FeatureEmbedding(
            vocabulary_sizes, num_dense, 1, field_names, stddev=0.0, dtype="float32", name="first_order"
        )
        self.embedding = FeatureEmbedding(
            vocabulary_sizes, num_dense, embedding_dim, field_names, embedding_stddev, seeds[0], dtype=policy
        )
        self.pairs = PairAttention(
            attention_units, pair_dropout, wiring, attention_l2, seeds[1], dtype=policy, name="pairs"
        )
        self.drop = keras.layers.Dropout(pooled_dropout, seed=seeds[2], dtype="float32")

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.first_order.build()
        self.embedding.build()
        self.pairs.build((None, None, self.embedding.width))
        options = {"dtype": "float32", "autocast": False}
        self.bias = self.add_weight((), "zeros", name="bias", **options)
        self.p = self.add_weight((self.embedding.width,), "ones", name="p", **options)
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Adds bias, first-order weights and the projected pairs.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}``.
            training: whether dropout is on (default: False).

        Returns:
            The logit ``[B]``.
        """
        # --8<-- [start:call]
        w = self.first_order(inputs)  # [B, m, 1]
        pooled = tf.cast(self.pairs(self.embedding(inputs), training=training), tf.float32)  # [B, D]
        y = tf.linalg.matvec(self.drop(pooled, training=training), self.p)  # [B]
        return self.bias + tf.reduce_sum(w, axis=[1, 2]) + y
        # --8<-- [end:call]
