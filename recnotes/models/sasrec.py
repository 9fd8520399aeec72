"""SASRec (ICDM 2018): causal self-attention over a history names the next item."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.sequence import SequenceEmbedding, check_item_ids, history_mask
from recnotes.layers.negatives import sample_negatives
from recnotes.layers.transformer import WIRINGS, SASRecBlock
from recnotes.losses.next_item import gbce_beta, next_item_cross_entropy, sampled_binary_cross_entropy
from recnotes.models._config import constructor_arguments
from recnotes.models.history_model import HistoryModel
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class SASRec(HistoryModel):
    r"""Scores every item as the next one of a history, from self-attention over that history.

    $$
    F^{(0)} = \text{Dropout}(\hat E), \qquad F^{(b)} = \text{Block}_b(F^{(b-1)}), \qquad
    r_{bi} = \langle F_{b t_b},\, M_i\rangle
    $$

    with the embedded history $\hat E$ and the outputs $F$ of shape $[B, L, D]$, the item table $M$ of shape
    $[N, D]$, the most recent step $t_b$ of each row and the scores $r$ of shape $[B, N]$; item $i$ stands in
    column $i-1$. A row without any item has $F = 0$ and scores 0 for every item.

    Args:
        num_items: number of items ``N``; ids are ``1 ... N``, 0 is padding.
        embedding_dim: width ``D`` (default: 50).
        max_length: number of items read of a history, the most recent ones, ``n`` (default: 50).
        num_blocks: number of blocks ``b`` (default: 2).
        num_heads: number of heads ``H`` (default: 1).
        dropout: rate of dropout, on the embedding and in the blocks (default: 0.5).
        wiring: "paper", or "authors" for what their code computes: layer normalization of the queries only,
            residuals from the normalized input, item vectors times ``sqrt(D)``, biases on the projections,
            dropout on the attention weights, a last layer normalization (default: "paper").
        loss: "bce", as in the paper, or "cross_entropy" over all items (default: "bce").
        num_negatives: negatives for each positive, ``K``, for ``loss="bce"`` (default: 1).
        calibration: gSASRec's ``t``, 0 is plain binary cross-entropy, for ``loss="bce"`` (default: 0.0).
        share_items: whether the scores use the item table of the input (default: True).
        seed: seed from which all others are derived (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"history": int32 [B, L]}``: the scores ``[B, N]``. Where the inputs also hold ``"next"``,
        int32 ``[B, L]``, the item that followed each step (0 where none did): what the loss needs at every
        step, logits ``[B, L, 1+K]`` of the next item and ``K`` fresh negatives for ``loss="bce"``, scores
        ``[B, L, N]`` for ``loss="cross_entropy"``. ``compile(optimizer=...)`` without a loss and
        ``fit({"history": ..., "next": ...})`` is all there is to training. Two optional inputs: ``"seen"``,
        int32 ``[B, S]``, further items that must not be drawn as negatives, and ``"negatives"``, int32 ``[B,
        L, K]``, to be used instead of drawing.

    Raises:
        ValueError: an argument is not one of its choices, or an id is out of range (eagerly).
        tf.errors.InvalidArgumentError: an id is out of range inside a ``tf.function``, or it is compiled by
            XLA.

    Example:
        >>> model = SASRec(num_items=7, embedding_dim=6, max_length=4, seed=0)
        >>> model({"history": tf.constant([[3, 1, 0, 0], [5, 2, 7, 7]])}).shape.as_list()
        [2, 7]

    References:
        Kang and McAuley, *Self-Attentive Sequential Recommendation*, ICDM 2018,
        https://arxiv.org/abs/1808.09781; authors' code https://github.com/kang205/SASRec, whose wiring
        (``wiring="authors"``) differs from the text. Klenitskiy and Vasilev, RecSys 2023,
        https://arxiv.org/abs/2309.07602 (cross-entropy); Petrov and Macdonald, RecSys 2023,
        https://arxiv.org/abs/2308.07192 (``num_negatives=256, calibration=0.75``, separate item tables).
    """

    def __init__(
        self,
        num_items: int,
        embedding_dim: int = 50,
        max_length: int = 50,
        num_blocks: int = 2,
        num_heads: int = 1,
        dropout: float = 0.5,
        wiring: str = "paper",
        loss: str = "bce",
        num_negatives: int = 1,
        calibration: float = 0.0,
        share_items: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        if loss not in ("bce", "cross_entropy"):
            raise ValueError(f"loss must be 'bce' or 'cross_entropy', received {loss!r}")
        if wiring not in WIRINGS:
            raise ValueError(f"wiring must be one of {WIRINGS}, received {wiring!r}")
        if num_negatives < 1 or num_blocks < 0:
            received = f"{num_negatives!r}, {num_blocks!r}"
            raise ValueError(f"num_negatives and num_blocks must be at least 1 and 0, received {received}")
        self.num_items, self.max_length = int(num_items), int(max_length)
        self.loss_name, self.num_negatives = loss, int(num_negatives)
        self.beta = gbce_beta(num_negatives, num_items, calibration) if calibration else 1.0
        authors, dtype, seeds = wiring == "authors", self.dtype_policy, child_seeds(seed, num_blocks + 4)
        scale = embedding_dim**0.5 if authors else 1.0
        self.embedding = SequenceEmbedding(num_items, embedding_dim, max_length, scale, seeds[0], dtype=dtype)
        self.embedding_dropout = keras.layers.Dropout(dropout, seed=seeds[1], dtype=dtype)
        self.blocks = [
            SASRecBlock(embedding_dim, num_heads, dropout, wiring, seed=s, dtype=dtype) for s in seeds[4:]
        ]
        self.last_norm = keras.layers.LayerNormalization(epsilon=1e-8, dtype=dtype) if authors else None
        self.output_table = None
        if not share_items:
            self.output_table = SequenceEmbedding(num_items, embedding_dim, 1, seed=seeds[2], dtype=dtype)
        self.negative_seeds = keras.random.SeedGenerator(seeds[3])

    def build(self, input_shape: Any = None) -> None:
        """Creates all weights.

        Args:
            input_shape: not used, all sizes are known (default: None).
        """
        self.embedding.build()
        for block in self.blocks:
            block.build()
        if self.output_table is not None:
            self.output_table.build()
        if self.last_norm is not None:
            self.last_norm.build((None, None, self.embedding.width))
        self.built = True

    # --8<-- [start:encode]
    def encode(
        self, history: tf.Tensor, training: bool | None = None
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """Computes what stands before the scores.

        Args:
            history: integer tensor ``[B, L]``.
            training: whether dropout is on, None leaves it to Keras (default: None).

        Returns:
            The triple of outputs ``[B, L, D]``, zero on padding, the mask ``[B, L]`` and a list with each
            block's attention weights ``[B, H, L, L]``.

        Raises:
            ValueError: the rank is not 2, or there is no step.
        """
        history = tf.convert_to_tensor(history)  # [B, L]
        if history.shape.rank != 2 or history.shape[1] == 0:
            raise ValueError(f"'history' must be [B, L] with a step or more, received {tuple(history.shape)}")
        f, mask = self.embedding(history)
        f = self.embedding_dropout(f, training=training)  # [B, L, D]
        weights = []
        for block in self.blocks:
            f, w = block(f, mask, training=training)
            weights.append(w)
        if self.last_norm is not None:
            f = self.last_norm(f) * tf.cast(mask, f.dtype)[:, :, None]  # [B, L, D]
        return f, mask, weights

    # --8<-- [end:encode]

    # --8<-- [start:call]
    def call(self, inputs: dict[str, tf.Tensor], training: bool | None = None) -> tf.Tensor:
        """Scores all items, or with ``"next"`` what the loss needs at every step.

        Args:
            inputs: dict with ``"history"`` and, in training, ``"next"``.
            training: whether dropout is on, None leaves it to Keras (default: None).

        Returns:
            ``[B, N]``, ``[B, L, 1+K]`` or ``[B, L, N]``, see the class.

        Raises:
            ValueError: there is no history, or its shape or an id is wrong (eagerly).
        """
        if "history" not in inputs:
            raise ValueError(f"inputs must have the key 'history', received {sorted(inputs)}")
        f, mask, _ = self.encode(inputs["history"], training)
        output = self.output_table or self.embedding
        if "next" not in inputs:
            # The index of the last real item, wherever the padding stands; a row of padding has f = 0.
            last = tf.argmax(tf.cast(mask, tf.int32) * tf.range(1, tf.shape(mask)[1] + 1), axis=1)  # [B]
            user = tf.gather(f, last, batch_dims=1)  # [B, D]
            return tf.matmul(user, tf.cast(output.item_table, f.dtype), transpose_b=True)
        target = check_item_ids(inputs["next"], self.num_items, "next")  # [B, L]
        if self.loss_name == "cross_entropy":
            return tf.matmul(f, tf.cast(output.item_table, f.dtype), transpose_b=True)
        candidates = tf.concat([target[:, :, None], self._negatives(inputs)], axis=2)
        return tf.einsum("bld,blcd->blc", f, output.items(candidates, "negatives"))

    # --8<-- [end:call]

    def _negatives(self, inputs: dict[str, tf.Tensor]) -> tf.Tensor:
        if "negatives" in inputs:
            return inputs["negatives"]
        exclude = [inputs["history"], inputs["next"]]
        if "seen" in inputs:
            exclude.append(check_item_ids(inputs["seen"], self.num_items, "seen"))
        shape, seed = [tf.shape(inputs["next"])[1], self.num_negatives], self.negative_seeds.next()
        return sample_negatives(tf.concat(exclude, axis=1), self.num_items, shape, seed)

    # --8<-- [start:loss]
    def loss_of(self, inputs: dict[str, tf.Tensor], outputs: tf.Tensor) -> tf.Tensor:
        """Computes the mean loss of the steps that have a next item.

        Args:
            inputs: a dict with ``"history"`` and ``"next"``.
            outputs: what ``call`` returns for it.

        Returns:
            A scalar.
        """
        mask = tf.logical_and(history_mask(inputs["history"], self.max_length), inputs["next"] > 0)  # [B, L]
        if self.loss_name == "cross_entropy":
            return next_item_cross_entropy(outputs, tf.where(mask, inputs["next"], 0))
        return sampled_binary_cross_entropy(outputs, mask, self.beta)

    # --8<-- [end:loss]
