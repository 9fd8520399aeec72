"""SASRec's block: causal self-attention and a point-wise network, in two wirings."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.attention import MultiHeadAttention, self_attention_mask
from recnotes.layers.dense import glorot_dense
from recnotes.seeds import child_seeds

WIRINGS = ("paper", "authors")


@keras.saving.register_keras_serializable("recnotes")
class PointWiseFeedForward(keras.layers.Layer):
    r"""Two dense layers applied to each step alone.

    $$
    \text{FFN}(x) = \text{ReLU}(x W^{(1)} + b^{(1)})\,W^{(2)} + b^{(2)}
    $$

    with $x$ of shape $[B, L, D]$, $W^{(1)}, W^{(2)}$ of shape $[D, D]$ and $b^{(1)}, b^{(2)}$ of shape $[D]$.

    Args:
        width: width ``D``.
        dropout: rate of dropout after the ReLU (default: 0.0).
        seed: seed of the initializers and of dropout (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on a float tensor ``[B, L, D]``: a float tensor ``[B, L, D]``.

    Example:
        >>> PointWiseFeedForward(4, seed=0)(tf.ones([2, 3, 4])).shape.as_list()
        [2, 3, 4]

    References:
        Kang and McAuley, *Self-Attentive Sequential Recommendation*, ICDM 2018, equation (4),
        https://arxiv.org/abs/1808.09781. The authors' code writes it as two convolutions of kernel size 1 and
        drops out after each.
    """

    def __init__(self, width: int, dropout: float = 0.0, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = int(width)
        self.seed = seed
        seeds, policy = child_seeds(seed, 3), self.dtype_policy
        self.inner = glorot_dense(width, seeds[0], activation="relu", name="inner", dtype=policy)
        self.outer = glorot_dense(width, seeds[1], name="outer", dtype=policy)
        self.dropout = keras.layers.Dropout(dropout, seed=seeds[2], dtype=policy)

    def build(self, input_shape: Any = None) -> None:
        """Creates the two dense layers.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.inner.build((None, None, self.width))
        self.outer.build((None, None, self.width))
        self.built = True

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Applies the network to each step.

        Args:
            inputs: float tensor ``[B, L, D]``.
            training: whether dropout is on, None leaves it to Keras (default: None).

        Returns:
            float tensor ``[B, L, D]``.
        """
        return self.outer(self.dropout(self.inner(inputs), training=training))

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor takes."""
        return {
            **super().get_config(),
            "width": self.width,
            "dropout": self.dropout.rate,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable("recnotes")
class SASRecBlock(keras.layers.Layer):
    r"""One self-attention block of SASRec.

    As printed in the paper (``wiring="paper"``), layer $g$ is wrapped as
    $x + \text{Dropout}(g(\text{LN}(x)))$:

    $$
    \begin{aligned}
    S &= X + \text{Dropout}(\text{SA}(\text{LN}(X))) \\
    F &= S + \text{Dropout}(\text{FFN}(\text{LN}(S)))
    \end{aligned}
    $$

    As the authors' code computes it (``wiring="authors"``), only the queries are normalized and the residual
    is the *normalized* input:

    $$
    \begin{aligned}
    S &= \text{LN}(X) + \text{Attention}(\text{LN}(X)W^Q, X W^K, X W^V) \\
    F &= \text{LN}(S) + \text{Dropout}(\text{FFN}(\text{LN}(S)))
    \end{aligned}
    $$

    with dropout on the attention weights and inside the network, and biases on the three projections. $X$,
    $S$ and $F$ have shape $[B, L, D]$. In both, rows of padding leave as zeros.

    Args:
        width: width ``D``.
        num_heads: number of heads ``H`` (default: 1).
        dropout: rate of dropout (default: 0.0).
        wiring: "paper" or "authors" (default: "paper").
        epsilon: what layer normalization adds to the variance (default: 1e-08).
        seed: seed of the initializers and of dropout (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``(x, mask)`` with the padding mask ``[B, L]``: the pair of a float tensor ``[B, L, D]``
        and the attention weights ``[B, H, L, L]``.

    Raises:
        ValueError: the wiring is unknown, or the width does not fit the heads.

    Example:
        >>> block = SASRecBlock(4, seed=0)
        >>> f, weights = block(tf.ones([2, 3, 4]), tf.constant([[True, True, True], [True, False, False]]))
        >>> f.shape.as_list(), weights.shape.as_list()
        ([2, 3, 4], [2, 1, 3, 3])

    References:
        Kang and McAuley, *Self-Attentive Sequential Recommendation*, ICDM 2018, section III.C,
        https://arxiv.org/abs/1808.09781. The paper does not print the epsilon of its layer normalization; the
        default is the one in the authors' code.
    """

    def __init__(
        self,
        width: int,
        num_heads: int = 1,
        dropout: float = 0.0,
        wiring: str = "paper",
        epsilon: float = 1e-8,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if wiring not in WIRINGS:
            raise ValueError(f"wiring must be one of {WIRINGS}, received {wiring!r}")
        self.width, self.wiring = int(width), wiring
        self.epsilon = float(epsilon)
        self.seed = seed
        authors, seeds, policy = wiring == "authors", child_seeds(seed, 3), self.dtype_policy
        inside = dropout if authors else 0.0
        self.attention_norm = keras.layers.LayerNormalization(epsilon=epsilon, dtype=policy)
        self.attention = MultiHeadAttention(width, num_heads, authors, inside, seeds[0], dtype=policy)
        self.feed_forward_norm = keras.layers.LayerNormalization(epsilon=epsilon, dtype=policy)
        self.feed_forward = PointWiseFeedForward(width, inside, seeds[1], dtype=policy)
        self.dropout = keras.layers.Dropout(dropout, seed=seeds[2], dtype=policy)

    def build(self, input_shape: Any = None) -> None:
        """Creates all weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        for layer in (self.attention_norm, self.attention, self.feed_forward_norm, self.feed_forward):
            layer.build((None, None, self.width))
        self.built = True

    def call(
        self, x: tf.Tensor, mask: tf.Tensor, training: bool | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Runs the block.

        Args:
            x: float tensor ``[B, L, D]``.
            mask: bool tensor ``[B, L]``, true where an item is real.
            training: whether dropout is on, None leaves it to Keras (default: None).

        Returns:
            The pair of the result ``[B, L, D]`` and the attention weights ``[B, H, L, L]``.
        """
        # --8<-- [start:call]
        allowed = self_attention_mask(mask)  # [B, L, L]
        normed = self.attention_norm(x)  # [B, L, D]
        if self.wiring == "paper":
            s, weights = self.attention(normed, normed, allowed, training=training)
            s = x + self.dropout(s, training=training)  # [B, L, D]
            normed = self.feed_forward_norm(s)  # [B, L, D]
        else:
            s, weights = self.attention(normed, x, allowed, training=training)
            normed = self.feed_forward_norm(normed + s)  # [B, L, D]
            s = normed  # [B, L, D]
        f = s + self.dropout(self.feed_forward(normed, training=training), training=training)  # [B, L, D]
        return f * tf.cast(mask, f.dtype)[:, :, None], weights
        # --8<-- [end:call]

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor takes."""
        return {
            **super().get_config(),
            "width": self.width,
            "num_heads": self.attention.num_heads,
            "dropout": self.dropout.rate,
            "wiring": self.wiring,
            "epsilon": self.epsilon,
            "seed": self.seed,
        }
