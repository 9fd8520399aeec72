"""Several vectors from one history by attention."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.attention import masked_softmax
from recnotes.layers.dense import glorot_dense
from recnotes.seeds import child_seeds


def most_recent_first(history: tf.Tensor, max_length: int) -> tf.Tensor:
    """Moves the real items of each row to its front, the most recent one first, and cuts the rest off.

    The place of an item then says how long ago it was, wherever the padding stood.

    Args:
        history: integer tensor ``[B, L]`` of item ids, oldest first, 0 is padding.
        max_length: number of items kept, ``n``.

    Returns:
        Ids ``[B, min(L, n)]``.

    Raises:
        ValueError: the history has another rank.

    Example:
        >>> most_recent_first(tf.constant([[7, 8, 9, 0]]), 2).numpy().tolist()
        [[9, 8]]
    """
    if history.shape.rank != 2:
        raise ValueError(f"'history' must have rank 2, received shape {tuple(history.shape)}")
    step = tf.where(tf.not_equal(history, 0), tf.range(1, tf.shape(history)[1] + 1), 0)  # [B, L]
    order = tf.argsort(step, axis=1, direction="DESCENDING")  # [B, L]
    return tf.gather(history, order, batch_dims=1)[:, :max_length]


@keras.saving.register_keras_serializable("recnotes")
class SelfAttentiveInterests(keras.layers.Layer):
    r"""Reads a history once for each interest, each time with attention weights of its own.

    $$
    A = \text{softmax}_t\big(\tanh(\hat H W_1)\, W_2\big)^\top, \qquad V = A \hat H, \qquad \hat H = H + P
    $$

    with the items $H$ of a history of shape $[B, L, D]$, the most recent one first, positions $P$ of shape
    $[L, D]$, $W_1$ of shape $[D, U]$, $W_2$ of shape $[U, M]$, the weights $A$ of shape $[B, M, L]$ over the
    real items and the interests $V$ of shape $[B, M, D]$. An empty history gives zeros.

    Args:
        num_interests: number of interests ``M``, the paper's $K$ (default: 4).
        max_length: number of positions ``n``, at least ``L``; 0 for none (default: 50).
        units: width ``U``, the paper's $d_a$; None for ``4 * D`` (default: None).
        wiring: "paper", or "authors" for what their code computes: positions decide the weights and are not
            part of what is added up, and both products have biases (default: "paper").
        seed: seed, from which each weight gets its own (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on items ``[B, L, D]`` and a bool mask ``[B, L]``: the interests ``[B, M, D]`` and the weights
        ``[B, M, L]``.

    Raises:
        ValueError: a size is not positive or the wiring is unknown.

    Example:
        >>> layer = SelfAttentiveInterests(2, max_length=3, seed=0)
        >>> v, a = layer(tf.ones([1, 3, 4]), tf.constant([[True, True, False]]))
        >>> v.shape.as_list(), tf.reduce_sum(a, axis=2).numpy().round(4).tolist()
        ([1, 2, 4], [[1.0, 1.0]])

    References:
        Cen et al., *Controllable Multi-Interest Framework for Recommendation*, KDD 2020,
        https://arxiv.org/abs/2005.09347; Lin et al., *A Structured Self-attentive Sentence Embedding*, ICLR
        2017, https://arxiv.org/abs/1703.03130. The authors' code (THUDM/ComiRec, ``src/model.py``) differs as
        ``wiring`` says, and counts positions from the oldest item that it reads.
    """

    def __init__(
        self,
        num_interests: int = 4,
        max_length: int = 50,
        units: int | None = None,
        wiring: str = "paper",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_interests < 1 or (units is not None and units < 1):
            raise ValueError(
                f"num_interests and units must be positive, received {num_interests!r}, {units!r}"
            )
        if max_length < 0:
            raise ValueError(f"max_length must be at least 0, received {max_length!r}")
        if wiring not in ("paper", "authors"):
            raise ValueError(f"wiring must be 'paper' or 'authors', received {wiring!r}")
        self.num_interests, self.max_length = int(num_interests), int(max_length)
        self.units, self.wiring, self.seed = units, wiring, seed

    def build(self, h_shape: Any, mask_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            h_shape: shape of the items.
            mask_shape: not used (default: None).
        """
        width = int(h_shape[-1])
        seeds = child_seeds(self.seed, 3)
        sizes = (self.units or 4 * width, self.num_interests)
        options = {"use_bias": self.wiring == "authors", "dtype": self.dtype_policy}
        self.hidden = glorot_dense(sizes[0], seeds[0], activation="tanh", name="hidden", **options)
        self.heads = glorot_dense(sizes[1], seeds[1], name="heads", **options)
        self.hidden.build((None, None, width))
        self.heads.build((None, None, sizes[0]))
        if self.max_length:
            self.positions = self.add_weight(
                name="positions",
                shape=(self.max_length, width),
                initializer=keras.initializers.GlorotUniform(seed=seeds[2]),
            )
        self.built = True

    def call(self, h: tf.Tensor, mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Attends once for each interest.

        Args:
            h: items ``[B, L, D]``, the most recent one first.
            mask: bool tensor ``[B, L]``, true where an item is real.

        Returns:
            The pair of the interests ``[B, M, D]`` and the weights ``[B, M, L]``.
        """
        # --8<-- [start:call]
        x = h
        if self.max_length:
            x += tf.cast(self.positions, h.dtype)[: tf.shape(h)[1]]  # [B, L, D]
        scores = tf.transpose(self.heads(self.hidden(x)), [0, 2, 1])  # [B, M, L]
        a = masked_softmax(scores, mask[:, None])  # [B, M, L]
        v = tf.matmul(a, x if self.wiring == "paper" else h)  # [B, M, D]
        return v, a
        # --8<-- [end:call]

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor takes."""
        return {
            **super().get_config(),
            "num_interests": self.num_interests,
            "max_length": self.max_length,
            "units": self.units,
            "wiring": self.wiring,
            "seed": self.seed,
        }
