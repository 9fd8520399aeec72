"""Attention over pairs of fields: the pairwise term of a factorization machine, weighted pair by pair."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.seeds import child_seeds


def pair_scores(e: tf.Tensor, w: tf.Tensor, b: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
    r"""Scores every pair of fields by a small network that reads the pair's product.

    $$
    s_{b,(i,j)} = h^T \, \text{ReLU}\big(W^T (e_{bi} \odot e_{bj}) + c\big), \qquad i < j
    $$

    with $e$ of shape $[B, F, D]$, $W$ of shape $[D, U]$, the bias $c$ and $h$ of shape $[U]$ and $s$ of shape
    $[B, P]$, $P = F(F-1)/2$, pairs in the order $(0,1), (0,2), \dots, (F-2,F-1)$.

    Args:
        e: vectors ``[B, F, D]``.
        w: kernel ``[D, U]``.
        b: bias ``[U]``.
        h: output weights ``[U]``.

    Returns:
        Scores ``[B, P]``.

    Example:
        >>> e = tf.constant([[[1.0], [2.0], [3.0]]])
        >>> pair_scores(e, tf.ones([1, 1]), tf.constant([-1.0]), tf.constant([10.0])).numpy().tolist()
        [[10.0, 20.0, 50.0]]
    """
    # --8<-- [start:scores]
    # Fields first, so that the later ones are one piece of memory.
    later = tf.transpose(e, [1, 0, 2])  # [F, B, D]
    rows = [later[:0, :, 0]]
    # Field by field: the products of all pairs at once are P·D numbers an example, too many for the caches.
    for count in range(e.shape[1] - 1, 0, -1):
        # A slice would have a gradient as large as all fields.
        field, later = tf.split(later, [1, count])
        g = tf.reshape(field * later, [-1, e.shape[2]])
        z = tf.nn.relu(tf.nn.bias_add(tf.matmul(g, w), b))
        rows.append(tf.reshape(tf.linalg.matvec(z, h), [count, -1]))
    return tf.transpose(tf.concat(rows, axis=0))
    # --8<-- [end:scores]


def weighted_pairs(e: tf.Tensor, a: tf.Tensor) -> tf.Tensor:
    r"""Adds the elementwise products of all pairs, each with a weight, without listing the products.

    $$
    y_b = \sum_{i<j} a_{b,(i,j)} \, e_{bi} \odot e_{bj} = \sum_i e_{bi} \odot \sum_{j>i} a_{b,(i,j)} \, e_{bj}
    $$

    with $e$ of shape $[B, F, D]$, $a$ of shape $[B, P]$, pairs in the order of `pair_scores`, and $y$ of
    shape $[B, D]$.

    Args:
        e: vectors ``[B, F, D]``.
        a: weights ``[B, P]``.

    Returns:
        Pooled vector ``[B, D]``.

    Example:
        >>> e = tf.constant([[[1.0, 2.0], [3.0, 4.0]]])
        >>> weighted_pairs(e, tf.constant([[0.5]])).numpy().tolist()
        [[1.5, 4.0]]
    """
    counts = list(range(e.shape[1] - 1, -1, -1))
    rows = [tf.pad(row, [[0, 0], [e.shape[1] - row.shape[1], 0]]) for row in tf.split(a, counts, axis=1)]
    upper = tf.stack(rows, axis=1)  # [B, F, F]
    y = tf.reduce_sum(e * tf.matmul(upper, e), axis=1)  # [B, D]
    return y


@keras.saving.register_keras_serializable("recnotes")
class PairAttention(keras.layers.Layer):
    r"""Pools the products of all pairs with weights that come from the products.

    $$
    a_{b,(i,j)} = \frac{\exp s_{b,(i,j)}}{\sum_{k<l} \exp s_{b,(k,l)}}, \qquad
    y_b = \sum_{i<j} a_{b,(i,j)} \, e_{bi} \odot e_{bj}
    $$

    with $e$ of shape $[B, F, D]$, the scores $s$ of `pair_scores` and the weights $a$ of shape $[B, P]$ and
    $y$ of shape $[B, D]$. One field has no pairs, its result is 0.

    Args:
        units: width $U$ of the network that scores a pair.
        dropout: share of the pairs dropped in training, by their weights (default: 0.0).
        wiring: "paper", or "authors" for what their code computes: the softmax over an axis of size 1, so
            that every weight is 1 (default: "paper").
        l2: factor of the sum of squares of $W$ in the loss (default: 0.0).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on vectors ``[B, F, D]``: the pooled vector ``[B, D]``, float32 or float64.

    Raises:
        ValueError: a size does not fit, the wiring is unknown, or the input is not ``[B, F, D]``.

    Example:
        >>> layer = PairAttention(4, seed=0)
        >>> layer(tf.ones([2, 3, 5])).numpy().round(6).tolist()  # an average of products that are all 1
        [[1.0, 1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0, 1.0]]

    References:
        Xiao et al., *Attentional Factorization Machines*, IJCAI 2017, https://arxiv.org/abs/1708.04617. The
        authors' code (hexiangnan/attentional_factorization_machine, commit 09c6756) calls ``tf.nn.softmax``
        without an axis on scores of shape ``[B, P, 1]``; its attention weights are all 1, and the scores
        get no gradient. It starts the bias at random, here at zero.
    """

    def __init__(
        self,
        units: int,
        dropout: float = 0.0,
        wiring: str = "paper",
        l2: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"units must be positive, received {units!r}")
        if not 0 <= dropout < 1 or l2 < 0:
            raise ValueError(f"dropout must be in [0, 1) and l2 from 0, received {dropout!r} and {l2!r}")
        if wiring not in ("paper", "authors"):
            raise ValueError(f"wiring must be 'paper' or 'authors', received {wiring!r}")
        self.units = int(units)
        self.dropout = float(dropout)
        self.wiring = wiring
        self.l2 = float(l2)
        self.seed = seed
        self.wide = "float64" if self.compute_dtype == "float64" else "float32"
        self.drop = keras.layers.Dropout(self.dropout, seed=child_seeds(seed, 3)[2], dtype=self.wide)

    def build(self, input_shape: Any) -> None:
        """Creates the weights of the scores.

        Args:
            input_shape: ``[B, F, D]``.

        Raises:
            ValueError: the input is not ``[B, F, D]``.
        """
        if len(input_shape) != 3:
            raise ValueError(f"e must be [B, F, D], received {tuple(input_shape)}")
        first, second = child_seeds(self.seed, 3)[:2]
        penalty = keras.regularizers.L2(self.l2) if self.l2 else None
        shape = (input_shape[-1], self.units)
        self.w = self.add_weight(shape, keras.initializers.GlorotNormal(first), regularizer=penalty, name="w")
        self.b = self.add_weight(shape[1:], "zeros", name="b")
        self.h = self.add_weight(shape[1:], keras.initializers.RandomNormal(0.0, 1.0, second), name="h")
        self.built = True

    def attention(self, e: tf.Tensor) -> tf.Tensor:
        """Weighs the pairs.

        Args:
            e: vectors ``[B, F, D]``.

        Returns:
            Weights ``[B, P]``.
        """
        # --8<-- [start:attention]
        w, b, h = (tf.cast(weight, self.compute_dtype) for weight in (self.w, self.b, self.h))
        s = tf.cast(pair_scores(tf.cast(e, self.compute_dtype), w, b, h), self.wide)  # [B, P]
        if self.wiring == "authors":
            return tf.nn.softmax(s[:, :, tf.newaxis])[:, :, 0]
        return tf.nn.softmax(s)
        # --8<-- [end:attention]

    def call(self, e: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Weighs the pairs and adds them up.

        Args:
            e: vectors ``[B, F, D]``.
            training: whether dropout is on (default: False).

        Returns:
            Pooled vector ``[B, D]``.
        """
        a = self.drop(self.attention(e), training=training)  # [B, P]
        return weighted_pairs(tf.cast(e, self.wide), a)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns ``[B, D]``.

        Args:
            input_shape: ``[B, F, D]``.

        Returns:
            Shape of the pooled vector.
        """
        return (input_shape[0], input_shape[2])

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        names = ("units", "dropout", "wiring", "l2", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
