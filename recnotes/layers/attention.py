"""Scaled dot-product attention with a padding mask and a causal mask."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.dense import glorot_dense
from recnotes.seeds import child_seeds


def causal_mask(length: int | tf.Tensor) -> tf.Tensor:
    r"""Lets each step see itself and the steps before it.

    $$
    c_{qk} = [k \le q]
    $$

    with the mask $c$ of shape $[L, L]$, rows are queries and columns are keys.

    Args:
        length: number of steps ``L``.

    Returns:
        bool tensor ``[L, L]``.

    Example:
        >>> causal_mask(3).numpy().astype(int).tolist()
        [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    """
    steps = tf.range(length)  # [L]
    return steps[None, :] <= steps[:, None]


def self_attention_mask(mask: tf.Tensor) -> tf.Tensor:
    r"""Combines a padding mask with the causal mask: which key each query may read.

    $$
    a_{bqk} = m_{bk} \cdot [k \le q]
    $$

    with the padding mask $m$ of shape $[B, L]$ (true where an item is real) and the result $a$ of shape
    $[B, L, L]$. Only keys are masked. A query that stands on padding still produces a row, which the caller
    drops.

    Args:
        mask: bool tensor ``[B, L]``, true where an item is real.

    Returns:
        bool tensor ``[B, L, L]``.

    Example:
        >>> self_attention_mask(tf.constant([[True, True, False]]))[0].numpy().astype(int).tolist()
        [[1, 0, 0], [1, 1, 0], [1, 1, 0]]
    """
    return tf.logical_and(mask[:, None, :], causal_mask(tf.shape(mask)[1]))


# --8<-- [start:attention]
def masked_softmax(scores: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    r"""Softmax over the last axis, restricted to the entries that the mask allows.

    $$
    w_k = \frac{a_k \exp(s_k)}{\sum_j a_j \exp(s_j)}
    $$

    with scores $s$, mask $a$ and weights $w$ of one shape $[\dots, L]$. A forbidden entry gets exactly 0; a
    row in which everything is forbidden is all zeros, where a large negative number in place of a mask would
    give $1/L$ to each forbidden entry and $-\infty$ would give NaN.

    Args:
        scores: float tensor.
        mask: bool tensor that broadcasts to ``scores``.

    Returns:
        float tensor of the shape of ``scores``.

    Example:
        >>> s, a = tf.zeros([2, 3]), tf.constant([[True, True, False], [False, False, False]])
        >>> masked_softmax(s, a).numpy().tolist()
        [[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]]
    """
    # Next to a real score exp(min) is 0 already; the last step is for rows in which nothing is allowed.
    w = tf.nn.softmax(tf.where(mask, scores, scores.dtype.min))
    return tf.where(mask, w, 0)


def scaled_dot_product_attention(
    q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, mask: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Averages values with weights from the inner products of queries and keys.

    $$
    \text{Attention}(Q, K, V) = \text{softmax}\Big(\frac{QK^\top}{\sqrt d}\Big)V
    $$

    with queries $Q$ of shape $[\dots, L_q, d]$, keys $K$ and values $V$ of shape $[\dots, L, d]$ and the
    softmax of `masked_softmax` over keys.

    Args:
        q: queries.
        k: keys.
        v: values.
        mask: bool tensor that broadcasts to the scores ``[..., L_q, L]``, true where a key may be read.

    Returns:
        The pair of averages ``[..., L_q, d]`` and weights ``[..., L_q, L]``.

    Example:
        >>> x = tf.constant([[[1.0, 0.0], [0.0, 1.0]]])
        >>> y, w = scaled_dot_product_attention(x, x, x, causal_mask(2))
        >>> y[0, 0].numpy().tolist(), w[0, 0].numpy().tolist()
        ([1.0, 0.0], [1.0, 0.0])

    References:
        Vaswani et al., *Attention Is All You Need*, NIPS 2017, https://arxiv.org/abs/1706.03762.
    """
    scores = tf.matmul(q, k, transpose_b=True) * tf.cast(q.shape[-1], q.dtype) ** -0.5
    weights = masked_softmax(scores, mask)
    return tf.matmul(weights, v), weights


# --8<-- [end:attention]


@keras.saving.register_keras_serializable("recnotes")
class MultiHeadAttention(keras.layers.Layer):
    r"""Projects to queries, keys and values and attends in each of ``H`` slices of the width.

    $$
    \text{head}_h = \text{Attention}(X W^Q_h,\; Y W^K_h,\; Y W^V_h), \qquad
    Z = [\text{head}_1; \dots; \text{head}_H]
    $$

    with queries' input $X$ of shape $[B, L, D]$, keys' and values' input $Y$ of shape $[B, L, D]$,
    projections $W^Q, W^K, W^V$ of shape $[D, D]$, of which head $h$ owns $D/H$ columns, and the
    result $Z$ of shape $[B, L, D]$. As in SASRec no further projection follows.

    Args:
        width: width ``D``, a multiple of ``num_heads``.
        num_heads: number of heads ``H`` (default: 1).
        use_bias: whether the projections have biases (default: False).
        dropout: rate of dropout on the weights (default: 0.0).
        seed: seed of the initializers and of dropout (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``(x, y, mask)`` with a bool mask ``[B, L, L]``: the pair of a float tensor ``[B, L, D]``
        and the weights ``[B, H, L, L]`` before dropout.

    Raises:
        ValueError: the width is not a multiple of the number of heads, or the rate is not in [0, 1).

    Example:
        >>> layer = MultiHeadAttention(4, num_heads=2, seed=0)
        >>> x = tf.ones([1, 3, 4])
        >>> z, w = layer(x, x, self_attention_mask(tf.constant([[True, True, False]])))
        >>> z.shape.as_list(), tf.reduce_sum(w, -1)[0].numpy().round(3).tolist()
        ([1, 3, 4], [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])

    References:
        Vaswani et al., *Attention Is All You Need*, NIPS 2017, https://arxiv.org/abs/1706.03762 (which adds
        an output projection). Kang and McAuley, *Self-Attentive Sequential Recommendation*, ICDM 2018,
        https://arxiv.org/abs/1808.09781: no biases in the text, biases in the code; forbidden scores are set
        to $-2^{32}+1$ in the code.
    """

    def __init__(
        self,
        width: int,
        num_heads: int = 1,
        use_bias: bool = False,
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_heads < 1 or width % num_heads:
            raise ValueError(f"width must be a multiple of num_heads={num_heads!r}, received {width!r}")
        self.width, self.num_heads = int(width), int(num_heads)
        self.use_bias = bool(use_bias)
        self.seed = seed
        seeds, policy = child_seeds(seed, 4), self.dtype_policy
        self.query = glorot_dense(width, seeds[0], use_bias=use_bias, name="query", dtype=policy)
        self.key = glorot_dense(width, seeds[1], use_bias=use_bias, name="key", dtype=policy)
        self.value = glorot_dense(width, seeds[2], use_bias=use_bias, name="value", dtype=policy)
        self.dropout = keras.layers.Dropout(dropout, seed=seeds[3], dtype=policy)

    def build(self, input_shape: Any = None) -> None:
        """Creates the three projections.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        for dense in (self.query, self.key, self.value):
            dense.build((None, None, self.width))
        self.built = True

    def call(
        self, x: tf.Tensor, y: tf.Tensor, mask: tf.Tensor, training: bool | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Attends.

        Args:
            x: input of the queries, ``[B, L, D]``.
            y: input of the keys and values, ``[B, L, D]``.
            mask: bool tensor ``[B, L, L]``, true where a key may be read.
            training: whether dropout is on, None leaves it to Keras (default: None).

        Returns:
            The pair of the result ``[B, L, D]`` and the weights ``[B, H, L, L]``.
        """
        # --8<-- [start:call]
        d = self.width // self.num_heads
        heads = [tf.shape(x)[0], tf.shape(x)[1], self.num_heads, d]
        # Scaled here, where it costs D numbers a step and not L a head.
        q = tf.transpose(tf.reshape(self.query(x), heads) * d**-0.5, [0, 2, 1, 3])  # [B, H, L, d]
        k = tf.transpose(tf.reshape(self.key(y), heads), [0, 2, 1, 3])  # [B, H, L, d]
        v = tf.transpose(tf.reshape(self.value(y), heads), [0, 2, 1, 3])  # [B, H, L, d]
        scores = tf.matmul(q, k, transpose_b=True)  # [B, H, L, L]
        w = masked_softmax(scores, mask[:, None])  # [B, H, L, L]
        z = tf.matmul(self.dropout(w, training=training), v)  # [B, H, L, d]
        return tf.reshape(tf.transpose(z, [0, 2, 1, 3]), tf.shape(x)), w
        # --8<-- [end:call]

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor takes."""
        return {
            **super().get_config(),
            "width": self.width,
            "num_heads": self.num_heads,
            "use_bias": self.use_bias,
            "dropout": self.dropout.rate,
            "seed": self.seed,
        }
