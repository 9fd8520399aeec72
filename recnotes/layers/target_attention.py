"""DIN's local activation unit: how much each past item counts depends on the candidate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.attention import masked_softmax
from recnotes.layers.dice_mlp import DiceMLP


@keras.saving.register_keras_serializable("recnotes")
class TargetAttention(keras.layers.Layer):
    r"""Adds up a history, each item weighted by a small network that also sees the candidate.

    $$
    v_b = \sum_{t} m_{bt}\, a_{bt}\, k_{bt}, \qquad
    a_{bt} = \text{MLP}\big([\,q_b;\; k_{bt};\; q_b - k_{bt};\; q_b \odot k_{bt}\,]\big)
    $$

    with the candidate $q$ of shape $[B, D]$, the history $k$ of shape $[B, L, D]$, its mask $m$ and the
    weights $a$ of shape $[B, L]$ and the result $v$ of shape $[B, D]$. The weights are not normalized: an
    item seen twice counts twice, and the length of $v$ says how strong an interest is.
    ``normalize="softmax"`` takes instead, over the items the mask allows,

    $$
    v_b = \sum_t \text{softmax}_t\big(a_{bt} / \sqrt{D}\big)\, k_{bt}
    $$

    An empty history gives zeros in both.

    Args:
        hidden_units: widths of the network's hidden layers (default: (36,)).
        activation: activation of the hidden layers, "dice" or a name Keras knows (default: "dice").
        normalize: None, or "softmax" for the authors' code (default: None).
        seed: seed of the network (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``(q, k, mask)``: a float tensor ``[B, D]``.

    Raises:
        ValueError: ``normalize`` is something else, or the inputs' ranks do not fit.

    Example:
        >>> layer = TargetAttention([8], seed=0)
        >>> layer(tf.ones([2, 4]), tf.ones([2, 3, 4]), tf.ones([2, 3], tf.bool)).shape.as_list()
        [2, 4]

    References:
        Zhou et al., *Deep Interest Network for Click-Through Rate Prediction*, KDD 2018,
        https://arxiv.org/abs/1706.06978, which abandons the softmax on purpose. The authors' code
        (zhougr1993/DeepInterestNetwork, ``din/model.py``) has it all the same, after a division by the root
        of the width, and its network is 80-40-1 with sigmoids; forbidden scores are set to $-2^{32}+1$, so
        that an empty history becomes the mean of its padding.
    """

    def __init__(
        self,
        hidden_units: Sequence[int] = (36,),
        activation: str = "dice",
        normalize: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if normalize not in (None, "softmax"):
            raise ValueError(f"normalize must be None or 'softmax', received {normalize!r}")
        self.normalize = normalize
        self.seed = seed
        self.unit = DiceMLP(hidden_units, 1, activation, seed=seed, dtype=self.dtype_policy, name="unit")

    def build(self, input_shape: Any) -> None:
        """Creates the network.

        Args:
            input_shape: shape ``[B, D]`` of the candidate, whose width is all that is read.
        """
        self.unit.build((None, 4 * input_shape[-1]))
        self.built = True

    def call(self, q: tf.Tensor, k: tf.Tensor, mask: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Weights the history and adds it up.

        Args:
            q: candidate ``[B, D]``.
            k: history ``[B, L, D]``.
            mask: bool tensor ``[B, L]``, true where an item is real.
            training: whether Dice reads the batch's statistics (default: False).

        Returns:
            float tensor ``[B, D]``.
        """
        # --8<-- [start:call]
        a = self.activations(q, k, mask, training)  # [B, L]
        return tf.einsum("bl,bld->bd", a, k)  # [B, D]
        # --8<-- [end:call]

    def activations(self, q: tf.Tensor, k: tf.Tensor, mask: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Computes the weight of each item, to look at; zero on padding.

        Args:
            q: candidate ``[B, D]``.
            k: history ``[B, L, D]``.
            mask: bool tensor ``[B, L]``, true where an item is real.
            training: whether Dice reads the batch's statistics (default: False).

        Returns:
            float tensor ``[B, L]``.

        Raises:
            ValueError: the ranks or widths do not fit.
        """
        if q.shape.rank != 2 or k.shape.rank != 3 or q.shape[1] != k.shape[2]:
            raise ValueError(
                f"q and k must be [B, D] and [B, L, D], received {tuple(q.shape)}, {tuple(k.shape)}"
            )
        # --8<-- [start:activations]
        real = tf.where(mask)  # [P, 2]
        kp = tf.gather_nd(k, real)  # [P, D]
        qp = tf.gather(q, real[:, 0])  # [P, D]
        x = tf.concat([qp, kp, qp - kp, qp * kp], axis=1)  # [P, 4*D]
        # The network never sees padding: it costs nothing, and Dice's statistics are those of real items.
        a = tf.scatter_nd(real, self.unit(x, training=training)[:, 0], tf.shape(mask, tf.int64))  # [B, L]
        if self.normalize == "softmax":
            return masked_softmax(a * k.shape[2] ** -0.5, mask)
        return a
        # --8<-- [end:activations]

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor takes."""
        return {
            **super().get_config(),
            "hidden_units": self.unit.hidden_units,
            "activation": self.unit.activation,
            "normalize": self.normalize,
            "seed": self.seed,
        }
