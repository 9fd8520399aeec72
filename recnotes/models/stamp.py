"""STAMP (KDD 2018): a session's items weighted by attention and its last item together name the next item."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.stamp_attention import STAMPAttention
from recnotes.models.stmp import STMP
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class STAMP(STMP):
    r"""STMP whose memory weighs each item of the session by attention.

    $$
    \hat z_{bi} = \sigma\Big(\sum_{d} h^s_{bd}\, h^t_{bd}\, x_{id}\Big), \qquad
    h^s = \tanh(m_a W_s + b_s), \qquad h^t = \tanh(x_t W_t + b_t)
    $$

    with all as in `STMP` and the attention's $m_a$ of shape $[B, D]$ from `STAMPAttention`, which sees every
    item, the last one and the mean. The order of the items before the last one does not matter.

    Args:
        num_items: number of items ``N``; ids are ``1 ... N``, 0 is padding.
        embedding_dim: width ``D`` (default: 100).
        wiring: "paper", or "authors" for what their code computes: $m_a + m_s$ in the place of $m_a$, scores
            without sigmoid, no biases, and input vectors cut to length 1 (default: "paper").
        loss: "binary" for the printed sum of binary cross-entropies, "cross_entropy" for the softmax
            cross-entropy, None for what belongs to the wiring (default: None).
        embedding_stddev: standard deviation of the item vectors at the start (default: 0.002).
        stddev: standard deviation of the matrices at the start (default: 0.05).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on a dict with ``"history"``: float tensor ``[B, N]``.

    Raises:
        ValueError: an argument is not one of its choices, or an id is out of range (eagerly).

    Example:
        >>> model = STAMP(num_items=7, embedding_dim=6, wiring="authors", seed=0)
        >>> model({"history": tf.constant([[3, 1, 0, 0], [5, 2, 7, 7]])}).shape.as_list()
        [2, 7]

    References:
        Liu et al., *STAMP: Short-Term Attention/Memory Priority Model for Session-based Recommendation*,
        KDD 2018, https://doi.org/10.1145/3219819.3219950; authors' code https://github.com/uestcnlp/STAMP,
        which differs from the text as listed under ``wiring`` and ``loss`` (``model/STAMP_rsc.py``;
        ``model/STAMP_cikm.py`` cuts input vectors to length 1.5).
    """

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
        super().__init__(num_items, embedding_dim, wiring, loss, embedding_stddev, stddev, seed, **kwargs)
        options = (not self.authors, stddev, child_seeds(seed, 4)[3])
        self.attention = STAMPAttention(embedding_dim, *options, dtype=self.dtype_policy)

    # --8<-- [start:stamp]
    def memory(self, x: tf.Tensor, x_t: tf.Tensor, m_s: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """Returns what is remembered of a session: its items weighted by attention.

        Args:
            x: items ``[B, L, D]``, zero on padding.
            x_t: last items ``[B, D]``.
            m_s: means ``[B, D]``.
            mask: bool tensor ``[B, L]``, true where an item is real.

        Returns:
            float tensor ``[B, D]``.
        """
        m_a, _ = self.attention(x, x_t, m_s, mask)
        return m_a + m_s if self.authors else m_a

    # --8<-- [end:stamp]
