"""NCF's MLP: a network reads the vectors of user and item side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.field import FieldEmbedding
from recnotes.embedding.pair import pair_ids
from recnotes.layers.mlp import MLP
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class NCFMLP(RowWeights):
    r"""Lets a network find out how a user and an item fit, in place of a product.

    $$
    a^{(0)} = [p_{u_b}, q_{i_b}], \qquad
    a^{(l+1)} = \max\big(0, W^{(l)} a^{(l)} + b^{(l)}\big), \qquad \text{logit}_b = h^T a^{(H)}
    $$

    with the vectors of the users $p$ of shape $[N_u, D]$ and of the items $q$ of shape $[N_i, D]$, the
    network's input of shape $[B, 2D]$, $W^{(l)}$ of shape $[U_{l+1}, U_l]$, $b^{(l)}$ of shape $[U_{l+1}]$,
    $h$ of shape $[U_H]$ and the logit of shape $[B]$. The tower halves at each layer; the last width is what
    the paper calls predictive factors. Vectors start normal with a standard deviation of 0.01 and $h$
    LeCun-uniform, both as in the authors' code, hidden layers Glorot-uniform.

    Args:
        num_users: number of users; ids count from 0.
        num_items: number of items; ids count from 0.
        embedding_dim: width ``D`` of the vectors (default: 32).
        hidden_units: widths of the hidden layers (default: (32, 16, 8)).
        activation: activation of the hidden layers (default: "relu").
        use_bias: whether the output layer has a bias, as in the authors' code; the paper's equation has none
            (default: False).
        embedding_stddev: standard deviation of the vectors at the start (default: 0.01).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"user": int [B], "item": int [B]}``: the logit ``[B]``.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> model = NCFMLP(num_users=6, num_items=9, embedding_dim=4, hidden_units=[8], seed=0)
        >>> inputs = {"user": tf.constant([0, 5, 5]), "item": tf.constant([8, 8, 1])}
        >>> model(inputs).shape.as_list(), model.count_params()  # (6 + 9) · 4 + 8 · 8 + 8 + 8
        ([3], 140)

    References:
        He et al., *Neural Collaborative Filtering*, WWW 2017, https://arxiv.org/abs/1708.05031, equation 10;
        authors' code https://github.com/hexiangnan/neural_collaborative_filtering, which adds a bias. It
        writes these sizes as ``layers = [64, 32, 16, 8]``: the first is that of both vectors together.
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        embedding_dim: int = 32,
        hidden_units: Sequence[int] = (32, 16, 8),
        activation: str = "relu",
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
        seeds = child_seeds(seed, 3)
        self.embedding = FieldEmbedding(
            (num_users, num_items),
            embedding_dim,
            ("user", "item"),
            embedding_stddev,
            seeds[0],
            dtype=self.dtype_policy,
            name="embedding",
        )
        self.mlp = MLP(
            hidden_units, activation=activation, seed=seeds[1], dtype=self.dtype_policy, name="mlp"
        )
        self.h = keras.layers.Dense(
            1,
            use_bias=self.use_bias,
            kernel_initializer=keras.initializers.LecunUniform(seeds[2]),
            dtype=self.dtype_policy,
            name="h",
        )

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.embedding.build()
        widths = [2 * self.embedding.width, *self.mlp.hidden_units]
        self.mlp.build((None, widths[0]))
        self.h.build((None, widths[-1]))
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Runs the network.

        Args:
            inputs: ``{"user": [B], "item": [B]}``.

        Returns:
            The logit ``[B]``.
        """
        # --8<-- [start:call]
        p, q = tf.unstack(self.embedding(pair_ids(inputs)), axis=1)
        a0 = tf.concat([p, q], axis=1)  # [B, 2*D]
        return tf.cast(self.h(self.mlp(a0))[:, 0], tf.float32)
        # --8<-- [end:call]
