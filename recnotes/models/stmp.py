"""STMP (KDD 2018): the mean of a session and its last item together name the next item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.behavior import ItemEmbedding
from recnotes.embedding.sequence import check_item_ids
from recnotes.losses.next_item import next_item_cross_entropy
from recnotes.losses.softmax_binary import softmax_binary_cross_entropy
from recnotes.models._config import constructor_arguments
from recnotes.models.history_model import HistoryModel
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class STMP(HistoryModel):
    r"""Scores every item by a product of three: the session's mean, its last item and the item itself.

    $$
    \hat z_{bi} = \sigma\Big(\sum_{d} h^s_{bd}\, h^t_{bd}\, x_{id}\Big), \qquad
    h^s = \tanh(m_s W_s + b_s), \qquad h^t = \tanh(x_t W_t + b_t)
    $$

    with the item vectors $x$ of shape $[N, D]$, the mean $m_s$ of the session's items, the last one $x_t$,
    $h^s$ and $h^t$ of shape $[B, D]$ and the scores $\hat z$ of shape $[B, N]$; item $i$ stands in column
    $i-1$. The probabilities are their softmax. A row without items is read as if both vectors were zero.

    As the scores are between 0 and 1, no item can be more than $e$ times as likely as another, and the
    cross-entropy cannot fall below $\ln(N - 1 + e) - 1$. ``wiring="authors"`` has no such bound.

    Args:
        num_items: number of items ``N``; ids are ``1 ... N``, 0 is padding.
        embedding_dim: width ``D`` (default: 100).
        wiring: "paper", or "authors" for what their code computes: scores without sigmoid, no biases, and
            input vectors cut to length 1 (default: "paper").
        loss: "binary" for the printed sum of binary cross-entropies, "cross_entropy" for the softmax
            cross-entropy, None for what belongs to the wiring (default: None).
        embedding_stddev: standard deviation of the item vectors at the start (default: 0.002).
        stddev: standard deviation of the matrices at the start (default: 0.05).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"history": int [B, L]}``: the scores ``[B, N]``. ``compile(optimizer=...)`` without a
        loss and ``fit({"history": ..., "target": int [B]})`` train it; a target 0 is ignored.

    Raises:
        ValueError: an argument is not one of its choices, or an id is out of range (eagerly).

    Example:
        >>> model = STMP(num_items=7, embedding_dim=6, seed=0)
        >>> model({"history": tf.constant([[3, 1, 0, 0], [5, 2, 7, 7]])}).shape.as_list()
        [2, 7]

    References:
        Liu et al., *STAMP: Short-Term Attention/Memory Priority Model for Session-based Recommendation*,
        KDD 2018, https://doi.org/10.1145/3219819.3219950. The folder ``model`` of the authors' code
        (https://github.com/uestcnlp/STAMP) has STAMP only; here its differences are applied to STMP.
    """

    follows = "target"

    def __init__(
        self,
        num_items: int,
        embedding_dim: int = 100,
        wiring: str = "paper",
        loss: str | None = None,
        embedding_stddev: float = 0.002,
        stddev: float = 0.05,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        if wiring not in ("paper", "authors"):
            raise ValueError(f"wiring must be 'paper' or 'authors', received {wiring!r}")
        if loss not in (None, "binary", "cross_entropy"):
            raise ValueError(f"loss must be None, 'binary' or 'cross_entropy', received {loss!r}")
        self.authors = wiring == "authors"
        self.loss_name = loss or ("cross_entropy" if self.authors else "binary")
        policy, seeds = self.dtype_policy, child_seeds(seed, 4)
        self.items = ItemEmbedding(num_items, embedding_dim, embedding_stddev, seeds[0], dtype=policy)
        options = {"activation": "tanh", "use_bias": not self.authors, "dtype": policy}
        starts = [keras.initializers.RandomNormal(stddev=stddev, seed=s) for s in seeds[1:3]]
        self.session, self.current = (
            keras.layers.Dense(embedding_dim, kernel_initializer=start, name=name, **options)
            for name, start in zip(("session", "current"), starts, strict=True)
        )

    def build(self, input_shape: Any = None) -> None:
        """Creates all weights.

        Args:
            input_shape: not used, all sizes are known (default: None).
        """
        for layer in self.layers:  # STAMP has one more
            layer.build((None, self.config["embedding_dim"]))
        self.built = True

    # --8<-- [start:memory]
    def memory(self, x: tf.Tensor, x_t: tf.Tensor, m_s: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """Returns what is remembered of a session: here the mean.

        Args:
            x: items ``[B, L, D]``, zero on padding.
            x_t: last items ``[B, D]``.
            m_s: means ``[B, D]``.
            mask: bool tensor ``[B, L]``, true where an item is real.

        Returns:
            float tensor ``[B, D]``.
        """
        return m_s

    # --8<-- [end:memory]

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Scores all items.

        Args:
            inputs: dict with ``"history"``.

        Returns:
            float tensor ``[B, N]``.

        Raises:
            ValueError: there is no history, its rank is not 2, or it has no step.
        """
        if "history" not in inputs:
            raise ValueError(f"inputs must have the key 'history', received {sorted(inputs)}")
        # --8<-- [start:call]
        history = tf.convert_to_tensor(inputs["history"])  # [B, L]
        if history.shape.rank != 2 or history.shape[1] == 0:
            raise ValueError(f"'history' must be [B, L] with a step or more, received {tuple(history.shape)}")
        x = self.items(history, name="history")  # [B, L, D]
        if self.authors:
            x = tf.clip_by_norm(x, 1.0, axes=[2])  # [B, L, D]
        mask = tf.not_equal(history, 0)  # [B, L]
        t = tf.reduce_sum(tf.cast(mask, x.dtype), axis=1)  # [B]
        m_s = tf.reduce_sum(x, axis=1) / tf.maximum(t, 1)[:, None]  # [B, D]
        # The index of the last real item, wherever the padding stands; a row of padding has x = 0.
        last = tf.argmax(tf.cast(mask, tf.int32) * tf.range(1, tf.shape(mask)[1] + 1), axis=1)  # [B]
        x_t = tf.gather(x, last, batch_dims=1)  # [B, D]
        h_s = self.session(self.memory(x, x_t, m_s, mask))  # [B, D]
        h_t = self.current(x_t)  # [B, D]
        z = tf.matmul(h_s * h_t, tf.cast(self.items.table, x.dtype), transpose_b=True)  # [B, N]
        return z if self.authors else tf.sigmoid(z)
        # --8<-- [end:call]

    def loss_of(self, inputs: dict[str, tf.Tensor], outputs: tf.Tensor) -> tf.Tensor:
        """Computes the loss of the items that followed.

        Args:
            inputs: a dict with ``"history"`` and ``"target"``.
            outputs: scores ``[B, N]``.

        Returns:
            A scalar.

        Raises:
            ValueError: ``"target"`` is not one id for each row.
        """
        target = check_item_ids(tf.convert_to_tensor(inputs["target"]), self.items.num_items, "target")  # [B]
        if not target.shape.is_compatible_with(outputs.shape[:1]):
            raise ValueError(f"'target' must be [{outputs.shape[0]}], received {tuple(target.shape)}")
        if self.loss_name == "binary":
            return softmax_binary_cross_entropy(outputs, target)
        return next_item_cross_entropy(outputs[:, None], target[:, None])
