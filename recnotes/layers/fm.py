"""The pairwise term of a factorization machine, in linear time."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


def fm_pooled(e: tf.Tensor) -> tf.Tensor:
    r"""Adds the elementwise products of all pairs of vectors, in time linear in the number of vectors.

    $$
    p_b = \sum_{i<j} e_{bi} \odot e_{bj}
        = \tfrac12 \Big[\Big(\sum_i e_{bi}\Big)^{2} - \sum_i e_{bi}^{2}\Big]
    $$

    with $e$ of shape $[B, F, D]$ (the vectors already multiplied by the fields' values) and $p$ of shape
    $[B, D]$; squares are elementwise. Half precision is raised to float32 first, since the two terms nearly
    cancel.

    Args:
        e: vectors ``[B, F, D]``.

    Returns:
        Pooled vector ``[B, D]``, float32 or float64.

    Example:
        >>> e = tf.constant([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]])
        >>> fm_pooled(e).numpy().tolist()  # 1·3 + 1·5 + 3·5, 2·4 + 2·6 + 4·6
        [[23.0, 44.0]]

    References:
        Rendle, *Factorization Machines*, ICDM 2010, https://doi.org/10.1109/ICDM.2010.127, lemma 3.1.
    """
    # --8<-- [start:pooled]
    e = e if e.dtype in (tf.float32, tf.float64) else tf.cast(e, tf.float32)  # [B, F, D]
    s = tf.reduce_sum(e, axis=1)  # [B, D]
    q = tf.reduce_sum(tf.square(e), axis=1)  # [B, D]
    return 0.5 * (tf.square(s) - q)
    # --8<-- [end:pooled]


def fm_pairwise(e: tf.Tensor) -> tf.Tensor:
    r"""Adds the inner products of all pairs of vectors.

    $$
    y_b = \sum_{i<j} \langle e_{bi}, e_{bj} \rangle = \sum_{d} p_{bd}
    $$

    with $e$ of shape $[B, F, D]$, $p$ of `fm_pooled` of shape $[B, D]$ and $y$ of shape $[B]$.

    Args:
        e: vectors ``[B, F, D]``, already multiplied by the fields' values.

    Returns:
        Pairwise term ``[B]``, float32 or float64.

    Example:
        >>> fm_pairwise(tf.constant([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]])).numpy().tolist()
        [67.0]

    References:
        Rendle, *Factorization Machines*, ICDM 2010, https://doi.org/10.1109/ICDM.2010.127, equation 1.
    """
    y = tf.reduce_sum(fm_pooled(e), axis=-1)  # [B]
    return y


def fm_pairs(e: tf.Tensor) -> tf.Tensor:
    r"""Lists the inner product of every pair of vectors, to look at; `fm_pairwise` is their sum.

    $$
    g_{b,(i,j)} = \langle e_{bi}, e_{bj} \rangle, \qquad i < j
    $$

    with $e$ of shape $[B, F, D]$ and $g$ of shape $[B, P]$, $P = F(F-1)/2$, pairs in the order
    $(0,1), (0,2), \dots, (F-2,F-1)$.

    Args:
        e: vectors ``[B, F, D]``.

    Returns:
        Inner products ``[B, P]``.

    Example:
        >>> fm_pairs(tf.constant([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]])).numpy().tolist()
        [[11.0, 17.0, 39.0]]
    """
    num_fields = e.shape[1]
    left = tf.constant([i for i in range(num_fields) for _ in range(i + 1, num_fields)], tf.int32)  # [P]
    right = tf.constant([j for i in range(num_fields) for j in range(i + 1, num_fields)], tf.int32)  # [P]
    g = tf.reduce_sum(tf.gather(e, left, axis=1) * tf.gather(e, right, axis=1), axis=-1)  # [B, P]
    return g


@keras.saving.register_keras_serializable("recnotes")
class FMInteraction(keras.layers.Layer):
    r"""The pairwise term of a factorization machine as a layer without weights.

    $$
    y_b = \sum_d \text{dropout}(p_b)_d, \qquad p_b = \sum_{i<j} e_{bi} \odot e_{bj}
    $$

    with $e$ of shape $[B, F, D]$, $p$ of shape $[B, D]$ and $y$ of shape $[B]$. Without dropout it is
    `fm_pairwise`.

    Args:
        pooled_dropout: share of the pooled vector's elements set to zero in training; 0 is Rendle's
            model (default: 0.0).
        seed: seed of the dropout (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on vectors ``[B, F, D]``: the pairwise term ``[B]``, float32 or float64.

    Raises:
        ValueError: ``pooled_dropout`` is not in [0, 1), or the input is not ``[B, F, D]``.

    Example:
        >>> FMInteraction()(tf.constant([[[1.0, 2.0], [3.0, 4.0]]])).numpy().tolist()
        [11.0]

    References:
        Rendle, *Factorization Machines*, ICDM 2010, https://doi.org/10.1109/ICDM.2010.127. He's TensorFlow
        port (neural_factorization_machine, FM.py) drops half of the pooled vector in training by default,
        which is ``pooled_dropout=0.5`` here and no part of the paper.
    """

    def __init__(self, pooled_dropout: float = 0.0, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= pooled_dropout < 1:
            raise ValueError(f"pooled_dropout must be in [0, 1), received {pooled_dropout!r}")
        self.pooled_dropout = float(pooled_dropout)
        self.seed = seed
        wide = "float64" if self.compute_dtype == "float64" else "float32"
        self.dropout = keras.layers.Dropout(self.pooled_dropout, seed=seed, dtype=wide)

    def build(self, input_shape: Any = None) -> None:
        """Has no weights to create.

        Args:
            input_shape: not used (default: None).
        """
        self.built = True

    def call(self, e: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Adds up the pairs.

        Args:
            e: vectors ``[B, F, D]``.
            training: whether dropout is on (default: False).

        Returns:
            Pairwise term ``[B]``.

        Raises:
            ValueError: ``e`` has another rank.
        """
        if e.shape.rank != 3:
            raise ValueError(f"e must be [B, F, D], received {tuple(e.shape)}")
        if not (training and self.pooled_dropout > 0):
            return fm_pairwise(e)
        return tf.reduce_sum(self.dropout(fm_pooled(e), training=True), axis=-1)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns ``[B]`` for vectors ``[B, F, D]``.

        Args:
            input_shape: shape of the vectors.

        Returns:
            Shape of the term.
        """
        return (input_shape[0],)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {**super().get_config(), "pooled_dropout": self.pooled_dropout, "seed": self.seed}
