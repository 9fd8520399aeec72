"""GRU4Rec (ICLR 2016): a gated recurrent network reads a session and ranks the items that may come next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.behavior import ItemEmbedding
from recnotes.embedding.sequence import check_item_ids
from recnotes.layers.negatives import sample_popular
from recnotes.losses.top_k_gains import (
    bpr_max_loss,
    bpr_mean_loss,
    candidate_cross_entropy,
    top1_loss,
    top1_max_loss,
)
from recnotes.models._config import constructor_arguments
from recnotes.models.history_model import HistoryModel
from recnotes.seeds import child_seeds

LOSSES = {
    "top1": top1_loss,
    "bpr": bpr_mean_loss,
    "top1-max": top1_max_loss,
    "bpr-max": bpr_max_loss,
    "cross_entropy": candidate_cross_entropy,
}


@keras.saving.register_keras_serializable("recnotes")
class GRU4Rec(HistoryModel):
    r"""Scores every item as the next one of a session, from the state of a recurrent network.

    $$
    \begin{aligned}
    z_t &= \sigma(W_z x_t + U_z h_{t-1} + b_z), \qquad r_t = \sigma(W_r x_t + U_r h_{t-1} + b_r) \\
    \hat h_t &= \tanh\big(W x_t + U (r_t \odot h_{t-1}) + b\big), \qquad
    h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \hat h_t \\
    \hat y_{ti} &= \langle h_t, v_i \rangle + c_i
    \end{aligned}
    $$

    with the input $x_t$ of shape $[N]$, the item as a one-hot vector, or $[D]$, its embedding; the state
    $h_t$ of shape $[U]$, the items' output vectors $v$ of shape $[N, U]$ and the scores $\hat y$; item $i$
    stands in column $i-1$. A step of padding leaves the state as it is; a row without any item is scored by
    the biases $c$ alone.

    Called on ``{"history": int32 [B, L]}`` it returns the scores after the last item. Where the inputs also
    hold ``"next"``, int32 ``[B, L]``, the item that followed each step (0 where none did), it returns at each
    step the scores of the items that came next in all rows of the batch, ``[B, L, B]``. The other rows' items
    are the negatives, so that an item is one as often as it is popular; a row's own item is none, whichever
    row it stands in. ``compile("adagrad")`` without a loss and ``fit({"history": ..., "next": ...})`` train.

    Args:
        num_items: number of items ``N``; ids are ``1 ... N``, 0 is padding.
        embedding_dim: width ``D`` of the input vectors, None for one-hot inputs, which cost ``N`` numbers a
            step (default: None).
        hidden_units: widths of the recurrent layers (default: (100,)).
        loss: "top1", "bpr", "top1-max", "bpr-max" or "cross_entropy" over the batch's items
            (default: "top1").
        share_items: whether the output vectors are the input vectors; ``embedding_dim`` is then the last of
            the ``hidden_units`` (default: False).
        dropout: rate of dropout on each layer's states (default: 0.0).
        regularization: weight $\lambda$ of the scores in "bpr-max" (default: 1.0).
        num_sampled: number ``S`` of negatives that `sample_popular` draws for each step besides, for all
            rows; what it returns with ``"next"`` is then the pair of scores ``[B, L, B+S]`` and ids ``[L,
            S]``. How often each item is clicked is the weight ``popularity`` ``[N]``, 1 at first; after
            ``model.build()`` it is to be assigned (default: 0).
        sample_alpha: power of the popularity (default: 0.75).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on a dict with ``"history"``: float tensor ``[B, N]``; with ``"next"`` as well: ``[B, L, B]``,
        or the pair.

    Raises:
        ValueError: an argument is not one of its choices, or an id is out of range (eagerly).

    Example:
        >>> model = GRU4Rec(num_items=7, hidden_units=[6], seed=0)
        >>> model({"history": tf.constant([[3, 1, 0, 0], [5, 2, 7, 7]])}).shape.as_list()
        [2, 7]

    References:
        Hidasi et al., *Session-based Recommendations with Recurrent Neural Networks*, ICLR 2016,
        https://arxiv.org/abs/1511.06939; Hidasi and Karatzoglou, *Recurrent Neural Networks with Top-k Gains
        for Session-based Recommendations*, CIKM 2018, https://arxiv.org/abs/1706.03847 ("top1-max",
        "bpr-max"). In the authors' code (https://github.com/hidasib/GRU4Rec) the reset gate acts before the
        recurrent matrix, as here and in Keras with ``reset_after=False`` only, and the update gate is one
        minus Keras's. It draws 2048 negatives for each step of its batch, a row's own item among them, and
        goes through sessions step by step in parallel, without gradients to earlier steps. The first paper
        puts a tanh on the scores, which is not here.
    """

    def __init__(
        self,
        num_items: int,
        embedding_dim: int | None = None,
        hidden_units: Sequence[int] = (100,),
        loss: str = "top1",
        share_items: bool = False,
        dropout: float = 0.0,
        regularization: float = 1.0,
        num_sampled: int = 0,
        sample_alpha: float = 0.75,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        if loss not in LOSSES:
            raise ValueError(f"loss must be one of {tuple(LOSSES)}, received {loss!r}")
        if not hidden_units or min([*hidden_units, num_sampled + 1]) < 1:
            sizes = f"{hidden_units!r} and {num_sampled!r}"
            raise ValueError(f"hidden_units must be positive, num_sampled at least 0, received {sizes}")
        if share_items and embedding_dim != hidden_units[-1]:
            raise ValueError(f"embedding_dim must be {hidden_units[-1]} to share, received {embedding_dim!r}")
        self.loss_name, self.num_items, self.num_sampled = loss, int(num_items), int(num_sampled)
        policy, seeds = self.dtype_policy, iter(child_seeds(seed, 3 + 3 * len(hidden_units)))
        self.input_width = embedding_dim or int(num_items)
        width = hidden_units[-1]
        self.output_items = ItemEmbedding(num_items, width, width**-0.5, next(seeds), dtype=policy)
        self.input_items = self.output_items if share_items else None
        if embedding_dim is not None and not share_items:
            self.input_items = ItemEmbedding(num_items, embedding_dim, 0.1, next(seeds), dtype=policy)
        self.recurrent_layers = []
        for units in hidden_units:
            kernel = keras.initializers.GlorotUniform(seed=next(seeds))
            recurrent = keras.initializers.Orthogonal(seed=next(seeds))
            starts = {"kernel_initializer": kernel, "recurrent_initializer": recurrent}
            gru = keras.layers.GRU(units, reset_after=False, return_sequences=True, dtype=policy, **starts)
            self.recurrent_layers.append(gru)
        self.dropouts = [keras.layers.Dropout(dropout, seed=next(seeds), dtype=policy) for _ in hidden_units]
        self.sampling_seeds = keras.random.SeedGenerator(next(seeds))

    def build(self, input_shape: Any = None) -> None:
        """Creates all weights.

        Args:
            input_shape: not used, all sizes are known (default: None).
        """
        width = self.input_width
        for layer in self.layers:  # tables know their sizes, then one recurrent layer after the other
            layer.build((None, None, width))
            width = getattr(layer, "units", width)
        self.output_bias = self.add_weight((self.num_items,), "zeros", autocast=False, name="output_bias")
        if self.num_sampled:
            self.popularity = self.add_weight((self.num_items,), "ones", trainable=False, autocast=False)
        self.built = True

    # --8<-- [start:encode]
    def encode(self, history: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Computes the state after each step.

        Args:
            history: integer tensor ``[B, L]``, 0 is padding, of which the state is that before it.
            training: whether dropout is on (default: False).

        Returns:
            float tensor ``[B, L, U]``.

        Raises:
            ValueError: the rank is not 2, or there is no step.
        """
        ids = tf.convert_to_tensor(history)  # [B, L]
        if ids.shape.rank != 2 or ids.shape[1] == 0:
            raise ValueError(f"'history' must be [B, L] with a step or more, received {tuple(ids.shape)}")
        if self.input_items is None:
            h = tf.one_hot(check_item_ids(ids, self.num_items, "history") - 1, self.num_items)
        else:
            h = self.input_items(ids, name="history")  # [B, L, D]
        for layer, dropout in zip(self.recurrent_layers, self.dropouts, strict=True):
            h = dropout(layer(h, mask=tf.not_equal(ids, 0)), training=training)  # [B, L, U]
        return h

    # --8<-- [end:encode]

    # --8<-- [start:call]
    def call(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> Any:
        """Scores all items after the last step, or with ``"next"`` the batch's items at every step.

        Args:
            inputs: dict with ``"history"`` and, in training, ``"next"``.
            training: whether dropout is on (default: False).

        Returns:
            ``[B, N]``, ``[B, L, B]`` or the pair of ``[B, L, B+S]`` and ``[L, S]``.

        Raises:
            ValueError: there is no history, or ``"next"`` has another shape.
        """
        if "history" not in inputs:
            raise ValueError(f"inputs must have the key 'history', received {sorted(inputs)}")
        h = self.encode(inputs["history"], training)  # [B, L, U]
        if "next" not in inputs:
            v = tf.cast(self.output_items.table, h.dtype)  # [N, U]
            return tf.matmul(h[:, -1], v, transpose_b=True) + tf.cast(self.output_bias, h.dtype)
        following = tf.convert_to_tensor(inputs["next"])  # [B, L]
        if not following.shape.is_compatible_with(h.shape[:2]):
            raise ValueError(f"'next' must have the history's shape, received {tuple(following.shape)}")
        v = self.output_items(following, name="next")  # [B, L, U]
        c = tf.cast(tf.gather(self.output_bias.value, tf.maximum(following - 1, 0)), h.dtype)  # [B, L]
        scores = tf.einsum("blu,clu->blc", h, v) + tf.transpose(c)[None]
        if not self.num_sampled:
            return scores
        shape, seed = [tf.shape(h)[1], self.num_sampled], self.sampling_seeds.next()
        drawn = sample_popular(self.popularity, self.config["sample_alpha"], shape, seed)  # [L, S]
        c = tf.cast(tf.gather(self.output_bias.value, drawn - 1), h.dtype)  # [L, S]
        further = tf.einsum("blu,lsu->bls", h, self.output_items(drawn)) + c  # [B, L, S]
        return tf.concat([scores, further], axis=2), drawn

    # --8<-- [end:call]

    # --8<-- [start:loss]
    def loss_of(self, inputs: dict[str, tf.Tensor], outputs: Any) -> tf.Tensor:
        """Computes the mean loss of the steps that have a next item.

        Args:
            inputs: a dict with ``"history"`` and ``"next"``.
            outputs: what ``call`` returns for it.

        Returns:
            A scalar.
        """
        following = tf.convert_to_tensor(inputs["next"])  # [B, L]
        real = tf.logical_and(tf.not_equal(inputs["history"], 0), following > 0)  # [B, L]
        scores, others = outputs, tf.transpose(tf.where(real, following, 0))
        if self.num_sampled:
            scores, drawn = outputs
            others = tf.concat([others, tf.cast(drawn, others.dtype)], axis=1)  # [L, B+S]
        mask = tf.logical_and(others > 0, tf.not_equal(others, following[:, :, None]))
        positive = tf.einsum("blb->bl", scores[:, :, : tf.shape(following)[0]])  # [B, L]
        options = (self.config["regularization"],) if self.loss_name == "bpr-max" else ()
        losses = LOSSES[self.loss_name](positive, scores, mask, *options)  # [B, L]
        total, count = tf.reduce_sum(tf.where(real, losses, 0)), tf.math.count_nonzero(real)
        return tf.math.divide_no_nan(total, tf.cast(count, losses.dtype))

    # --8<-- [end:loss]
