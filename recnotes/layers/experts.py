"""Experts that share an input, and the gates that mix them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.seeds import child_seeds


def apply_experts(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor | None = None) -> tf.Tensor:
    r"""Runs one linear layer of every expert in a single product.

    $$
    o_{bi} = x_b W_i + b_i \quad\text{or}\quad o_{bi} = x_{bi} W_i + b_i
    $$

    with $W_i$ ``[n, U]`` and $b_i$ ``[U]`` the weights of expert $i$ of $E$.

    Args:
        x: ``[B, n]``, one input for all experts, or ``[B, E, n]``, one for each.
        kernel: ``[E, n, U]``.
        bias: ``[E, U]``, or None to add nothing (default: None).

    Returns:
        ``[B, E, U]``.

    Example:
        >>> apply_experts(tf.ones([2, 3]), tf.ones([5, 3, 4])).shape
        TensorShape([2, 5, 4])
    """
    # --8<-- [start:apply]
    if len(x.shape) == 2:
        out = tf.einsum("bn,enu->beu", x, kernel)  # [B, E, U]
    else:
        out = tf.einsum("ben,enu->beu", x, kernel)  # [B, E, U]
    return out if bias is None else out + bias
    # --8<-- [end:apply]


def gate_weights(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor | None = None) -> tf.Tensor:
    r"""Computes every gate's distribution over the experts.

    $$
    g^k(x) = \mathrm{softmax}(W_{gk}\,x)
    $$

    with $W_{gk}^\top$ ``[n, E]`` the kernel of gate $k$ of $G$.

    Args:
        x: ``[B, n]``.
        kernel: ``[G, n, E]``.
        bias: ``[G, E]``, or None, as in the paper (default: None).

    Returns:
        ``[B, G, E]``; each row is positive and sums to 1.

    Example:
        >>> gate_weights(tf.zeros([1, 3]), tf.ones([2, 3, 4])).numpy().tolist()
        [[[0.25, 0.25, 0.25, 0.25], [0.25, 0.25, 0.25, 0.25]]]
    """
    # --8<-- [start:gate]
    logits = tf.einsum("bn,gne->bge", x, kernel)  # [B, G, E]
    return tf.nn.softmax(logits if bias is None else logits + bias, axis=-1)
    # --8<-- [end:gate]


def mix_experts(gates: tf.Tensor, experts: tf.Tensor) -> tf.Tensor:
    r"""Mixes the experts once for every gate.

    $$
    f^k(x) = \sum_{i=1}^{E} g^k(x)_i\,f_i(x)
    $$

    with $g^k(x)$ ``[E]`` and $f_i(x)$ ``[U]``.

    Args:
        gates: ``[B, G, E]``.
        experts: ``[B, E, U]``.

    Returns:
        ``[B, G, U]``.

    Example:
        >>> experts = tf.constant([[[1.0], [3.0]]])
        >>> mix_experts(tf.constant([[[1.0, 0.0], [0.5, 0.5]]]), experts).numpy().tolist()
        [[[1.0], [2.0]]]
    """
    # --8<-- [start:mix]
    return tf.einsum("bge,beu->bgu", gates, experts)
    # --8<-- [end:mix]


# --8<-- [start:stacked]
@keras.saving.register_keras_serializable("recnotes")
class Stacked(keras.initializers.Initializer):
    """Draws each matrix of a stack by itself.

    An initializer that scales by fan-in takes all leading axes of a kernel for the receptive field of a
    convolution: on ``[E, n, U]`` it sees a fan-in of E·n and draws weights too small by the root of E.
    Here every expert's ``[n, U]`` is drawn alone, with its own seed.

    Args:
        initializer: what draws one matrix: a name, a configuration or an initializer.
        seed: decides all draws; None takes a fresh seed a matrix (default: None).

    Returns:
        Called with a shape ``[E, n, U]``: the stack.

    Example:
        >>> kernel = Stacked("glorot_normal", seed=0)((8, 100, 16))
        >>> kernel.shape, bool(tf.reduce_any(kernel[0] == kernel[1]))
        (TensorShape([8, 100, 16]), False)
    """

    def __init__(self, initializer: Any, seed: int | None = None) -> None:
        self.initializer = keras.initializers.get(initializer)
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> tf.Tensor:
        """Draws the stack."""
        config = self.initializer.get_config()
        draws = []
        for seed in child_seeds(self.seed, shape[0]):
            one = self.initializer
            if "seed" in config:  # a shared seed would make every expert the same expert
                one = type(one).from_config({**config, "seed": seed})
            draws.append(tf.convert_to_tensor(one(tuple(shape[1:]), dtype=dtype)))
        return tf.stack(draws)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds this initializer."""
        return {"initializer": keras.initializers.serialize(self.initializer), "seed": self.seed}


# --8<-- [end:stacked]


@keras.saving.register_keras_serializable("recnotes")
class MixtureOfExperts(keras.layers.Layer):
    r"""Mixes a set of shared experts once for every gate.

    $$
    f^k(x) = \sum_{i=1}^{E} g^k(x)_i\,f_i(x), \qquad g^k(x) = \mathrm{softmax}(W_{gk}\,x)
    $$

    with $x$ ``[B, n]``, expert outputs $f_i(x)$ ``[B, U]``, gates $g^k(x)$ ``[B, E]``. With as many gates as
    tasks this is the MMoE layer; with one gate it is the layer of OMoE; with one expert the gates are all 1.

    Args:
        num_experts: $E$.
        num_gates: $G$.
        hidden_units: widths of an expert's layers; the last is $U$ (default: (16,)).
        activation: activation of every expert layer (default: "relu").
        use_bias: whether expert layers have a bias (default: True).
        gate_bias: whether gates have a bias (default: False).
        kernel_initializer: what draws one expert's or one gate's matrix; its own seed is replaced
            (default: "glorot_uniform").
        seed: decides all weights; None draws fresh seeds (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        ``[B, G, U]``.

    Raises:
        ValueError: if a count or a width is not positive, or ``hidden_units`` is empty.

    Example:
        >>> layer = MixtureOfExperts(num_experts=4, num_gates=2, hidden_units=(8,))
        >>> layer(tf.zeros([3, 5])).shape, layer.gates(tf.zeros([3, 5])).shape
        (TensorShape([3, 2, 8]), TensorShape([3, 2, 4]))

    References:
        Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts",
        KDD 2018, https://doi.org/10.1145/3219819.3220007. The authors published no code.
        github.com/drawbridge/keras-mmoe adds a bias to the gates and initializes a 3-D kernel whole (four
        times too small at 16 units); github.com/shenweichen/DeepCTR gives all experts one seed.
    """

    def __init__(
        self,
        num_experts: int,
        num_gates: int,
        hidden_units: Sequence[int] = (16,),
        activation: Any = "relu",
        use_bias: bool = True,
        gate_bias: bool = False,
        kernel_initializer: Any = "glorot_uniform",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_experts < 1:
            raise ValueError(f"num_experts must be at least 1, received {num_experts!r}")
        if num_gates < 1:
            raise ValueError(f"num_gates must be at least 1, received {num_gates!r}")
        if not hidden_units or min(hidden_units) < 1:
            raise ValueError(f"hidden_units must be one or more positive widths, received {hidden_units!r}")
        self.num_experts = num_experts
        self.num_gates = num_gates
        self.hidden_units = tuple(hidden_units)
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.gate_bias = gate_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.seed = seed

    def build(self, input_shape: Any) -> None:
        """Creates one stacked kernel (and bias) an expert layer, and one for all gates."""
        width, E = int(input_shape[-1]), self.num_experts
        *layer_seeds, gate_seed = child_seeds(self.seed, len(self.hidden_units) + 1)
        self.expert_kernels, self.expert_biases = [], []
        for index, (units, seed) in enumerate(zip(self.hidden_units, layer_seeds, strict=True)):
            initializer = Stacked(self.kernel_initializer, seed)
            self.expert_kernels.append(
                self.add_weight((E, width, units), initializer, name=f"expert_kernel_{index}")
            )
            if self.use_bias:
                self.expert_biases.append(self.add_weight((E, units), "zeros", name=f"expert_bias_{index}"))
            width = units
        self.gate_kernel = self.add_weight(
            (self.num_gates, int(input_shape[-1]), E),
            Stacked(self.kernel_initializer, gate_seed),
            name="gate_kernel",
        )
        self.gate_offset = None
        if self.gate_bias:
            self.gate_offset = self.add_weight((self.num_gates, E), "zeros", name="gate_bias")
        self.built = True

    # --8<-- [start:call]
    def experts(self, x: tf.Tensor) -> tf.Tensor:
        """Runs every expert.

        Args:
            x: ``[B, n]``.

        Returns:
            ``[B, E, U]``.
        """
        x = self._prepared(x)
        for index, kernel in enumerate(self.expert_kernels):
            bias = self._prepared(self.expert_biases[index]) if self.use_bias else None
            x = self.activation(apply_experts(x, self._prepared(kernel), bias))
        return x

    def gates(self, x: tf.Tensor) -> tf.Tensor:
        """Computes every gate's distribution.

        Args:
            x: ``[B, n]``.

        Returns:
            ``[B, G, E]``, rows sum to 1.
        """
        x = self._prepared(x)
        bias = self._prepared(self.gate_offset) if self.gate_bias else None
        return gate_weights(x, self._prepared(self.gate_kernel), bias)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Mixes the experts for every gate."""
        return mix_experts(self.gates(x), self.experts(x))

    # --8<-- [end:call]

    def _prepared(self, values: Any) -> tf.Tensor:
        if not self.built:
            self.build(values.shape)
        return tf.cast(tf.convert_to_tensor(values), self.compute_dtype)  # outside call nothing else does

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns `(B, G, U)`."""
        return (input_shape[0], self.num_gates, self.hidden_units[-1])

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds this layer."""
        return {
            **super().get_config(),
            "num_experts": self.num_experts,
            "num_gates": self.num_gates,
            "hidden_units": list(self.hidden_units),
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "gate_bias": self.gate_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "seed": self.seed,
        }
