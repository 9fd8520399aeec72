"""NFM: a network that reads the pooled pairs of a factorization machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.feature import FeatureEmbedding
from recnotes.layers.fm import fm_pooled
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class NFM(RowWeights):
    r"""First-order weights plus a network on the bi-interaction vector.

    $$
    \text{logit}_b = w_0 + \sum_i w_i x_{bi} + h^T z^{(L)}_b, \qquad
    z^{(l)} = \sigma(W_l z^{(l-1)} + b_l), \qquad
    z^{(0)}_b = \sum_{i<j} e_{bi} \odot e_{bj}
    $$

    with $e_{bi}$ of shape $[D]$, $z^{(0)}$ of shape $[B, D]$, $W_l$ of shape $[U, D]$ for the first layer,
    $h$ of shape $[U]$ and the logit of shape $[B]$. Batch normalization stands after the pooling and before
    each activation, dropout after the pooling and after each activation.

    Args:
        vocabulary_sizes: number of values of each categorical field, length ``F``.
        num_dense: number ``n`` of numeric fields (default: 0).
        embedding_dim: width ``D`` of the vectors (default: 64).
        hidden_units: widths of the hidden layers, may be empty (default: (64,)).
        activation: activation of the hidden layers (default: "relu").
        pooled_dropout: share of the pooled vector dropped in training (default: 0.5).
        dropout: share of the hidden units dropped in training (default: 0.2).
        batch_norm: whether batch normalization is on (default: True).
        random_biases: whether the hidden layers' biases start at random, like their matrices, as in the
            authors' code (default: False).
        embedding_stddev: standard deviation of the vectors at the start (default: 0.01).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"dense": float [B, n], "sparse": int [B, F]}``: the logit ``[B]``.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> model = NFM([3, 5], embedding_dim=4, hidden_units=[8], seed=0)
        >>> model({"sparse": tf.constant([[2, 0], [1, 4]])}).shape.as_list()
        [2]

    References:
        He and Chua, *Neural Factorization Machines for Sparse Predictive Analytics*, SIGIR 2017,
        https://arxiv.org/abs/1708.05027. The authors' code
        (https://github.com/hexiangnan/neural_factorization_machine) starts the hidden biases at random
        (``random_biases=True``).
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int],
        num_dense: int = 0,
        embedding_dim: int = 64,
        hidden_units: Sequence[int] = (64,),
        activation: str = "relu",
        pooled_dropout: float = 0.5,
        dropout: float = 0.2,
        batch_norm: bool = True,
        random_biases: bool = False,
        embedding_stddev: float = 0.01,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        self.hidden_units = [int(u) for u in hidden_units]
        self.activation = activation
        self.pooled_dropout = float(pooled_dropout)
        self.dropout = float(dropout)
        self.batch_norm = bool(batch_norm)
        self.seed = seed
        count = len(self.hidden_units)
        seeds = child_seeds(seed, 3 + 3 * count)
        self.first_order = FeatureEmbedding(
            vocabulary_sizes, num_dense, 1, field_names, stddev=0.0, dtype="float32", name="first_order"
        )
        policy = self.dtype_policy
        self.embedding = FeatureEmbedding(
            vocabulary_sizes, num_dense, embedding_dim, field_names, embedding_stddev, seeds[0], dtype=policy
        )
        self.hidden = [
            keras.layers.Dense(u, kernel_initializer=keras.initializers.GlorotNormal(s), dtype=policy)
            for u, s in zip(self.hidden_units, seeds[3:], strict=False)
        ]
        if random_biases:
            widths = [embedding_dim, *self.hidden_units]
            for layer, fan_in, s in zip(self.hidden, widths, seeds[3 + 2 * count :], strict=False):
                stddev = (2 / (fan_in + layer.units)) ** 0.5
                layer.bias_initializer = keras.initializers.RandomNormal(stddev=stddev, seed=s)
        norms = range(count + 1 if batch_norm else 0)
        self.norms = [keras.layers.BatchNormalization(momentum=0.9, dtype=policy) for _ in norms]
        self.drops = [keras.layers.Dropout(self.pooled_dropout, seed=seeds[1], dtype=policy)]
        self.drops += [
            keras.layers.Dropout(self.dropout, seed=s, dtype=policy) for s in seeds[3 + count : 3 + 2 * count]
        ]
        self.act = keras.activations.get(activation)
        self.h = keras.layers.Dense(
            1, kernel_initializer=keras.initializers.GlorotNormal(seeds[2]), dtype=policy
        )

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.first_order.build()
        self.embedding.build()
        widths = [self.embedding.width, *self.hidden_units]
        for layer, width in zip([*self.hidden, self.h], widths, strict=True):
            layer.build((None, width))
        for norm, width in zip(self.norms, widths, strict=False):
            norm.build((None, width))
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Adds first-order term and network.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}``.
            training: whether dropout and batch statistics are on (default: False).

        Returns:
            The logit ``[B]``.
        """
        # --8<-- [start:call]
        z = fm_pooled(self.embedding(inputs))  # [B, D]
        if self.batch_norm:
            z = self.norms[0](z, training=training)
        z = self.drops[0](z, training=training)
        for i, layer in enumerate(self.hidden, 1):
            z = layer(z)
            if self.batch_norm:
                z = self.norms[i](z, training=training)
            z = self.drops[i](self.act(z), training=training)
        first = tf.cast(tf.reduce_sum(self.first_order(inputs), axis=[1, 2]), tf.float32)  # [B]
        return first + tf.cast(self.h(z)[:, 0], tf.float32)
        # --8<-- [end:call]
