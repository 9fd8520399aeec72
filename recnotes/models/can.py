"""Co-Action Network: the candidate holds a small network through which every item of the history runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.behavior import BehaviorEmbedding, ItemEmbedding
from recnotes.layers.co_action import CoAction, co_action_size
from recnotes.layers.mlp import MLP
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class CAN(RowWeights):
    r"""A network over profile, candidate, summed history and the co-action of candidate and history.

    $$
    \text{logit}_b = \text{MLP}\Big(\Big[\, y_b;\; \sum_t k_{bt};\; q_b;\; x_b \Big]\Big), \qquad
    y_b = \text{CoAction}\big(P_{\text{item}_b},\; p_{\text{history}_b},\; m_b\big)
    $$

    with the candidate's vector $q$ of shape $[B, D]$, the history $k$ of shape $[B, L, D]$, its mask $m$ of
    shape $[B, L]$, the profile $x$ of shape $[B, n + FD]$, the co-action $y$ of shape $[B, S]$ of the
    `CoAction` layer and the logit of shape $[B]$. Each item has a vector in three tables that share
    nothing: its meaning $q$ or $k$ of width $D$, its parameters $P$ as a candidate of width $T$ and its
    entry $p$ in a history of width $I$; this is the paper's independence of parameters.

    Args:
        num_items: number of items ``N``.
        vocabulary_sizes: number of values of each other categorical field (default: ()).
        num_dense: number ``n`` of numeric fields (default: 0).
        embedding_dim: width ``D`` of the vectors (default: 16).
        hidden_units: widths of the network's hidden layers (default: (200, 80)).
        co_action_width: width ``I`` of a history's entry (default: 16).
        co_action_units: widths of the candidate's network (default: (8, 4)).
        orders: number of powers (default: 3).
        co_action_activation: activation of the candidate's network, None for none (default: "tanh").
        wiring: "paper" or "authors", see `CoAction` (default: "paper").
        activation: activation of the hidden layers (default: "relu").
        dropout: share of the network's hidden units dropped in training (default: 0.0).
        embedding_stddev: standard deviation of all vectors at the start (default: 0.01).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"item": [B], "history": [B, L], "dense": [B, n], "sparse": [B, F]}``, the last two
        where the model has such fields: the logit ``[B]``. Items count from 1, 0 is padding.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> model = CAN(9, embedding_dim=4, hidden_units=[8], seed=0)
        >>> inputs = {"item": tf.constant([3, 5]), "history": tf.constant([[1, 9, 0], [0, 0, 0]])}
        >>> model(inputs).shape.as_list()
        [2]

    References:
        Bian et al., *CAN: Feature Co-Action Network for Click-Through Rate Prediction*, WSDM 2022,
        https://arxiv.org/abs/2011.05625. The defaults but ``embedding_dim`` are those of its section 5.1. The
        authors' code (CAN-Paper/Co-Action-Network) starts all tables Glorot-uniform. The authors add the
        co-action to several base models; here it is the plain sum of the history.
    """

    def __init__(
        self,
        num_items: int,
        vocabulary_sizes: Sequence[int] = (),
        num_dense: int = 0,
        embedding_dim: int = 16,
        hidden_units: Sequence[int] = (200, 80),
        co_action_width: int = 16,
        co_action_units: Sequence[int] = (8, 4),
        orders: int = 3,
        co_action_activation: str | None = "tanh",
        wiring: str = "paper",
        activation: str = "relu",
        dropout: float = 0.0,
        embedding_stddev: float = 0.01,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        seeds, policy = child_seeds(seed, 4), self.dtype_policy
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
        self.co_action = CoAction(co_action_units, orders, co_action_activation, wiring, dtype=policy)
        size = co_action_size(co_action_width, self.co_action.units, wiring == "paper")
        self.parameters = ItemEmbedding(
            num_items, size, embedding_stddev, seeds[1], dtype=policy, name="parameters"
        )
        self.entries = ItemEmbedding(
            num_items, co_action_width, embedding_stddev, seeds[2], dtype=policy, name="entries"
        )
        self.dnn = MLP(hidden_units, 1, activation, dropout, seeds[3], dtype=policy, name="dnn")

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        for layer in (self.embedding, self.parameters, self.entries, self.co_action):
            layer.build()
        width = 2 * self.embedding.items.width + self.embedding.profile_width
        self.dnn.build((None, self.co_action.output_width + width))
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Runs the history through the candidate's network, then everything through the other.

        Args:
            inputs: ``{"item": [B], "history": [B, L], "dense": [B, n], "sparse": [B, F]}``.
            training: whether dropout is on (default: False).

        Returns:
            The logit ``[B]``.
        """
        # --8<-- [start:call]
        q, k, mask = self.embedding(inputs)
        P = self.parameters(inputs["item"])  # [B, T]
        p = self.entries(inputs["history"], name="history")  # [B, L, I]
        y = self.co_action(P, p, mask)  # [B, S]
        parts = [y, tf.reduce_sum(k, axis=1), q]
        if self.embedding.profile_width:
            parts.append(self.embedding.profile(inputs))
        logit = self.dnn(tf.concat(parts, axis=1), training=training)[:, 0]  # [B]
        return tf.cast(logit, tf.float32)
        # --8<-- [end:call]
