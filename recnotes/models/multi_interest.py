"""What models with several vectors a user share: reading a history, the loss, and retrieval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from recnotes.embedding.behavior import ItemEmbedding
from recnotes.embedding.sequence import check_item_ids
from recnotes.layers.multi_interest import most_recent_first
from recnotes.layers.readout import choose_interest
from recnotes.losses.sampled_items import SAMPLERS, sampled_item_loss
from recnotes.models.history_model import HistoryModel


class MultiInterest(HistoryModel):
    r"""Trains and serves a model that gives each user several vectors.

    $$
    f(u, i) = \max_k \langle v_{uk}, e_i \rangle
    $$

    with the user's vectors $v_u$ of shape $[M, D]$ and the item's vector $e_i$ of shape $[D]$. A model's
    constructor sets ``config``, what it was given, and ``extractor``, the layer that reads the interests.

    Args:
        num_items: number of items ``N``.
        embedding_dim: width ``D``.
        max_length: number of items read of a history.
        num_sampled: items drawn for the loss of a batch.
        sampler: "log_uniform" or "uniform".
        embedding_stddev: standard deviation of the item vectors at the start.
        seeds: the model's; the first is for the items, the third for the draws.
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"history": int [B, L]}``: interests ``[B, M, D]``.

    Raises:
        ValueError: a size is not positive or the sampler is unknown.

    Example:
        >>> from recnotes.models import ComiRecSA
        >>> ComiRecSA(num_items=7, seed=0).scores({"history": tf.constant([[3, 1, 0]])}).shape.as_list()
        [1, 7]

    References:
        Cen et al., *Controllable Multi-Interest Framework for Recommendation*, KDD 2020,
        https://arxiv.org/abs/2005.09347.
    """

    follows = "target"
    extractor: Any

    def __init__(
        self,
        num_items: int,
        embedding_dim: int,
        max_length: int,
        num_sampled: int,
        sampler: str,
        embedding_stddev: float,
        seeds: Sequence[int | None],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if max_length < 1 or num_sampled < 1:
            sizes = f"{max_length!r}, {num_sampled!r}"
            raise ValueError(f"max_length and num_sampled must be positive, received {sizes}")
        if sampler not in SAMPLERS:
            raise ValueError(f"sampler must be one of {SAMPLERS}, received {sampler!r}")
        self.max_length, self.num_sampled, self.sampler_seed = int(max_length), int(num_sampled), seeds[2]
        self.sampler = sampler
        self.items = ItemEmbedding(
            num_items, embedding_dim, embedding_stddev, seeds[0], dtype=self.dtype_policy, name="items"
        )

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.items.build()
        self.extractor.build((None, None, self.items.width))
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Computes the interests of each history.

        Args:
            inputs: ``{"history": [B, L]}``.

        Returns:
            ``[B, M, D]``.

        Raises:
            ValueError: there is no history, its rank is not 2, or an id is out of range (eagerly).
        """
        if "history" not in inputs:
            raise ValueError(f"inputs must have the key 'history', received {sorted(inputs)}")
        # --8<-- [start:call]
        history = check_item_ids(inputs["history"], self.items.num_items, "history")  # [B, L]
        ids = most_recent_first(history, self.max_length)  # [B, L]
        return self.interests(self.items(ids, name="history"), tf.not_equal(ids, 0))
        # --8<-- [end:call]

    def interests(self, h: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """Reads the interests from the items.

        Args:
            h: items ``[B, L, D]``, the most recent one first.
            mask: bool tensor ``[B, L]``, true where an item is real.

        Returns:
            ``[B, M, D]``.
        """
        return self.extractor(h, mask)[0]

    def read(self, v: tf.Tensor, e: tf.Tensor, history: tf.Tensor) -> tf.Tensor:
        """Makes one vector of the interests, given the item to be found.

        Args:
            v: interests ``[B, M, D]``.
            e: the items to be found, ``[B, D]``.
            history: item ids ``[B, L]``.

        Returns:
            float tensor ``[B, D]``.
        """
        return choose_interest(v, e)

    def loss_of(self, inputs: dict[str, tf.Tensor], outputs: tf.Tensor) -> tf.Tensor:
        """Computes the sampled softmax loss of the items that followed.

        Args:
            inputs: a dict with ``"history"`` and ``"target"``.
            outputs: interests ``[B, M, D]``.

        Returns:
            A scalar.

        Raises:
            ValueError: ``"target"`` is not one id for each history.
        """
        target = check_item_ids(inputs["target"], self.items.num_items, "target")
        if not target.shape.is_compatible_with(outputs.shape[:1]):
            raise ValueError(f"'target' must be [B] with the batch's rows, received {tuple(target.shape)}")
        user = self.read(outputs, self.items(target, name="target"), inputs["history"])  # [B, D]
        table = self.items.table.value
        return sampled_item_loss(user, table, target, self.num_sampled, self.sampler, self.sampler_seed)

    def scores(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Scores all items, each by the interest it fits best.

        The ``k`` best items are the same as if each interest named its ``k`` best, and the best of these
        were taken; `best_items` returns them.

        Args:
            inputs: ``{"history": [B, L]}``.

        Returns:
            ``[B, N]``, item ``i`` in column ``i-1``.
        """
        v = self(inputs, training=False)  # [B, M, D]
        table = tf.cast(tf.convert_to_tensor(self.items.table), v.dtype)  # [N, D]
        return tf.reduce_max(tf.einsum("bmd,nd->bmn", v, table), axis=1)  # [B, N]
