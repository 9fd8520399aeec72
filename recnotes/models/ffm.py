"""Field-aware factorization machine: a feature shows each other field another vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.feature import FeatureEmbedding
from recnotes.layers.ffm import FieldAwareEmbedding, ffm_pairwise
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights


@keras.saving.register_keras_serializable("recnotes")
class FFM(RowWeights):
    r"""Inner products of all pairs of fields, each field with the vector it keeps for the other.

    $$
    \text{logit}_b = \sum_{i<j} \langle v_{i, j}, v_{j, i} \rangle \, x_{bi} x_{bj}
        \;\; \Big[ + w_0 + \sum_i w_i x_{bi} \Big]
    $$

    with one vector $v_{i,j}$ of shape $[D]$ for each numeric field or categorical value $i$ present, and each
    field $j$ it may meet, $x_{bi}$ the value of a numeric field or 1, and the logit of shape $[B]$. The
    part in brackets is there with ``use_linear``; its weights start at zero.

    Args:
        vocabulary_sizes: number of values of each categorical field, length ``F``.
        num_dense: number ``n`` of numeric fields (default: 0).
        embedding_dim: width ``D`` of the vectors (default: 4).
        normalize: whether each example's values are scaled to length 1 (default: False).
        use_linear: whether there are a bias and first-order weights (default: False).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed of the vectors (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"dense": float [B, n], "sparse": int [B, F]}``: the logit ``[B]``.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> inputs = {"dense": tf.ones([2, 1]), "sparse": tf.constant([[2, 0], [1, 4]])}
        >>> for use_linear in (False, True):
        ...     model = FFM([3, 5], num_dense=1, use_linear=use_linear, seed=0)
        ...     print(model(inputs).shape, model.count_params())  # 9 · 3 · 4, and 9 + 1
        (2,) 108
        (2,) 118

    References:
        Juan et al., *Field-aware Factorization Machines for CTR Prediction*, RecSys 2016,
        https://doi.org/10.1145/2959100.2959134. The authors' libffm has no linear part and no bias either,
        normalizes each example (``normalize=True``), and takes AdaGrad steps one example at a time with
        sums of squares that start at 1 (`recnotes.oracles.ffm.libffm_step`); RecBole's FFM has first-order
        weights.
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int],
        num_dense: int = 0,
        embedding_dim: int = 4,
        normalize: bool = False,
        use_linear: bool = False,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        self.use_linear = bool(use_linear)
        self.embedding = FieldAwareEmbedding(
            vocabulary_sizes,
            num_dense,
            embedding_dim,
            normalize,
            field_names,
            seed,
            dtype=self.dtype_policy,
            name="embedding",
        )
        if self.use_linear:
            self.first_order = FeatureEmbedding(
                vocabulary_sizes, num_dense, 1, field_names, stddev=0.0, dtype="float32", name="first_order"
            )

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.embedding.build()
        if self.use_linear:
            self.first_order.build()
            self.bias = self.add_weight(
                name="bias", shape=(), initializer="zeros", dtype="float32", autocast=False
            )
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Adds up the pairs.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

        Returns:
            The logit ``[B]``.
        """
        e = self.embedding(inputs)  # [B, m, m, D]
        y = tf.cast(ffm_pairwise(e), tf.float32)  # [B]
        if not self.use_linear:
            return y
        w = self.first_order(inputs)  # [B, m, 1]
        return y + self.bias + tf.reduce_sum(w, axis=[1, 2])
