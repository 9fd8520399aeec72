"""The block of the Behavior Sequence Transformer: an encoder block with a leaky rectifier."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.attention import MultiHeadAttention
from recnotes.layers.dense import glorot_dense
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class BSTBlock(keras.layers.Layer):
    r"""Self-attention among all steps, then a network on each, both normalized after the residual.

    $$
    \begin{aligned}
    S &= \text{LN}\big(E + \text{Dropout}(\text{MH}(E)\,W^H)\big) \\
    F &= \text{LN}\big(S + \text{Dropout}(\text{LeakyReLU}(S W^{(1)} + b^{(1)})\,W^{(2)} + b^{(2)})\big)
    \end{aligned}
    $$

    with $E$, $S$ and $F$ of shape $[B, L, D]$, the heads $\text{MH}$ of `MultiHeadAttention` and
    $W^H, W^{(1)}, W^{(2)}$ of shape $[D, D]$. Padding is not read and leaves as zeros. The rectifier's
    slope below zero is Keras's 0.2.

    Args:
        width: width ``D``, a multiple of ``num_heads``.
        num_heads: number of heads (default: 8).
        dropout: rate of both dropouts (default: 0.0).
        epsilon: what layer normalization adds to the variance (default: 1e-06).
        seed: seed of the initializers and of dropout (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``(e, mask)`` with a bool mask ``[B, L]``: a float tensor ``[B, L, D]``.

    Raises:
        ValueError: the width is not a multiple of the number of heads.

    Example:
        >>> block = BSTBlock(4, num_heads=2, seed=0)
        >>> block(tf.ones([2, 3, 4]), tf.ones([2, 3], tf.bool)).shape.as_list()
        [2, 3, 4]

    References:
        Chen et al., *Behavior Sequence Transformer for E-commerce Recommendation in Alibaba*, DLP-KDD 2019,
        https://arxiv.org/abs/1905.06874.
    """

    def __init__(
        self,
        width: int,
        num_heads: int = 8,
        dropout: float = 0.0,
        epsilon: float = 1e-6,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.width = int(width)
        self.epsilon = float(epsilon)
        self.seed = seed
        seeds, policy = child_seeds(seed, 6), self.dtype_policy
        self.attention = MultiHeadAttention(width, num_heads, seed=seeds[0], dtype=policy)
        self.project = glorot_dense(width, seeds[1], use_bias=False, name="project", dtype=policy)
        self.inner = glorot_dense(width, seeds[2], activation="leaky_relu", name="inner", dtype=policy)
        self.outer = glorot_dense(width, seeds[3], name="outer", dtype=policy)
        self.norms = [keras.layers.LayerNormalization(epsilon=epsilon, dtype=policy) for _ in range(2)]
        self.dropouts = [keras.layers.Dropout(dropout, seed=s, dtype=policy) for s in seeds[4:]]

    def build(self, input_shape: Any = None) -> None:
        """Creates all weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        for layer in (self.attention, self.project, self.inner, self.outer, *self.norms):
            layer.build((None, None, self.width))
        self.built = True

    def call(self, e: tf.Tensor, mask: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Runs the block.

        Args:
            e: float tensor ``[B, L, D]``.
            mask: bool tensor ``[B, L]``, true where a step is real.
            training: whether dropout is on (default: False).

        Returns:
            float tensor ``[B, L, D]``.
        """
        # --8<-- [start:call]
        heads, _ = self.attention(e, e, mask[:, None])
        s = self.norms[0](e + self.dropouts[0](self.project(heads), training=training))  # [B, L, D]
        f = self.dropouts[1](self.outer(self.inner(s)), training=training)  # [B, L, D]
        f = self.norms[1](s + f)  # [B, L, D]
        return tf.where(mask[:, :, None], f, 0)
        # --8<-- [end:call]

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor takes."""
        return {
            **super().get_config(),
            "width": self.width,
            "num_heads": self.attention.num_heads,
            "dropout": self.dropouts[0].rate,
            "epsilon": self.epsilon,
            "seed": self.seed,
        }
