"""Several vectors from one history by dynamic routing: its items are inputs of a capsule network."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.attention import masked_softmax
from recnotes.seeds import child_seeds

BILINEAR = ("position", "interest")


# --8<-- [start:routing]
def squash(s: tf.Tensor) -> tf.Tensor:
    r"""Shortens a vector to a length below 1 and keeps its direction.

    $$
    \text{squash}(s) = \frac{\lVert s \rVert^2}{1 + \lVert s \rVert^2}\, \frac{s}{\lVert s \rVert}
    $$

    with $s$ and the result of shape $[\dots, D]$. At zero both the result and its gradient are zero.

    Args:
        s: float tensor.

    Returns:
        float tensor of the same shape.

    Example:
        >>> squash(tf.constant([[1.0, 0.0], [0.0, 0.0]])).numpy().tolist()
        [[0.5, 0.0], [0.0, 0.0]]

    References:
        Sabour, Frosst and Hinton, *Dynamic Routing Between Capsules*, NIPS 2017,
        https://arxiv.org/abs/1710.09829. ComiRec's code and DeepMatch add $10^{-9}$ under the root of
        $\lVert s \rVert$.
    """
    square = tf.reduce_sum(tf.square(s), axis=-1, keepdims=True)
    some = square > 0
    return s * tf.where(some, tf.sqrt(tf.where(some, square, 1)), 0) / (1 + square)


def dynamic_routing(
    u: tf.Tensor,
    logits: tf.Tensor,
    mask: tf.Tensor,
    num_iterations: int = 3,
    stop_gradient: bool = True,
    allowed: tf.Tensor | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Sends each item's votes to the interests that agree with them, and repeats.

    $$
    c_{tk} = m_t\, \text{softmax}_k(b_{tk}), \qquad v_k = \text{squash}\Big(\sum_t c_{tk} u_{tk}\Big), \qquad
    b_{tk} \leftarrow b_{tk} + \langle v_k, u_{tk} \rangle
    $$

    with the votes $u$ of shape $[B, L, M, D]$, the logits $b$ of shape $[B, L, M]$, the mask $m$ of shape
    $[B, L]$, the weights $c$ of shape $[B, L, M]$, which add up to 1 for each real item, and the interests
    $v$ of shape $[B, M, D]$. With one interest $c = m$ whatever the logits, and more iterations change
    nothing: $v = \text{squash}(\sum_t m_t u_t)$.

    Args:
        u: votes ``[B, L, M, D]``.
        logits: the logits at the start, ``[B, L, M]`` or what broadcasts to it.
        mask: bool tensor ``[B, L]``, true where an item is real.
        num_iterations: number of times ``v`` is computed (default: 3).
        stop_gradient: whether the weights count as constants, so that a gradient only passes the last sum
            (default: True).
        allowed: bool tensor ``[B, M]``, true where an interest takes part, None for all; the others are zero
            (default: None).

    Returns:
        The pair of the interests ``[B, M, D]`` and the last weights ``[B, L, M]``.

    Raises:
        ValueError: there is no iteration.

    Example:
        >>> u = tf.constant([[[[1.0]], [[2.0]]]])
        >>> v, c = dynamic_routing(u, tf.zeros([1, 2, 1]), tf.constant([[True, True]]))
        >>> round(v.numpy().item(), 4), c.numpy().tolist()  # 9/10
        (0.9, [[[1.0], [1.0]]])

    References:
        Sabour, Frosst and Hinton, *Dynamic Routing Between Capsules*, NIPS 2017,
        https://arxiv.org/abs/1710.09829. ComiRec's code (THUDM/ComiRec, ``src/model.py``) and DeepMatch stop
        the gradient.
    """
    if num_iterations < 1:
        raise ValueError(f"num_iterations must be positive, received {num_iterations!r}")
    real = tf.cast(mask, u.dtype)[:, :, None]  # [B, L, 1]
    interests = tf.ones_like(logits, tf.bool) if allowed is None else allowed[:, None]
    held = tf.stop_gradient(u) if stop_gradient else u  # [B, L, M, D]
    b = logits
    for _ in range(num_iterations - 1):
        c = masked_softmax(b, interests) * real  # [B, L, M]
        v = squash(tf.einsum("blm,blmd->bmd", c, held))  # [B, M, D]
        b += tf.einsum("bmd,blmd->blm", v, held)
    c = masked_softmax(b, interests) * real  # [B, L, M]
    v = squash(tf.einsum("blm,blmd->bmd", c, u))  # [B, M, D]
    return v, c


# --8<-- [end:routing]


@keras.saving.register_keras_serializable("recnotes")
class CapsuleInterests(keras.layers.Layer):
    r"""Maps each item of a history to a vote for each interest and routes the votes.

    $$
    u_{tk} = W_{tk} h_t \quad\text{or}\quad u_{tk} = W_k h_t, \qquad V = \text{routing}(u, 0)
    $$

    with the items $h$ of shape $[B, L, D]$, the most recent one first, matrices $W$ of shape $[D, D]$, votes
    $u$ of shape $[B, L, M, D]$ and interests $V$ of shape $[B, M, D]$ of `dynamic_routing` from logits of
    zero. Interests that share one matrix need others: see `BehaviorToInterest`.

    Args:
        num_interests: number of interests ``M`` (default: 4).
        max_length: number of positions ``n``, at least ``L`` (default: 50).
        bilinear: "position", a matrix for each position and interest, or "interest", one for each interest
            (default: "position").
        num_iterations: iterations of the routing (default: 3).
        stop_gradient: whether the routing's weights count as constants (default: True).
        seed: seed of the matrices (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on items ``[B, L, D]`` and a bool mask ``[B, L]``: the interests ``[B, M, D]`` and the weights
        ``[B, L, M]``.

    Raises:
        ValueError: a size is not positive, or ``bilinear`` is unknown.

    Example:
        >>> layer = CapsuleInterests(2, max_length=3, seed=0)
        >>> v, c = layer(tf.ones([1, 3, 4]), tf.constant([[True, True, False]]))
        >>> v.shape.as_list(), tf.reduce_sum(c, axis=2).numpy().round(4).tolist()
        ([1, 2, 4], [[1.0, 1.0, 0.0]])

    References:
        Cen et al., *Controllable Multi-Interest Framework for Recommendation*, KDD 2020,
        https://arxiv.org/abs/2005.09347 ("position"; its code counts positions from the oldest item that it
        reads and starts the matrices standard normal, as here).
    """

    def __init__(
        self,
        num_interests: int = 4,
        max_length: int = 50,
        bilinear: str = "position",
        num_iterations: int = 3,
        stop_gradient: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        sizes = (num_interests, max_length, num_iterations)
        if min(sizes) < 1:
            raise ValueError(
                f"num_interests, max_length and num_iterations must be positive, received {sizes!r}"
            )
        if bilinear not in BILINEAR:
            raise ValueError(f"bilinear must be one of {BILINEAR}, received {bilinear!r}")
        self.num_interests, self.max_length, self.num_iterations = (int(size) for size in sizes)
        self.bilinear, self.stop_gradient, self.seed = bilinear, bool(stop_gradient), seed

    def build(self, h_shape: Any, mask_shape: Any = None) -> None:
        """Creates the matrices.

        Args:
            h_shape: shape of the items.
            mask_shape: not used (default: None).
        """
        # Columns of all interests side by side, so that Glorot's rule sees one matrix.
        shape: tuple[int, ...] = (h_shape[-1], self.num_interests * h_shape[-1])
        (seed,) = child_seeds(self.seed, 1)
        start: Any = keras.initializers.GlorotUniform(seed)
        if self.bilinear == "position":
            shape, start = (self.max_length, *shape), keras.initializers.RandomNormal(stddev=1.0, seed=seed)
        self.kernel = self.add_weight(shape, start, name="kernel")
        self.built = True

    def call(self, h: tf.Tensor, mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Votes and routes.

        Args:
            h: items ``[B, L, D]``, the most recent one first.
            mask: bool tensor ``[B, L]``, true where an item is real.

        Returns:
            The pair of the interests ``[B, M, D]`` and the weights ``[B, L, M]``.
        """
        # --8<-- [start:call]
        batch, length = tf.shape(h)[0], tf.shape(h)[1]
        w = tf.cast(self.kernel, h.dtype)
        if self.bilinear == "position":
            u = tf.einsum("bld,ldo->blo", h, w[:length])  # [B, L, O]
        else:
            u = tf.einsum("bld,do->blo", h, w)  # [B, L, O]
        u = tf.reshape(u, [batch, length, self.num_interests, h.shape[-1]])  # [B, L, M, D]
        b = tf.zeros_like(u[..., 0])  # [B, L, M]
        return dynamic_routing(u, b, mask, self.num_iterations, self.stop_gradient)
        # --8<-- [end:call]

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor takes."""
        return {
            **super().get_config(),
            "num_interests": self.num_interests,
            "max_length": self.max_length,
            "bilinear": self.bilinear,
            "num_iterations": self.num_iterations,
            "stop_gradient": self.stop_gradient,
            "seed": self.seed,
        }
