"""Cross layers with a matrix: full, of low rank, or a mixture of such, instead of one vector of weights."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class CrossNetworkV2(keras.layers.Layer):
    r"""The cross network of DCN-V2: a matrix a layer, which may have low rank or be a mixture of such.

    $$
    \begin{aligned}
    \text{full:} \quad & x_{l+1} = x_0 \odot (W_l x_l + b_l) + x_l \\
    \text{low rank:} \quad & x_{l+1} = x_0 \odot \big(U_l (V_l^T x_l) + b_l\big) + x_l \\
    \text{mixture:} \quad & x_{l+1} = \sum_{i=1}^{E} G_i(x_l) \;
        x_0 \odot \big(U_l^i \, g(C_l^i \, g(V_l^{iT} x_l)) + b_l\big) + x_l
    \end{aligned}
    $$

    with $x_l$ and $b_l$ of shape $[B, D]$ and $[D]$, $W_l$ of shape $[D, D]$, $U_l$ and $V_l$ of shape
    $[D, K]$, $C_l$ of shape $[K, K]$, and the gates $G(x_l) = \text{softmax}(H_l x_l)$ of shape $[B, E]$. All
    matrices start He-normal, as in the paper's experiments, the gates' Glorot-uniform, biases at zero.

    Args:
        num_layers: number ``L`` of layers, at least 1 (default: 2).
        rank: rank ``K`` of the matrices, ``None`` for full ones (default: None).
        num_experts: number ``E`` of experts of a mixture, which needs a ``rank``; ``None`` for no mixture
            (default: None).
        activation: nonlinearity ``g`` of the experts (default: "tanh").
        gate: "softmax" or "sigmoid" (default: "softmax").
        shared_gates: whether all layers have the same gates (default: False).
        seed: seed, from which each weight gets its own (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``[B, D]``: ``[B, D]``.

    Raises:
        ValueError: a number does not fit, or the input is not ``[B, D]``.

    Example:
        >>> x0 = tf.ones([2, 6])
        >>> full, low = CrossNetworkV2(1, seed=0), CrossNetworkV2(1, rank=2, seed=0)
        >>> mixture = CrossNetworkV2(1, rank=2, num_experts=3, seed=0)
        >>> [layer(x0).shape.as_list() for layer in (full, low, mixture)]
        [[2, 6], [2, 6], [2, 6]]
        >>> full.count_params(), low.count_params(), mixture.count_params()
        (42, 30, 108)

    References:
        Wang et al., *DCN V2: Improved Deep & Cross Network and Practical Lessons for Web-scale Learning to
        Rank Systems*, WWW 2021, https://arxiv.org/abs/2008.13535. DeepCTR and RecBole share the gates among
        the layers, which is ``shared_gates=True``.
    """

    def __init__(
        self,
        num_layers: int = 2,
        rank: int | None = None,
        num_experts: int | None = None,
        activation: str = "tanh",
        gate: str = "softmax",
        shared_gates: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("num_layers", num_layers), ("rank", rank), ("num_experts", num_experts)):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be positive, received {value!r}")
        if num_experts is not None and rank is None:
            raise ValueError(f"rank must be given with num_experts, received {rank!r}")
        if gate not in ("softmax", "sigmoid"):
            raise ValueError(f"gate must be 'softmax' or 'sigmoid', received {gate!r}")
        self.num_layers = int(num_layers)
        self.rank = rank
        self.num_experts = num_experts
        self.activation = activation
        self.gate = gate
        self.shared_gates = bool(shared_gates)
        self.seed = seed

    def build(self, input_shape: Any) -> None:
        """Creates the matrices and biases.

        Args:
            input_shape: ``[B, D]``.

        Raises:
            ValueError: the input is not ``[B, D]``.
        """
        if len(input_shape) != 2:
            raise ValueError(f"x0 must be [B, D], received {tuple(input_shape)}")
        D, K, E = input_shape[-1], self.rank, self.num_experts
        # Kernels are stored as Keras stores them, input width first: "v" maps D to K, "u" maps K to D.
        shapes: dict[str, tuple[Any, ...]] = {"w": (D, D)} if K is None else {"v": (D, K), "u": (K, D)}
        if E is not None:
            shapes = {"v": (D, K), "c": (K, K), "u": (K, D), "h": (D, E)}
        seeds = iter(child_seeds(self.seed, self.num_layers * len(shapes)))
        self.steps: list[dict[str, Any]] = []
        for i in range(self.num_layers):
            step = {"b": self.add_weight(name=f"b_{i}", shape=(D,), initializer="zeros")}
            for name, shape in shapes.items():
                seed = next(seeds)
                if name == "h" and self.shared_gates and i > 0:
                    step[name] = self.steps[0][name]
                    continue
                # Keras takes a stack's leading axis for a part of the fan-in: E times too much.
                he = keras.initializers.VarianceScaling(2.0 * (E or 1), "fan_in", seed=seed)
                glorot = keras.initializers.GlorotUniform(seed=seed)
                shape = shape if E is None or name == "h" else (E, *shape)
                start = glorot if name == "h" else he
                step[name] = self.add_weight(name=f"{name}_{i}", shape=shape, initializer=start)
            self.steps.append(step)
        self.built = True

    def call(self, x0: tf.Tensor) -> tf.Tensor:
        """Crosses the input with itself.

        Args:
            x0: ``[B, D]``.

        Returns:
            ``[B, D]``.
        """
        # --8<-- [start:cross_v2]
        xl = x0
        for p in self.steps:
            if self.num_experts is not None:
                xl = xl + x0 * self._mixture(xl, p)  # [B, D]
            elif self.rank is not None:
                xl = xl + x0 * (tf.matmul(tf.matmul(xl, p["v"]), p["u"]) + p["b"])  # [B, D]
            else:
                xl = xl + x0 * (tf.matmul(xl, p["w"]) + p["b"])  # [B, D]
        return xl
        # --8<-- [end:cross_v2]

    def _mixture(self, xl: tf.Tensor, p: dict[str, Any]) -> tf.Tensor:
        g = keras.activations.get(self.activation)
        squash = tf.nn.softmax if self.gate == "softmax" else tf.sigmoid
        gates = squash(tf.matmul(xl, p["h"]))  # [B, E]
        z = g(tf.einsum("bd,edk->bek", xl, tf.convert_to_tensor(p["v"])))  # [B, E, K]
        z = g(tf.einsum("bek,ekj->bej", z, tf.convert_to_tensor(p["c"])))  # [B, E, K]
        # The gates may scale the K numbers instead of the D: the last matrix is linear.
        y = tf.einsum("bek,ekd->bd", gates[:, :, tf.newaxis] * z, tf.convert_to_tensor(p["u"]))  # [B, D]
        return y + tf.reduce_sum(gates, axis=1, keepdims=True) * p["b"]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the input.

        Args:
            input_shape: ``[B, D]``.

        Returns:
            Shape of the output.
        """
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        names = ("num_layers", "rank", "num_experts", "activation", "gate", "shared_gates", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
