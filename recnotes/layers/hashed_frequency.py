"""How often an item is in a batch, in a fixed number of places for any number of items."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recnotes.layers.frequency import StreamingFrequency

PRIME = 2**31 - 1


def hash_parameters(num_hashes: int, seed: int) -> list[tuple[int, int]]:
    r"""Draws the factors and the summands of hash functions.

    $$
    h_i(y) = \big((a_i\, y + c_i) \bmod P\big) \bmod H, \qquad P = 2^{31} - 1
    $$

    Args:
        num_hashes: number of functions.
        seed: seed; the same seed gives the same functions.

    Returns:
        Pairs of $a$ in $[1, P)$ and $c$ in $[0, P)$.

    Example:
        >>> [a >= 1 and c >= 0 for a, c in hash_parameters(2, 0)]
        [True, True]
    """
    draws = np.random.default_rng(seed).integers(0, [PRIME - 1, PRIME], (num_hashes, 2)).tolist()
    return [(a + 1, c) for a, c in draws]


@keras.saving.register_keras_serializable("recnotes")
class HashedFrequency(keras.layers.Layer):
    r"""Estimates the probability that an item is in a batch without a place for every item.

    $$
    p_y = \frac{1}{\max_i B_{i, h_i(y)}}
    $$

    with $m$ arrays $B_i$ of shape $[H]$, each kept by `StreamingFrequency` over the places $h_i$ of items.
    Items that share a place make its gaps too short and look too frequent; the largest of several gaps is
    that of the place which is shared least. No vocabulary is needed, and a new item has its places already.

    Args:
        num_buckets: number of places ``H`` of each hash function.
        num_hashes: number of hash functions ``m`` (default: 4).
        rate: learning rate of the gaps, in (0, 1] (default: 0.01).
        initial_gap: what every gap starts with, in steps (default: 100.0).
        seed: seed of the hash functions (default: 0).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on integer ids ``[B]`` of any size: the probabilities $p$, float32 ``[B]``, with
        ``training=True`` after the step was counted.

    Raises:
        ValueError: a size or the rate does not fit, or the ids are not integers ``[B]``.

    Example:
        >>> layer = HashedFrequency(1000, rate=0.5, initial_gap=4.0)
        >>> layer(tf.constant([7, 10**9]), training=True).numpy().round(2).tolist()  # 1 / (4 / 2 + 1 / 2)
        [0.4000000059604645, 0.4000000059604645]

    References:
        Yi et al., *Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations*,
        RecSys 2019, https://doi.org/10.1145/3298689.3346996, algorithm 3. Its hash functions are not named.
    """

    def __init__(
        self,
        num_buckets: int,
        num_hashes: int = 4,
        rate: float = 0.01,
        initial_gap: float = 100.0,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=False, **kwargs)
        if num_buckets < 1 or num_hashes < 1:
            sizes = f"{num_buckets!r} and {num_hashes!r}"
            raise ValueError(f"num_buckets and num_hashes must be positive, received {sizes}")
        self.num_buckets, self.seed = int(num_buckets), int(seed)
        self.hashes = hash_parameters(num_hashes, seed)
        self.parts = [StreamingFrequency(num_buckets, rate, initial_gap) for _ in range(num_hashes)]
        self.supports_jit = False

    def build(self, input_shape: Any = None) -> None:
        """Creates the arrays.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        for part in self.parts:
            part.build()
        self.built = True

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Counts a step, in training, and reads the probabilities.

        Args:
            ids: integer tensor ``[B]``.
            training: whether the batch counts (default: False).

        Returns:
            Probabilities ``[B]``.
        """
        ids = tf.convert_to_tensor(ids)
        if not ids.dtype.is_integer or ids.shape.rank != 1:
            raise ValueError(f"ids must be integers [B], received {ids.dtype.name} {tuple(ids.shape)}")
        # --8<-- [start:call]
        y = tf.math.floormod(tf.cast(ids, tf.int64), PRIME)  # [B]  so that no product leaves 63 bits
        p = []
        for (a, c), part in zip(self.hashes, self.parts, strict=True):
            places = (a * y + c) % PRIME % self.num_buckets  # [B]
            p.append(part(places, training=training))
        return tf.reduce_min(tf.stack(p), axis=0)
        # --8<-- [end:call]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns ``[B]``.

        Args:
            input_shape: ``[B]``.

        Returns:
            Shape of the probabilities.
        """
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        config = super().get_config()
        config.pop("trainable", None)
        return {
            **config,
            "num_buckets": self.num_buckets,
            "num_hashes": len(self.parts),
            "rate": self.parts[0].rate,
            "initial_gap": self.parts[0].initial_gap,
            "seed": self.seed,
        }
