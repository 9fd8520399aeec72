"""Behavior Sequence Transformer: the candidate joins the history, and all items attend to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.behavior import BehaviorEmbedding
from recnotes.embedding.sequence import positions_from_the_end
from recnotes.layers.bst_block import BSTBlock
from recnotes.layers.mlp import MLP
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class BST(RowWeights):
    r"""A network over the profile and what a transformer makes of the candidate and the history.

    $$
    \text{logit}_b = \text{MLP}\big(\big[\, F_{b0};\; \dots;\; F_{bn};\; x_b \,\big]\big), \qquad
    F_b = \text{Block}\big(\big[\, [q_b; P_0];\; [k_{b1}; P_1];\; \dots;\; [k_{bn}; P_n] \,\big]\big)
    $$

    with the candidate's vector $q$ of shape $[B, D]$, the $n$ most recent items $k$ of the history, the
    latest first, of shape $[B, n, D]$, the position table $P$ of shape $[n+1, D]$, the blocks of `BSTBlock`,
    $F$ of shape $[B, n+1, 2D]$ and the profile $x$. Missing items give zeros, so that each slot of the
    network's input always means the same distance from the candidate, however the history is padded.

    Args:
        num_items: number of items ``N``.
        vocabulary_sizes: number of values of each other categorical field (default: ()).
        num_dense: number of numeric fields (default: 0).
        embedding_dim: width ``D`` of the vectors; twice it is a multiple of ``num_heads`` (default: 16).
        hidden_units: widths of the network's hidden layers (default: (1024, 512, 256)).
        max_length: number ``n`` of items read, the most recent ones (default: 20).
        num_blocks: number of blocks (default: 1).
        num_heads: number of heads (default: 8).
        dropout: rate of dropout in the blocks and in the network (default: 0.0).
        embedding_stddev: standard deviation of the vectors at the start (default: 0.01).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"item": [B], "history": [B, L], "dense": [B, n], "sparse": [B, F]}``, the last two
        where the model has such fields: the logit ``[B]``. Items count from 1, 0 is padding.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> model = BST(9, embedding_dim=4, hidden_units=[8], max_length=3, seed=0)
        >>> inputs = {"item": tf.constant([3, 5]), "history": tf.constant([[1, 9, 0], [0, 0, 0]])}
        >>> model(inputs).shape.as_list()
        [2]

    References:
        Chen et al., *Behavior Sequence Transformer for E-commerce Recommendation in Alibaba*, DLP-KDD 2019,
        https://arxiv.org/abs/1905.06874. There the position of an item is the time between its click and the
        recommendation; histories without times only carry the order, so that here it is the number of
        steps before the candidate. Items there also have a category. The defaults but ``embedding_dim`` (4 to
        64 there) and ``dropout`` (0.2) are those of its table 3. Its section 2.3 hands the network what the
        block makes of the candidate alone; here it reads all slots.
    """

    def __init__(
        self,
        num_items: int,
        vocabulary_sizes: Sequence[int] = (),
        num_dense: int = 0,
        embedding_dim: int = 16,
        hidden_units: Sequence[int] = (1024, 512, 256),
        max_length: int = 20,
        num_blocks: int = 1,
        num_heads: int = 8,
        dropout: float = 0.0,
        embedding_stddev: float = 0.01,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        if max_length < 1 or num_blocks < 1:
            received = f"{max_length!r} and {num_blocks!r}"
            raise ValueError(f"max_length and num_blocks must be positive, received {received}")
        seeds, policy = child_seeds(seed, 3 + num_blocks), self.dtype_policy
        self.max_length, self.position_seed = int(max_length), seeds[0]
        self.embedding = BehaviorEmbedding(
            num_items,
            vocabulary_sizes,
            num_dense,
            embedding_dim,
            field_names,
            embedding_stddev,
            seeds[1],
            dtype=policy,
            name="embedding",
        )
        self.blocks = [
            BSTBlock(2 * embedding_dim, num_heads, dropout, seed=s, dtype=policy) for s in seeds[3:]
        ]
        self.dnn = MLP(hidden_units, 1, "leaky_relu", dropout, seeds[2], dtype=policy, name="dnn")

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        width = self.embedding.items.width
        self.embedding.build()
        start = keras.initializers.RandomNormal(stddev=self.embedding.items.stddev, seed=self.position_seed)
        self.position_table = self.add_weight((self.max_length + 1, width), start, name="position_table")
        for block in self.blocks:
            block.build()
        self.dnn.build((None, (self.max_length + 1) * 2 * width + self.embedding.profile_width))
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Runs the sequence through the blocks, then everything through the network.

        Args:
            inputs: ``{"item": [B], "history": [B, L], "dense": [B, n], "sparse": [B, F]}``.
            training: whether dropout is on (default: False).

        Returns:
            The logit ``[B]``.
        """
        # --8<-- [start:call]
        q, k, mask = self.embedding(inputs)
        # Slot i of the sequence is the i-th item before the candidate, wherever the padding stands.
        place = tf.where(mask, positions_from_the_end(mask), -1)  # [B, L]
        slots = tf.one_hot(place, self.max_length, dtype=k.dtype)  # [B, L, M]
        recent = tf.einsum("blm,bld->bmd", slots, k)  # [B, M, D]
        real = tf.reduce_sum(slots, axis=1) > 0  # [B, M]
        real = tf.pad(real, [[0, 0], [1, 0]], constant_values=True)  # [B, S]
        e = tf.concat([q[:, None], recent], axis=1)  # [B, S, D]
        p = tf.broadcast_to(tf.cast(self.position_table, e.dtype), tf.shape(e))  # [B, S, D]
        f = tf.concat([e, p], axis=2)  # [B, S, 2*D]
        for block in self.blocks:
            f = block(f, real, training=training)  # [B, S, 2*D]
        a0 = tf.reshape(f, [-1, f.shape[1] * f.shape[2]])  # [B, S*2*D]
        if self.embedding.profile_width:
            a0 = tf.concat([a0, self.embedding.profile(inputs)], axis=1)
        logit = self.dnn(a0, training=training)[:, 0]  # [B]
        return tf.cast(logit, tf.float32)
        # --8<-- [end:call]
