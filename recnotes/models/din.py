"""Deep Interest Network: the history is summed up anew for each candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.behavior import BehaviorEmbedding
from recnotes.layers.dice_mlp import DiceMLP
from recnotes.layers.target_attention import TargetAttention
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class DIN(RowWeights):
    r"""A network over the profile, the candidate and the history as the candidate activates it.

    $$
    \text{logit}_b = \text{MLP}\big([\, v_b;\; q_b;\; x_b \,]\big), \qquad
    v_b = \sum_t m_{bt}\, a(k_{bt}, q_b)\, k_{bt}
    $$

    with the candidate's vector $q$ and the interest $v$ of shape $[B, D]$, the history $k$ of shape
    $[B, L, D]$ with its mask $m$ of shape $[B, L]$, the activation unit $a$ of `TargetAttention`, the
    profile $x$ of shape $[B, n + FD]$ and the logit of shape $[B]$.

    Args:
        num_items: number of items ``N``.
        vocabulary_sizes: number of values of each other categorical field (default: ()).
        num_dense: number ``n`` of numeric fields (default: 0).
        embedding_dim: width ``D`` of the vectors (default: 16).
        hidden_units: widths of the network's hidden layers (default: (200, 80)).
        attention_units: widths of the activation unit's hidden layers (default: (36,)).
        activation: activation of both networks' hidden layers, "dice" or a name Keras knows
            (default: "dice").
        normalize: None, or "softmax" as in the authors' code (default: None).
        cross: whether the network also reads $v \odot q$, as in the authors' code (default: False).
        use_attention: ``False`` adds the history up with weights 1, the paper's base model (default: True).
        dropout: share of the network's hidden units dropped in training (default: 0.0).
        embedding_stddev: standard deviation of the vectors at the start (default: 0.01).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"item": [B], "history": [B, L], "dense": [B, n], "sparse": [B, F]}``, the last two
        where the model has such fields: the logit ``[B]``. Items count from 1, 0 is padding.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> model = DIN(9, embedding_dim=4, hidden_units=[8], seed=0)
        >>> inputs = {"item": tf.constant([3, 5]), "history": tf.constant([[1, 9, 0], [0, 0, 0]])}
        >>> model(inputs).shape.as_list()
        [2]

    References:
        Zhou et al., *Deep Interest Network for Click-Through Rate Prediction*, KDD 2018,
        https://arxiv.org/abs/1706.06978. The authors' code (zhougr1993/DeepInterestNetwork) normalizes the
        weights by a softmax and feeds $[v; q; v \odot q]$ and no user id to the network. Not rebuilt here are
        its dense layer on $v$, its bias of each item, and batch normalization called without the training
        flag, which leaves an affine layer. Its readme replaces the paper's numbers on Amazon, for "the wrong
        way to apply BatchNorm".
    """

    def __init__(
        self,
        num_items: int,
        vocabulary_sizes: Sequence[int] = (),
        num_dense: int = 0,
        embedding_dim: int = 16,
        hidden_units: Sequence[int] = (200, 80),
        attention_units: Sequence[int] = (36,),
        activation: str = "dice",
        normalize: str | None = None,
        cross: bool = False,
        use_attention: bool = True,
        dropout: float = 0.0,
        embedding_stddev: float = 0.01,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        self.cross = bool(cross)
        self.use_attention = bool(use_attention)
        seeds, policy = child_seeds(seed, 3), self.dtype_policy
        self.embedding = BehaviorEmbedding(
            num_items,
            vocabulary_sizes,
            num_dense,
            embedding_dim,
            field_names,
            embedding_stddev,
            seeds[0],
            dtype=policy,
            name="embedding",
        )
        self.attention = TargetAttention(
            attention_units, activation, normalize, seeds[1], dtype=policy, name="attention"
        )
        self.dnn = DiceMLP(hidden_units, 1, activation, dropout, seeds[2], dtype=policy, name="dnn")

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        width = self.embedding.items.width
        self.embedding.build()
        if self.use_attention:
            self.attention.build((None, width))
        self.dnn.build((None, (3 if self.cross else 2) * width + self.embedding.profile_width))
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Activates the history by the candidate and runs the network.

        Args:
            inputs: ``{"item": [B], "history": [B, L], "dense": [B, n], "sparse": [B, F]}``.
            training: whether dropout is on and Dice reads the batch (default: False).

        Returns:
            The logit ``[B]``.
        """
        # --8<-- [start:call]
        q, k, mask = self.embedding(inputs)
        if self.use_attention:
            v = self.attention(q, k, mask, training=training)  # [B, D]
        else:
            v = tf.reduce_sum(k, axis=1)  # [B, D]
        parts = [v, q, v * q] if self.cross else [v, q]
        if self.embedding.profile_width:
            parts.append(self.embedding.profile(inputs))
        logit = self.dnn(tf.concat(parts, axis=1), training=training)[:, 0]  # [B]
        return tf.cast(logit, tf.float32)
        # --8<-- [end:call]
