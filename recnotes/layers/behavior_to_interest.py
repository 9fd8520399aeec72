"""MIND's routing of a history to several vectors: one matrix for all, and logits that tell them apart."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.capsule import dynamic_routing
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class BehaviorToInterest(keras.layers.Layer):
    r"""Maps each item of a history by one matrix and routes it to the interests from fixed random logits.

    $$
    u_t = S h_t, \qquad V = \text{routing}(u, b), \qquad b_{tk} \sim \mathcal{N}(0, \sigma^2)
    $$

    with the items $h$ of shape $[B, L, D]$, the most recent one first, the matrix $S$ of shape $[D, D]$, the
    votes $u$ of shape $[B, L, D]$, the same for every interest, the logits $b$ of shape $[n, M]$, drawn once
    and then fixed, and the interests $V$ of shape $[B, M, D]$ of `dynamic_routing`. From equal logits the
    interests would stay equal for ever.

    Args:
        num_interests: number of interests ``M`` (default: 4).
        max_length: number of positions ``n``, at least ``L`` (default: 50).
        num_iterations: iterations of the routing (default: 3).
        stop_gradient: whether the routing's weights count as constants (default: True).
        logits_stddev: standard deviation of the logits (default: 1.0).
        seed: seed of matrix and logits (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on items ``[B, L, D]``, a bool mask ``[B, L]`` and which interests take part ``[B, M]``: the
        interests ``[B, M, D]``, zero for the others, and the weights ``[B, L, M]``.

    Raises:
        ValueError: a size is not positive or the deviation is negative.

    Example:
        >>> layer = BehaviorToInterest(2, max_length=3, seed=0)
        >>> v, c = layer(tf.ones([1, 3, 4]), tf.constant([[True, True, False]]))
        >>> v.shape.as_list(), tf.reduce_sum(c, axis=2).numpy().round(4).tolist()
        ([1, 2, 4], [[1.0, 1.0, 0.0]])

    References:
        Li et al., *Multi-Interest Network with Dynamic Routing for Recommendation at Tmall*, CIKM 2019,
        https://arxiv.org/abs/1904.08030. The ports in ComiRec's code and in DeepMatch draw the logits anew at
        every call, also when serving, so that a user's vectors change from call to call.
    """

    def __init__(
        self,
        num_interests: int = 4,
        max_length: int = 50,
        num_iterations: int = 3,
        stop_gradient: bool = True,
        logits_stddev: float = 1.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        sizes = (num_interests, max_length, num_iterations)
        if min(sizes) < 1:
            raise ValueError(
                f"num_interests, max_length and num_iterations must be positive, received {sizes!r}"
            )
        if logits_stddev < 0:
            raise ValueError(f"logits_stddev must be at least 0, received {logits_stddev!r}")
        self.num_interests, self.max_length, self.num_iterations = (int(size) for size in sizes)
        self.logits_stddev, self.seed, self.stop_gradient = float(logits_stddev), seed, bool(stop_gradient)

    def build(self, h_shape: Any, mask_shape: Any = None) -> None:
        """Creates the matrix and the logits.

        Args:
            h_shape: shape of the items.
            mask_shape: not used (default: None).
        """
        kernel_seed, logits_seed = child_seeds(self.seed, 2)
        start = keras.initializers.GlorotUniform(kernel_seed)
        self.kernel = self.add_weight((h_shape[-1], h_shape[-1]), start, name="kernel")
        draw = keras.initializers.RandomNormal(stddev=self.logits_stddev, seed=logits_seed)
        shape = (self.max_length, self.num_interests)
        self.logits = self.add_weight(shape, draw, trainable=False, name="logits")
        self.built = True

    def call(
        self, h: tf.Tensor, mask: tf.Tensor, allowed: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Maps and routes.

        Args:
            h: items ``[B, L, D]``, the most recent one first.
            mask: bool tensor ``[B, L]``, true where an item is real.
            allowed: bool tensor ``[B, M]``, true where an interest takes part, None for all (default: None).

        Returns:
            The pair of the interests ``[B, M, D]`` and the weights ``[B, L, M]``.
        """
        # --8<-- [start:call]
        u = tf.einsum("bld,de->ble", h, tf.cast(self.kernel, h.dtype))  # [B, L, D]
        u = tf.repeat(u[:, :, None], self.num_interests, axis=2)  # [B, L, M, D]
        b = tf.cast(self.logits, h.dtype)[None, : tf.shape(h)[1]]
        return dynamic_routing(u, b, mask, self.num_iterations, self.stop_gradient, allowed)
        # --8<-- [end:call]

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor takes."""
        return {
            **super().get_config(),
            "num_interests": self.num_interests,
            "max_length": self.max_length,
            "num_iterations": self.num_iterations,
            "stop_gradient": self.stop_gradient,
            "logits_stddev": self.logits_stddev,
            "seed": self.seed,
        }
