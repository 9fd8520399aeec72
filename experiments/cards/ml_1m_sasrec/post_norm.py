"""SASRec whose blocks normalize after each part, as the original transformer does."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recnotes.layers.attention import self_attention_mask
from recnotes.layers.transformer import SASRecBlock
from recnotes.models import SASRec
from recnotes.seeds import child_seeds


class PostNormBlock(SASRecBlock):
    r"""Normalizes after each part: $S = \text{LN}(X + \text{SA}(X))$, $F = \text{LN}(S + \text{FFN}(S))$."""

    def call(
        self, x: tf.Tensor, mask: tf.Tensor, training: bool | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Runs the block on ``[B, L, D]``, as `SASRecBlock` does."""
        s, weights = self.attention(x, x, self_attention_mask(mask), training=training)
        s = self.attention_norm(x + self.dropout(s, training=training))  # [B, L, D]
        f = self.dropout(self.feed_forward(s, training=training), training=training)
        f = self.feed_forward_norm(s + f)  # [B, L, D]
        return f * tf.cast(mask, f.dtype)[:, :, None], weights


class PostNormSASRec(SASRec):
    """SASRec of `PostNormBlock`."""

    def __init__(
        self,
        num_items: int,
        embedding_dim: int,
        num_blocks: int,
        dropout: float,
        seed: int | None = None,
        **more: Any,
    ) -> None:
        super().__init__(num_items, embedding_dim, num_blocks=0, dropout=dropout, seed=seed, **more)
        seeds = child_seeds(seed, num_blocks + 4)[4:]
        self.blocks = [PostNormBlock(embedding_dim, 1, dropout, seed=s) for s in seeds]
