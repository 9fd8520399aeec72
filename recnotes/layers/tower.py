"""One tower of a retrieval model: fields in, one vector of length 1 out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.field import FieldEmbedding
from recnotes.layers.dense import glorot_dense
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class Tower(keras.layers.Layer):
    r"""Embeds categorical fields, runs a network over them and scales its output to length 1.

    $$
    v_b = \frac{a_b}{\|a_b\|}, \qquad a_b = \text{MLP}\big([e_{b1}, \dots, e_{bF}]\big)
    $$

    with the vectors $e_{bf}$ of shape $[D]$ of the $F$ fields, and $a$ and $v$ of shape $[B, U]$, where $U$
    is the last width, or $FD$ without any hidden layer. A zero output stays zero.

    Args:
        vocabulary_sizes: number of values of each field, length ``F``.
        embedding_dim: width ``D`` of the vectors.
        hidden_units: widths of the layers; each has the activation, the last one too.
        activation: activation of the layers (default: "relu").
        normalize: whether the output is scaled to length 1 (default: True).
        field_names: names of the fields for error messages (default: None).
        embedding_stddev: standard deviation of the vectors at the start (default: 0.01).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on integer ids ``[B, F]``: vectors ``[B, U]``.

    Raises:
        ValueError: a size does not fit, or an id is out of range (eagerly).

    Example:
        >>> tower = Tower([6, 3], embedding_dim=4, hidden_units=[8, 5], seed=0)
        >>> tower(tf.constant([[5, 0], [1, 2]])).shape.as_list(), tower.count_params()
        ([2, 5], 153)

    References:
        Yi et al., *Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations*,
        RecSys 2019, https://doi.org/10.1145/3298689.3346996, figure 2.
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int],
        embedding_dim: int,
        hidden_units: Sequence[int],
        activation: str = "relu",
        normalize: bool = True,
        field_names: Sequence[str] | None = None,
        embedding_stddev: float = 0.01,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if embedding_dim < 1:
            raise ValueError(f"embedding_dim must be positive, received {embedding_dim!r}")
        if any(units < 1 for units in hidden_units):
            raise ValueError(f"hidden_units must be positive integers, received {hidden_units!r}")
        self.normalize = bool(normalize)
        self.activation = activation
        self.seed = seed
        policy, seeds = self.dtype_policy, child_seeds(seed, 2)
        start = (embedding_stddev, seeds[0])
        self.embedding = FieldEmbedding(vocabulary_sizes, embedding_dim, field_names, *start, dtype=policy)
        self.hidden_layers = [
            glorot_dense(units, s, activation=activation, dtype=policy)
            for units, s in zip(hidden_units, child_seeds(seeds[1], 2 * len(hidden_units))[::2], strict=True)
        ]
        self.widths = [len(vocabulary_sizes) * self.embedding.width, *map(int, hidden_units)]
        self.width = self.widths[-1]
        self.supports_jit = False

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.embedding.build()
        for layer, width in zip(self.hidden_layers, self.widths, strict=False):
            layer.build((None, width))
        self.built = True

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """Computes the vectors.

        Args:
            ids: integer tensor ``[B, F]``.

        Returns:
            Vectors ``[B, U]``.
        """
        # --8<-- [start:call]
        a = tf.reshape(self.embedding(ids), [-1, self.widths[0]])
        for layer in self.hidden_layers:
            a = layer(a)  # [B, U]
        return tf.math.l2_normalize(a, axis=1) if self.normalize else a
        # --8<-- [end:call]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns ``[B, U]``.

        Args:
            input_shape: ``[B, F]``.

        Returns:
            Shape of the vectors.
        """
        return (input_shape[0], self.width)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {
            **super().get_config(),
            "vocabulary_sizes": self.embedding.vocabulary_sizes,
            "embedding_dim": self.embedding.width,
            "hidden_units": list(self.widths[1:]),
            "activation": self.activation,
            "normalize": self.normalize,
            "field_names": self.embedding.field_names,
            "embedding_stddev": self.embedding.stddev,
            "seed": self.seed,
        }
