"""DCN: a cross network and a deep network that read the same vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.field import FieldEmbedding
from recnotes.embedding.stack import stack_features
from recnotes.layers.cross import CrossNetwork
from recnotes.layers.mlp import MLP
from recnotes.layers.normalized_mlp import NormalizedMLP
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class DCN(RowWeights):
    r"""Crosses of bounded degree next to a network, both on numeric values and embeddings side by side.

    $$
    \text{logit}_b = W \big[\, x_{L,b};\; h_b \,\big] + c, \qquad
    x_{l+1} = x_0 (x_l^T w_l) + b_l + x_l, \qquad h = \text{MLP}(x_0)
    $$

    with $x_0 = [d; e_1; \dots; e_F]$ and every $x_l$ of shape $[B, n + FD]$, the numeric values $d$ of shape
    $[B, n]$, the embeddings $e_f$ of shape $[B, D]$, the last hidden layer $h$ of shape $[B, U]$, $W$ of
    shape $[1, n + FD + U]$, $c$ a number and the logit of shape $[B]$.

    Args:
        vocabulary_sizes: number of values of each categorical field, length ``F``.
        num_dense: number ``n`` of numeric fields (default: 0).
        embedding_dim: width ``D`` of the embeddings, or one a field, ``[6 * round(v**0.25) for v in
            vocabulary_sizes]`` being near the paper's; the table is as wide as the widest, and what a field
            does not use of it is not read (default: 16).
        num_cross_layers: number ``L`` of cross layers (default: 6).
        hidden_units: widths of the network's hidden layers; none leaves the cross network alone
            (default: (1024, 1024)).
        activation: activation of the hidden layers (default: "relu").
        dropout: share of the hidden units dropped in training (default: 0.0).
        batch_norm: whether the network's hidden layers are normalized over the batch, as in the paper's
            experiments (default: False).
        embedding_stddev: standard deviation of the embeddings at the start (default: 0.01).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"dense": float [B, n], "sparse": int [B, F]}``: the logit ``[B]``.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> model = DCN([3, 5], num_dense=1, embedding_dim=4, num_cross_layers=2, hidden_units=[8], seed=0)
        >>> inputs = {"dense": tf.ones([2, 1]), "sparse": tf.constant([[2, 0], [1, 4]])}
        >>> model(inputs).shape.as_list(), model.count_params()  # 8 · 4 + 2 · 2 · 9 + 9 · 8 + 8 + 17 + 1
        ([2], 166)

    References:
        Wang et al., *Deep & Cross Network for Ad Click Predictions*, ADKDD 2017,
        https://arxiv.org/abs/1708.05123. In its experiments each field's embedding has its own width, 6 times
        the fourth root of the number of values, and the network has batch normalization
        (``batch_norm=True``, here before each activation); the default width is this package's. Two layers of
        1,024 units and six cross layers are the paper's best on Criteo. DeepCTR adds a linear logit and has
        no output bias (`recnotes.oracles.cross.deepctr_logit`).
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int],
        num_dense: int = 0,
        embedding_dim: int | Sequence[int] = 16,
        num_cross_layers: int = 6,
        hidden_units: Sequence[int] = (1024, 1024),
        activation: str = "relu",
        dropout: float = 0.0,
        batch_norm: bool = False,
        embedding_stddev: float = 0.01,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        if num_dense < 0:
            raise ValueError(f"num_dense must be at least 0, received {num_dense!r}")
        fields = len(vocabulary_sizes)
        self.widths = list(embedding_dim) if isinstance(embedding_dim, Sequence) else [embedding_dim] * fields
        if len(self.widths) != fields or min(self.widths, default=1) < 1:
            raise ValueError(f"embedding_dim must be positive, one or {fields}, received {embedding_dim!r}")
        self.num_dense = int(num_dense)
        self.seed = seed
        seeds = child_seeds(seed, 4)
        policy = self.dtype_policy
        width = max(self.widths, default=1)
        self.embedding = FieldEmbedding(
            vocabulary_sizes, width, field_names, embedding_stddev, seeds[0], dtype=policy
        )
        self.cross = CrossNetwork(num_cross_layers, seeds[1], dtype=policy)
        network = NormalizedMLP if batch_norm else MLP
        self.dnn = network(hidden_units, None, activation, dropout, seeds[2], dtype=policy)
        self.head = MLP([], 1, seed=seeds[3], dtype=policy)

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        width = self.num_dense + sum(self.widths)
        self.embedding.build()
        self.cross.build((None, width))
        self.dnn.build((None, width))
        self.head.build((None, width + sum(self.dnn.hidden_units[-1:])))
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Runs both networks and adds up what they find.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}``.
            training: whether dropout is on (default: False).

        Returns:
            The logit ``[B]``.
        """
        # --8<-- [start:call]
        e = self.embedding(inputs["sparse"])  # [B, F, D]
        x0 = stack_features(inputs, e, self.num_dense)  # [B, n + F*D]
        if min(self.widths) < self.embedding.width:  # n + F*D is then n and the sum of the widths
            x0 = tf.gather(x0, self._columns(), axis=1)
        x = self.cross(x0)  # [B, n + F*D]
        if self.dnn.hidden_units:
            x = tf.concat([x, self.dnn(x0, training=training)], axis=1)  # [B, n + F*D + U]
        y = tf.cast(self.head(x)[:, 0], tf.float32)  # [B]
        return y
        # --8<-- [end:call]

    def _columns(self) -> list[int]:
        """Return where the numeric values and what the fields use of their vectors stand."""
        first = [self.num_dense + f * self.embedding.width for f in range(len(self.widths))]
        used = [range(start, start + width) for start, width in zip(first, self.widths, strict=True)]
        return [column for part in (range(self.num_dense), *used) for column in part]
