"""MIND (CIKM 2019): as many vectors a user as the history is long enough for, by routing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.behavior_to_interest import BehaviorToInterest
from recnotes.layers.dense import glorot_dense
from recnotes.layers.readout import label_aware_attention
from recnotes.models._config import constructor_arguments
from recnotes.models.multi_interest import MultiInterest
from recnotes.seeds import child_seeds


def interest_count(length: tf.Tensor, num_interests: int) -> tf.Tensor:
    r"""Returns how many interests a history is long enough for.

    $$
    K'_u = \max\big(1, \min(K, \lfloor \log_2 n_u \rfloor)\big)
    $$

    with the lengths $n$ and the counts of shape $[B]$. It is counted in whole numbers, as the powers of two
    that $n_u$ reaches; the logarithm of a power of two may round to just below it.

    Args:
        length: integer tensor ``[B]``, number of items of each history.
        num_interests: the most interests, $K$.

    Returns:
        integer tensor ``[B]``.

    Example:
        >>> interest_count(tf.constant([0, 1, 3, 4, 7, 8, 99]), 4).numpy().tolist()
        [1, 1, 1, 2, 2, 3, 4]

    References:
        Li et al., *Multi-Interest Network with Dynamic Routing for Recommendation at Tmall*, CIKM 2019,
        https://arxiv.org/abs/1904.08030, which leaves the rounding to the reader. DeepMatch's port takes
        $\lfloor \log_2(n_u + 1) \rfloor$.
    """
    powers = 2 ** tf.range(1, num_interests + 1, dtype=tf.int64)
    reached = tf.cast(length, tf.int64)[:, None] >= powers
    return tf.maximum(tf.reduce_sum(tf.cast(reached, tf.int32), axis=1), 1)


@keras.saving.register_keras_serializable("recnotes")
class MIND(MultiInterest):
    r"""Gives each user up to ``M`` vectors by routing; attention to the target mixes them in training.

    $$
    V_u = H\big(\text{routing}(S h_t)\big), \qquad
    v_u = \sum_k \text{softmax}_k\big(\langle V_{uk}, e_i \rangle^p\big) V_{uk}, \qquad
    \mathcal{L} = -\log \frac{\exp \langle v_u, e_i \rangle}{\sum_j \exp \langle v_u, e_j \rangle}
    $$

    with the items $h_t$ of the history and the target $e_i$ of shape $[D]$, one matrix $S$ of shape $[D, D]$
    for all interests, routing of `BehaviorToInterest` from random fixed logits over $K'_u$ interests (see
    `interest_count`), a network $H$ or none, interests $V_u$ of shape $[M, D]$, `label_aware_attention` with
    the power $p$, and the sum over items that `draw_items` draws. Interests beyond $K'_u$ repeat the first,
    so that the best of all is the best of the $K'_u$. ``compile(optimizer=...)`` without a loss and
    ``fit({"history": [B, L], "target": [B]})`` train it.

    Args:
        num_items: number of items ``N``; ids are ``1 ... N``, 0 is padding.
        embedding_dim: width ``D`` (default: 64).
        max_length: number of items read of a history, the most recent ones (default: 50).
        num_interests: the most interests of a user, ``M``, the paper's $K$ (default: 4).
        num_iterations: iterations of the routing (default: 3).
        stop_gradient: whether the routing's weights count as constants, as in both ports (default: True).
        logits_stddev: standard deviation of the logits at the start (default: 1.0).
        power: the attention's whole number ``p``; infinity takes the best interest (default: math.inf).
        adaptive: whether the number of interests follows the history's length (default: True).
        hidden_units: widths of the hidden layers of $H$, which ends in a linear layer of width ``D``; empty
            leaves $H$ out, as there is no profile for it to mix in (default: ()).
        num_sampled: items drawn for the loss of a batch; the full softmax from ``N`` on (default: 1280).
        sampler: "log_uniform", for ids sorted by falling popularity, or "uniform" (default: "log_uniform").
        embedding_stddev: standard deviation of the item vectors at the start (default: 0.01).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"history": int [B, L]}``: interests ``[B, M, D]``.

    Raises:
        ValueError: a size or a choice does not fit, or an id is out of range (eagerly).
        tf.errors.InvalidArgumentError: an id is out of range inside a ``tf.function``, or it is compiled by
            XLA.

    Example:
        >>> model = MIND(num_items=7, embedding_dim=6, max_length=4, num_interests=2, seed=0)
        >>> v = model({"history": tf.constant([[3, 1, 0, 0], [5, 2, 7, 7]])})
        >>> v.shape.as_list(), tf.reduce_all(v[:, 0] == v[:, 1], axis=1).numpy().tolist()
        ([2, 2, 6], [True, False])

    References:
        Li et al., *Multi-Interest Network with Dynamic Routing for Recommendation at Tmall*, CIKM 2019,
        https://arxiv.org/abs/1904.08030, where $H$ also reads the user's profile. The authors published no
        code. The ports in https://github.com/THUDM/ComiRec and https://github.com/shenweichen/DeepMatch draw
        the logits anew at every call; the first has no changing number of interests and one ReLU layer for
        $H$ on one of its two data sets; the second follows the history's length only with
        ``dynamic_k=True``, and then sets interests beyond $K'_u$ to zero when serving.
    """

    def __init__(
        self,
        num_items: int,
        embedding_dim: int = 64,
        max_length: int = 50,
        num_interests: int = 4,
        num_iterations: int = 3,
        stop_gradient: bool = True,
        logits_stddev: float = 1.0,
        power: float = math.inf,
        adaptive: bool = True,
        hidden_units: Sequence[int] = (),
        num_sampled: int = 1280,
        sampler: str = "log_uniform",
        embedding_stddev: float = 0.01,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        config = constructor_arguments(locals())
        if power < 0 or (power != math.inf and power != int(power)):
            raise ValueError(f"power must be a whole number from 0 or infinity, received {power!r}")
        if any(units < 1 for units in hidden_units):
            raise ValueError(f"hidden_units must be positive integers, received {hidden_units!r}")
        seeds = child_seeds(seed, 4)
        super().__init__(
            num_items, embedding_dim, max_length, num_sampled, sampler, embedding_stddev, seeds, **kwargs
        )
        self.config, self.power, self.adaptive = config, float(power), bool(adaptive)
        policy = self.dtype_policy
        self.extractor = BehaviorToInterest(
            num_interests,
            max_length,
            num_iterations,
            stop_gradient,
            logits_stddev,
            seeds[1],
            dtype=policy,
            name="extractor",
        )
        layers = [(units, "relu") for units in hidden_units] + [(embedding_dim, None)] * bool(hidden_units)
        self.network = [
            glorot_dense(units, seed, activation=activation, dtype=policy)
            for (units, activation), seed in zip(
                layers, child_seeds(seeds[3], 2 * len(layers))[::2], strict=True
            )
        ]

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        super().build(input_shape)
        width = self.items.width
        for layer in self.network:
            layer.build((None, None, width))
            width = layer.units

    def allowed(self, history: tf.Tensor) -> tf.Tensor:
        """Marks the interests a history is long enough for.

        Args:
            history: item ids, or what is true where one is real, ``[B, L]``.

        Returns:
            bool tensor ``[B, M]``.
        """
        count = self.extractor.num_interests
        real = tf.cast(tf.cast(history, tf.bool), tf.int32)  # [B, L]
        length = tf.minimum(tf.reduce_sum(real, axis=1), self.max_length)  # [B]
        own = interest_count(length, count) if self.adaptive else tf.fill(tf.shape(length), count)  # [B]
        return tf.range(count) < own[:, None]

    def interests(self, h: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """Routes the items.

        Args:
            h: items ``[B, L, D]``, the most recent one first.
            mask: bool tensor ``[B, L]``, true where an item is real.

        Returns:
            ``[B, M, D]``.
        """
        # --8<-- [start:mind]
        allowed = self.allowed(mask)  # [B, M]
        v, _ = self.extractor(h, mask, allowed)
        for layer in self.network:
            v = layer(v)
        return tf.where(allowed[:, :, None], v, v[:, :1])
        # --8<-- [end:mind]

    def read(self, v: tf.Tensor, e: tf.Tensor, history: tf.Tensor) -> tf.Tensor:
        """Mixes the interests by their fit to the item to be found.

        Args:
            v: interests ``[B, M, D]``.
            e: the items to be found, ``[B, D]``.
            history: item ids ``[B, L]``.

        Returns:
            float tensor ``[B, D]``.
        """
        return label_aware_attention(v, e, self.power, self.allowed(history))
