"""GMF: matrix factorization whose dot product weighs each factor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.field import FieldEmbedding
from recnotes.embedding.pair import pair_ids
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class GMF(RowWeights):
    r"""Multiplies the vectors of user and item factor by factor and adds the products up with weights.

    $$
    \text{logit}_b = h^T (p_{u_b} \odot q_{i_b})
    $$

    with the vectors of the users $p$ of shape $[N_u, D]$ and of the items $q$ of shape $[N_i, D]$, the
    weights $h$ of shape $[D]$ and the logit of shape $[B]$. With $h = 1$ it is the dot product of matrix
    factorization. Vectors start normal with a standard deviation of 0.01 and $h$ LeCun-uniform, both as in
    the authors' code.

    Args:
        num_users: number of users; ids count from 0.
        num_items: number of items; ids count from 0.
        embedding_dim: width ``D`` of the vectors (default: 8).
        use_bias: whether a bias is added, as in the authors' code; the paper's equation has none
            (default: False).
        embedding_stddev: standard deviation of the vectors at the start (default: 0.01).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"user": int [B], "item": int [B]}``: the logit ``[B]``.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> model = GMF(num_users=6, num_items=9, embedding_dim=4, seed=0)
        >>> inputs = {"user": tf.constant([0, 5, 5]), "item": tf.constant([8, 8, 1])}
        >>> model(inputs).shape.as_list(), model.count_params()  # (6 + 9) · 4 + 4
        ([3], 64)

    References:
        He et al., *Neural Collaborative Filtering*, WWW 2017, https://arxiv.org/abs/1708.05031, equations 8
        and 9; authors' code https://github.com/hexiangnan/neural_collaborative_filtering, which adds a bias.
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        embedding_dim: int = 8,
        use_bias: bool = False,
        embedding_stddev: float = 0.01,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if embedding_dim < 1:
            raise ValueError(f"embedding_dim must be positive, received {embedding_dim!r}")
        self.config = constructor_arguments(locals())
        self.use_bias = bool(use_bias)
        self.seed = seed
        seeds = child_seeds(seed, 2)
        self.embedding = FieldEmbedding(
            (num_users, num_items),
            embedding_dim,
            ("user", "item"),
            embedding_stddev,
            seeds[0],
            dtype=self.dtype_policy,
            name="embedding",
        )
        self.h = keras.layers.Dense(
            1,
            use_bias=self.use_bias,
            kernel_initializer=keras.initializers.LecunUniform(seeds[1]),
            dtype=self.dtype_policy,
            name="h",
        )

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.embedding.build()
        self.h.build((None, self.embedding.width))
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Multiplies and adds up.

        Args:
            inputs: ``{"user": [B], "item": [B]}``.

        Returns:
            The logit ``[B]``.
        """
        # --8<-- [start:call]
        p, q = tf.unstack(self.embedding(pair_ids(inputs)), axis=1)
        phi = p * q  # [B, D]
        return tf.cast(self.h(phi)[:, 0], tf.float32)
        # --8<-- [end:call]
