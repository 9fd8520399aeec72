"""DeepFM: a factorization machine and a network that read the same embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.feature import FeatureEmbedding
from recnotes.layers.fm import fm_pairwise
from recnotes.layers.mlp import MLP
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class DeepFM(RowWeights):
    r"""First-order weights, pairwise term and network, added up; the last two share one embedding.

    $$
    \text{logit}_b = \underbrace{\sum_{i} w_i x_{bi}
        + \sum_{i<j} \langle e_{bi}, e_{bj} \rangle}_{y_{FM}}
        + \underbrace{\text{MLP}\big([e_{b1}, \dots, e_{bm}]\big)}_{y_{DNN}}
    $$

    with $e_{bi} = x_{bi} v_i$ of shape $[D]$ the vector of field $i$ times its value (1 for a categorical
    field), $m = n + F$ fields, the network's input of shape $[B, mD]$ and the logit of shape $[B]$. The one
    bias is that of the network's output layer. The paper does not say at which scale the vectors start;
    0.01 is that of He's and ChenglongChen's ports.

    Args:
        vocabulary_sizes: number of values of each categorical field, length ``F``.
        num_dense: number ``n`` of numeric fields (default: 0).
        embedding_dim: width ``D`` of the vectors (default: 10).
        hidden_units: widths of the network's hidden layers (default: (400, 400, 400)).
        activation: activation of the hidden layers (default: "relu").
        dropout: share of the hidden units dropped in training (default: 0.5).
        embedding_stddev: standard deviation of the vectors at the start (default: 0.01).
        use_fm: ``False`` leaves the network on its embeddings alone, the baseline "DNN" (default: True).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"dense": float [B, n], "sparse": int [B, F]}``: the logit ``[B]``.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> model = DeepFM([3, 5], num_dense=1, embedding_dim=4, hidden_units=[8], seed=0)
        >>> inputs = {"dense": tf.ones([2, 1]), "sparse": tf.constant([[2, 0], [1, 4]])}
        >>> model(inputs).shape.as_list(), model.count_params()  # 9 · (1 + 4) + 12 · 8 + 8 + 8 + 1
        ([2], 158)

    References:
        Guo et al., *DeepFM: A Factorization-Machine based Neural Network for CTR Prediction*, IJCAI 2017,
        https://arxiv.org/abs/1703.04247. The authors published no code. ChenglongChen's tensorflow-DeepFM
        puts a learned projection over first-order terms, pooled vector and last hidden layer; DeepCTR keeps
        numeric fields out of the pairwise term. `recnotes.oracles.deepfm` holds both wirings.
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int],
        num_dense: int = 0,
        embedding_dim: int = 10,
        hidden_units: Sequence[int] = (400, 400, 400),
        activation: str = "relu",
        dropout: float = 0.5,
        embedding_stddev: float = 0.01,
        use_fm: bool = True,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        self.use_fm = bool(use_fm)
        self.seed = seed
        seeds = child_seeds(seed, 2)
        if self.use_fm:
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
        self.dnn = MLP(hidden_units, 1, activation, dropout, seeds[1], dtype=self.dtype_policy, name="dnn")

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        if self.use_fm:
            self.first_order.build()
        self.embedding.build()
        num_fields = self.embedding.num_dense + len(self.embedding.fields.vocabulary_sizes)
        self.dnn.build((None, num_fields * self.embedding.width))
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Adds first-order term, pairwise term and network.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}``.
            training: whether dropout is on (default: False).

        Returns:
            The logit ``[B]``.
        """
        # --8<-- [start:call]
        e = self.embedding(inputs)  # [B, m, D]
        a0 = tf.reshape(e, [-1, e.shape[1] * e.shape[2]])  # [B, m*D]
        y_dnn = tf.cast(self.dnn(a0, training=training)[:, 0], tf.float32)  # [B]
        if not self.use_fm:
            return y_dnn
        w = self.first_order(inputs)  # [B, m, 1]
        y_fm = tf.reduce_sum(w, axis=[1, 2]) + tf.cast(fm_pairwise(e), tf.float32)  # [B]
        return y_fm + y_dnn
        # --8<-- [end:call]
