"""MIND (CIKM 2019): as many vectors a user as the history is long enough for, by routing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.behavior import ItemEmbedding
from recnotes.layers.capsule import CapsuleInterests
from recnotes.layers.mlp import MLP
from recnotes.layers.multi_interest import label_aware_attention
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
class MIND(MultiInterest, keras.Model):
    r"""Gives each user up to ``M`` vectors by routing; attention to the target mixes them in training.

    $$
    V_u = H\big(\text{routing}(S h_t)\big), \qquad
    v_u = \sum_k \text{softmax}_k\big(\langle V_{uk}, e_i \rangle^p\big) V_{uk}, \qquad
    \mathcal{L} = -\log \frac{\exp \langle v_u, e_i \rangle}{\sum_j \exp \langle v_u, e_j \rangle}
    $$

    with the items $h_t$ of the history and the target $e_i$ of shape $[D]$, one matrix $S$ of shape $[D, D]$
    for all interests, routing of `CapsuleInterests` from random fixed logits over $K'_u$ interests (see
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
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        if power < 0 or (power != math.inf and power != int(power)):
            raise ValueError(f"power must be a whole number from 0 or infinity, received {power!r}")
        policy = self.dtype_policy
        seeds = child_seeds(seed, 4)
        self.seed, self.power, self.adaptive = seed, float(power), bool(adaptive)
        self.set_sampling(max_length, num_sampled, sampler, seeds[2])
        self.items = ItemEmbedding(
            num_items, embedding_dim, embedding_stddev, seeds[0], dtype=policy, name="items"
        )
        self.extractor = CapsuleInterests(
            num_interests,
            max_length,
            "shared",
            num_iterations,
            stop_gradient,
            logits_stddev,
            seeds[1],
            dtype=policy,
            name="extractor",
        )
        self.hidden_units = [int(units) for units in hidden_units]
        if self.hidden_units:
            self.network = MLP(self.hidden_units, embedding_dim, seed=seeds[3], dtype=policy, name="network")
        self.supports_jit = False  # keeps compile(jit_compile="auto") from choosing XLA on a GPU

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.items.build()
        self.extractor.build((None, None, self.items.width))
        if self.hidden_units:
            self.network.build((None, self.items.width))
        self.built = True

    def allowed(self, history: tf.Tensor) -> tf.Tensor:
        """Marks the interests a history is long enough for.

        Args:
            history: item ids ``[B, L]``.

        Returns:
            bool tensor ``[B, M]``.
        """
        count = self.extractor.num_interests
        length = tf.reduce_sum(tf.cast(tf.not_equal(history, 0), tf.int32), axis=1)  # [B]
        length = tf.minimum(length, self.max_length)  # [B]
        own = interest_count(length, count) if self.adaptive else tf.fill(tf.shape(length), count)  # [B]
        return tf.range(count) < own[:, None]

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Routes each history.

        Args:
            inputs: ``{"history": [B, L]}``.

        Returns:
            ``[B, M, D]``.
        """
        # --8<-- [start:mind]
        ids = self.recent(inputs)  # [B, L]
        h = self.items(ids, name="history")  # [B, L, D]
        allowed = self.allowed(ids)  # [B, M]
        v, _ = self.extractor(h, tf.not_equal(ids, 0), allowed)
        if self.hidden_units:
            flat = tf.reshape(v, [-1, v.shape[-1]])
            v = tf.reshape(self.network(flat), tf.shape(v))  # [B, M, D]
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

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor takes."""
        return {**super().get_config(), **self.config}
