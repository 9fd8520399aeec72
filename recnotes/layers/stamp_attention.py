"""STAMP's attention: how much each item of a session counts, in view of the last one and of the mean."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class STAMPAttention(keras.layers.Layer):
    r"""Adds up the items of a session, each weighted by a small network.

    $$
    m_a = \sum_{i} \alpha_i\, x_i, \qquad
    \alpha_i = W_0\, \sigma\big(W_1 x_i + W_2 x_t + W_3 m_s + b_a\big)
    $$

    with the items $x$ of shape $[B, L, D]$, the last item $x_t$, the session's mean $m_s$ and the result
    $m_a$ of shape $[B, D]$, the weights $\alpha$ of shape $[B, L]$, zero on padding, $W_0$ of shape
    $[1, D]$, $W_1, W_2, W_3$ of shape $[D, D]$ and $b_a$ of shape $[D]$; here each matrix is stored
    transposed. No softmax follows: the weights need not sum to 1 and may be negative.

    Args:
        width: width ``D``.
        use_bias: whether there is $b_a$ (default: True).
        stddev: standard deviation of the matrices at the start (default: 0.05).
        seed: seed, from which each matrix gets its own (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``(x, x_t, m_s, mask)`` with a bool mask ``[B, L]``: the pair of ``[B, D]`` and the weights
        ``[B, L]``.

    Raises:
        ValueError: ``width`` is not positive.

    Example:
        >>> layer = STAMPAttention(4, seed=0)
        >>> m, a = layer(tf.ones([2, 3, 4]), tf.ones([2, 4]), tf.ones([2, 4]), tf.ones([2, 3], tf.bool))
        >>> m.shape.as_list(), a.shape.as_list()
        ([2, 4], [2, 3])

    References:
        Liu et al., *STAMP: Short-Term Attention/Memory Priority Model for Session-based Recommendation*,
        KDD 2018, https://doi.org/10.1145/3219819.3219950. The authors' code (uestcnlp/STAMP,
        ``basic_layer/FwNn3AttLayer.py``) has no $b_a$.
    """

    def __init__(
        self, width: int, use_bias: bool = True, stddev: float = 0.05, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if width < 1:
            raise ValueError(f"width must be positive, received {width!r}")
        self.width, self.use_bias, self.stddev, self.seed = int(width), bool(use_bias), float(stddev), seed

    def build(self, input_shape: Any = None) -> None:
        """Creates the matrices and the bias.

        Args:
            input_shape: not used, the width is known (default: None).
        """
        self.w0, self.w1, self.w2, self.w3 = (
            self.add_weight(
                name=f"w{i}",
                shape=(self.width, self.width if i else 1),
                initializer=keras.initializers.RandomNormal(stddev=self.stddev, seed=seed),
            )
            for i, seed in enumerate(child_seeds(self.seed, 4))
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.width,), initializer="zeros")
        self.built = True

    def call(
        self, x: tf.Tensor, x_t: tf.Tensor, m_s: tf.Tensor, mask: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Weights the items and adds them up.

        Args:
            x: items ``[B, L, D]``.
            x_t: last items ``[B, D]``.
            m_s: means ``[B, D]``.
            mask: bool tensor ``[B, L]``, true where an item is real.

        Returns:
            The pair of the sums ``[B, D]`` and the weights ``[B, L]``.
        """
        # --8<-- [start:call]
        shared = tf.matmul(x_t, self.w2) + tf.matmul(m_s, self.w3)  # [B, D]
        if self.bias is not None:
            shared += self.bias
        hidden = tf.sigmoid(tf.tensordot(x, self.w1, 1) + shared[:, None])  # [B, L, D]
        alpha = tf.where(mask, tf.tensordot(hidden, self.w0, 1)[:, :, 0], 0)  # [B, L]
        m_a = tf.einsum("bl,bld->bd", alpha, x)  # [B, D]
        return m_a, alpha
        # --8<-- [end:call]

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor takes."""
        return {
            **super().get_config(),
            "width": self.width,
            "use_bias": self.use_bias,
            "stddev": self.stddev,
            "seed": self.seed,
        }
