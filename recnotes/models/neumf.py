"""NeuMF: GMF and NCF's MLP, each with its own vectors, under one output layer."""

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
class NeuMF(RowWeights):
    r"""Puts the factor-wise product of one pair of vectors beside a network over another pair.

    $$
    \text{logit}_b = h^T \big[\phi^{GMF}_b, \phi^{MLP}_b\big], \qquad
    \phi^{GMF}_b = p_{u_b} \odot q_{i_b}, \qquad
    \phi^{MLP}_b = \text{MLP}\big([p'_{u_b}, q'_{i_b}]\big)
    $$

    with $p$ of shape $[N_u, D]$, $q$ of shape $[N_i, D]$, $p'$ of shape $[N_u, E]$, $q'$ of shape
    $[N_i, E]$, the last hidden layer $\phi^{MLP}$ of shape $[B, U]$, $h$ of shape $[D + U]$ and the logit of
    shape $[B]$. The two halves share no vectors, so that each may have its best width. Vectors start normal
    with a standard deviation of 0.01 and $h$ LeCun-uniform, both as in the authors' code, hidden layers
    Glorot-uniform; `from_pretrained` starts from a trained `GMF` and a trained `NCFMLP`.

    Args:
        num_users: number of users; ids count from 0.
        num_items: number of items; ids count from 0.
        gmf_dim: width ``D`` of the vectors that are multiplied (default: 8).
        mlp_dim: width ``E`` of the vectors the network reads (default: 32).
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
        >>> model = NeuMF(num_users=6, num_items=9, gmf_dim=2, mlp_dim=4, hidden_units=[8], seed=0)
        >>> inputs = {"user": tf.constant([0, 5, 5]), "item": tf.constant([8, 8, 1])}
        >>> model(inputs).shape.as_list(), model.count_params()  # 15 · (2 + 4) + 8 · 8 + 8 + 2 + 8
        ([3], 172)

    References:
        He et al., *Neural Collaborative Filtering*, WWW 2017, https://arxiv.org/abs/1708.05031, section 3.4;
        authors' code https://github.com/hexiangnan/neural_collaborative_filtering, which adds a bias.
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        gmf_dim: int = 8,
        mlp_dim: int = 32,
        hidden_units: Sequence[int] = (32, 16, 8),
        activation: str = "relu",
        use_bias: bool = False,
        embedding_stddev: float = 0.01,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min(gmf_dim, mlp_dim) < 1:
            raise ValueError(f"gmf_dim and mlp_dim must be positive, received {gmf_dim!r} and {mlp_dim!r}")
        self.config = constructor_arguments(locals())
        self.use_bias = bool(use_bias)
        self.seed = seed
        seeds = child_seeds(seed, 4)
        self.gmf_embedding, self.mlp_embedding = (
            FieldEmbedding(
                (num_users, num_items),
                width,
                ("user", "item"),
                embedding_stddev,
                part_seed,
                dtype=self.dtype_policy,
                name=name,
            )
            for width, part_seed, name in (
                (gmf_dim, seeds[0], "gmf_embedding"),
                (mlp_dim, seeds[1], "mlp_embedding"),
            )
        )
        self.mlp = MLP(
            hidden_units, activation=activation, seed=seeds[2], dtype=self.dtype_policy, name="mlp"
        )
        self.h = keras.layers.Dense(
            1,
            use_bias=self.use_bias,
            kernel_initializer=keras.initializers.LecunUniform(seeds[3]),
            dtype=self.dtype_policy,
            name="h",
        )

    # --8<-- [start:pretrained]
    @classmethod
    def from_pretrained(cls, gmf: Any, mlp: Any, alpha: float = 0.5, **kwargs: Any) -> NeuMF:
        r"""Starts from a trained GMF and a trained MLP.

        $$
        h = \big[\alpha\, h^{GMF}, (1 - \alpha)\, h^{MLP}\big], \qquad
        c = \alpha\, c^{GMF} + (1 - \alpha)\, c^{MLP}
        $$

        with the output layers' weights $h$ and their biases $c$, 0 where a part has none. Vectors and hidden
        layers are copied, so the logit is $\alpha$ times that of the GMF plus $1-\alpha$ times that of the
        MLP. The paper writes down $h$ only; the authors' code fixes $\alpha = 0.5$ and adds the two biases,
        halved as well.

        Args:
            gmf: a built `recnotes.models.GMF`.
            mlp: a built `recnotes.models.NCFMLP` of the same users and items.
            alpha: share of the GMF, in [0, 1] (default: 0.5).
            **kwargs: further arguments of the constructor, such as ``seed``.

        Returns:
            A built model; nothing in it is random.

        Raises:
            ValueError: ``alpha`` is not in [0, 1], a part is not built or not of its kind, or the parts count
                users or items differently.
        """
        if not 0 <= alpha <= 1:
            raise ValueError(f"alpha must be in [0, 1], received {alpha!r}")
        for name, part, kind in (("gmf", gmf, "GMF"), ("mlp", mlp, "NCFMLP")):
            if type(part).__name__ != kind or not part.built:
                raise ValueError(f"{name} must be a built {kind}, received {part!r}")
        sizes, others = gmf.embedding.vocabulary_sizes, mlp.embedding.vocabulary_sizes
        if sizes != others:
            raise ValueError(f"gmf and mlp must have the same users and items, received {sizes}, {others}")
        model = cls(
            sizes[0],
            sizes[1],
            gmf_dim=gmf.embedding.width,
            mlp_dim=mlp.embedding.width,
            hidden_units=mlp.mlp.hidden_units,
            activation=mlp.mlp.activation,
            use_bias=gmf.use_bias or mlp.use_bias,
            **kwargs,
        )
        model.build()
        model.gmf_embedding.table.assign(gmf.embedding.table)
        model.mlp_embedding.table.assign(mlp.embedding.table)
        model.mlp.set_weights(mlp.mlp.get_weights())
        model.h.kernel.assign(tf.concat([alpha * gmf.h.kernel, (1 - alpha) * mlp.h.kernel], axis=0))
        for part, share in ((gmf, alpha), (mlp, 1 - alpha)):
            if part.use_bias:
                model.h.bias.assign_add(share * part.h.bias)
        return model

    # --8<-- [end:pretrained]

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.gmf_embedding.build()
        self.mlp_embedding.build()
        widths = [2 * self.mlp_embedding.width, *self.mlp.hidden_units]
        self.mlp.build((None, widths[0]))
        self.h.build((None, self.gmf_embedding.width + widths[-1]))
        self.built = True

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Runs both halves.

        Args:
            inputs: ``{"user": [B], "item": [B]}``.

        Returns:
            The logit ``[B]``.
        """
        # --8<-- [start:call]
        ids = pair_ids(inputs)  # [B, 2]
        p, q = tf.unstack(self.gmf_embedding(ids), axis=1)
        a0 = tf.concat(tf.unstack(self.mlp_embedding(ids), axis=1), axis=1)  # [B, 2*E]
        phi = tf.concat([p * q, self.mlp(a0)], axis=1)  # [B, D+U]
        return tf.cast(self.h(phi)[:, 0], tf.float32)
        # --8<-- [end:call]
