"""PNN: a network whose first layer reads the products of all pairs of fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.feature import FeatureEmbedding
from recnotes.layers.mlp import MLP
from recnotes.layers.product_layer import ProductLayer
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class PNN(RowWeights):
    r"""Embeds the fields, multiplies them in pairs, and runs a network on vectors and products.

    $$
    a_b = \sigma(W_z z_b + W_p \, p_b + c), \qquad \text{logit}_b = \text{MLP}(a_b), \qquad
    z_b = [e_{b1}; \dots; e_{bm}]
    $$

    with $e_{bi}$ of shape $[D]$ the vector of field $i$ times its value (1 for a categorical field),
    $m = n + F$ fields, $W_z$ of shape $[U, mD]$, $c$ and $a_b$ of shape $[U]$, the logit of shape $[B]$ and
    the products $p_b$ of the vectors, by default all $\langle e_{bi}, e_{bj} \rangle$, side by side.

    Args:
        vocabulary_sizes: number of values of each categorical field, length ``F``.
        num_dense: number ``n`` of numeric fields (default: 0).
        embedding_dim: width ``D`` of the vectors (default: 10).
        hidden_units: widths of the hidden layers; the first is that of the product layer (default: (500,)).
        product: what is computed of the pairs: ``"inner"`` ($\langle e_i, e_j \rangle$), ``"factorized"``
            (the same with a matrix of rank one for each unit), ``"outer"`` (the sum of all $e_i e_j^T$),
            ``"outer_full"`` (all of them), ``"kernel"`` ($e_i^T K_{ij} e_j$) or ``"none"``, a network on the
            embeddings alone (default: "inner").
        pairs: ``"all"`` $i$ and $j$, or those ``"above"`` the diagonal, $i < j$; for ``"inner"`` alone
            (default: "all").
        kernel_type: kernel of a pair, ``"mat"``, ``"vec"`` or ``"num"``; for ``"kernel"`` alone
            (default: "mat").
        activation: activation of the hidden layers (default: "relu").
        dropout: share of the hidden units dropped in training (default: 0.0).
        embedding_stddev: standard deviation of the vectors at the start (default: 0.01).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"dense": float [B, n], "sparse": int [B, F]}``: the logit ``[B]``.

    Raises:
        ValueError: a size does not fit, an input is missing, or an id is out of range (eagerly).

    Example:
        >>> model = PNN([3, 5], num_dense=1, embedding_dim=4, hidden_units=[6], seed=0)
        >>> inputs = {"dense": tf.ones([2, 1]), "sparse": tf.constant([[2, 0], [1, 4]])}
        >>> model(inputs).shape.as_list(), model.count_params()  # 9 · 4 + 12 · 6 + 6 + 9 · 6 + 6 + 1
        ([2], 175)

    References:
        Qu et al., *Product-based Neural Networks for User Response Prediction*, ICDM 2016,
        https://arxiv.org/abs/1611.00144. The authors' repository (Atomu2014/product-nets, commit f0ba274)
        says that it has removed the paper's shortcuts, factorization and superposition: its ``PNN1`` is
        ``pairs="above"``, its ``PNN2`` is ``product="kernel"``. Widths, activation and dropout are those of
        its demo.
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int],
        num_dense: int = 0,
        embedding_dim: int = 10,
        hidden_units: Sequence[int] = (500,),
        product: str = "inner",
        pairs: str = "all",
        kernel_type: str = "mat",
        activation: str = "relu",
        dropout: float = 0.0,
        embedding_stddev: float = 0.01,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        if embedding_dim < 1 or not hidden_units:
            sizes = f"{embedding_dim!r} and {hidden_units!r}"
            raise ValueError(f"embedding_dim must be positive and hidden_units not empty, received {sizes}")
        seeds, policy = child_seeds(seed, 4), self.dtype_policy
        self.embedding = FeatureEmbedding(
            vocabulary_sizes, num_dense, embedding_dim, field_names, embedding_stddev, seeds[0], dtype=policy
        )
        first, *others = hidden_units
        self.product = ProductLayer(first, product, pairs, kernel_type, seeds[1], dtype=policy)
        self.act = keras.activations.get(activation)
        self.drop = keras.layers.Dropout(dropout, seed=seeds[2], dtype=policy)
        self.dnn = MLP(others, 1, activation, dropout, seed=seeds[3], dtype=policy)

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.embedding.build()
        num_fields = self.embedding.num_dense + len(self.embedding.fields.vocabulary_sizes)
        self.product.build((None, num_fields, self.embedding.width))
        self.dnn.build((None, self.product.units))
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Embeds, multiplies and scores.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}``.
            training: whether dropout is on (default: False).

        Returns:
            The logit ``[B]``.
        """
        # --8<-- [start:call]
        e = self.embedding(inputs)  # [B, m, D]
        a = self.drop(self.act(self.product(e)), training=training)  # [B, U]
        y = tf.cast(self.dnn(a, training=training)[:, 0], tf.float32)  # [B]
        return y
        # --8<-- [end:call]
