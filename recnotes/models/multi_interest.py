"""What models with several vectors a user share: reading a history, the loss, and retrieval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from recnotes.embedding.behavior import ItemEmbedding
from recnotes.embedding.sequence import check_item_ids
from recnotes.layers.multi_interest import choose_interest, most_recent_first
from recnotes.losses.sampled_items import SAMPLERS, sampled_item_loss


class MultiInterest:
    r"""Trains and serves a model that gives each user several vectors; to be mixed into a `keras.Model`.

    $$
    f(u, i) = \max_k \langle v_{uk}, e_i \rangle
    $$

    with the user's vectors $v_u$ of shape $[M, D]$ and the item's vector $e_i$ of shape $[D]$. The model's
    constructor sets ``items``, the item table, and calls `set_sampling`.

    Example:
        >>> from recnotes.models import ComiRecSA
        >>> ComiRecSA(num_items=7, seed=0).recommend(tf.constant([[3, 1, 0]]), 2).shape.as_list()
        [1, 2]
    """

    items: ItemEmbedding
    max_length: int
    num_sampled: int
    sampler: str
    sampling_seed: int | None

    def set_sampling(self, max_length: int, num_sampled: int, sampler: str, seed: int | None) -> None:
        """Checks and keeps how histories are cut and how items are drawn for the loss.

        Args:
            max_length: number of items read of a history.
            num_sampled: items drawn for the loss of a batch.
            sampler: "log_uniform" or "uniform".
            seed: seed of the draws.

        Raises:
            ValueError: a size is not positive or the sampler is unknown.
        """
        if max_length < 1 or num_sampled < 1:
            sizes = f"{max_length!r}, {num_sampled!r}"
            raise ValueError(f"max_length and num_sampled must be positive, received {sizes}")
        if sampler not in SAMPLERS:
            raise ValueError(f"sampler must be one of {SAMPLERS}, received {sampler!r}")
        self.max_length, self.num_sampled = int(max_length), int(num_sampled)
        self.sampler, self.sampling_seed = sampler, seed

    def recent(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Checks the history and puts its most recent item first.

        Args:
            inputs: dict with ``"history"``.

        Returns:
            Ids, at most ``max_length`` a row.

        Raises:
            ValueError: there is no history, its rank is not 2, or an id is out of range (eagerly).
        """
        if "history" not in inputs:
            raise ValueError(f"inputs must have the key 'history', received {sorted(inputs)}")
        history = check_item_ids(inputs["history"], self.items.num_items, "history")
        return most_recent_first(history, self.max_length)

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

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tf.Tensor:
        """Computes the loss; Keras calls it in ``fit`` and ``evaluate``.

        Args:
            x: the inputs, a dict with ``"history"`` and ``"target"`` (default: None).
            y: not used, the targets are in ``x`` (default: None).
            y_pred: the model's output for ``x`` (default: None).
            sample_weight: not used (default: None).
            training: not used (default: True).

        Returns:
            a scalar.

        Raises:
            ValueError: the inputs have no ``"target"``, or it is not one id for each history.
        """
        if not isinstance(x, dict) or "target" not in x:
            raise ValueError(f"inputs of fit must hold 'history' and 'target', received {type(x)!r}")
        target = check_item_ids(x["target"], self.items.num_items, "target")
        if not target.shape.is_compatible_with(y_pred.shape[:1]):
            raise ValueError(
                f"'target' must have rank 1 and the batch's rows, received {tuple(target.shape)}"
            )
        user = self.read(y_pred, self.items(target, name="target"), x["history"])  # [B, D]
        table = tf.convert_to_tensor(self.items.table)  # [N, D]
        return sampled_item_loss(user, table, target, self.num_sampled, self.sampler, self.sampling_seed)

    def recommend(self: Any, history: tf.Tensor, k: int, exclude_seen: bool = True) -> tf.Tensor:
        """Returns the ids of the ``k`` best items over all interests.

        The score of an item is that of its best interest; the result is the same as if each interest named
        its ``k`` best items and the best of these were taken.

        Args:
            history: integer tensor ``[B, L]``.
            k: number of items.
            exclude_seen: whether items of the history are left out (default: True).

        Returns:
            int32 tensor ``[B, k]`` of item ids ``1 ... N``, best first; where fewer than ``k`` items are
            left, items of the history come last.

        Raises:
            ValueError: ``k`` is not in [1, N], or the history does not fit.
        """
        if not 1 <= k <= self.items.num_items:
            raise ValueError(f"k must be in [1, {self.items.num_items}], received {k!r}")
        v = self({"history": history}, training=False)  # [B, M, D]
        table = tf.cast(tf.convert_to_tensor(self.items.table), v.dtype)  # [N, D]
        scores = tf.reduce_max(tf.einsum("bmd,nd->bmn", v, table), axis=1)  # [B, N]
        if exclude_seen:
            # Column 0 is added for padding, written to and dropped.
            ids = tf.cast(history, tf.int32)  # [B, L]
            rows = tf.repeat(tf.range(tf.shape(ids)[0])[:, None], tf.shape(ids)[1], axis=1)  # [B, L]
            lowest = tf.fill(tf.shape(ids), scores.dtype.min)  # [B, L]
            padded = tf.pad(scores, [[0, 0], [1, 0]])  # [B, 1+N]
            padded = tf.tensor_scatter_nd_update(padded, tf.stack([rows, ids], axis=2), lowest)  # [B, 1+N]
            scores = padded[:, 1:]  # [B, N]
        return tf.math.top_k(scores, k).indices + 1
