"""Mixture of experts: all experts side by side in one kernel a layer, all gates in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.experts import apply_experts, gate_weights, mix_experts
from recnotes.layers.stacked import Stacked
from recnotes.seeds import child_seeds


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
        gate_bias: whether gates have a bias (default: False).
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
        activation: str = "relu",
        gate_bias: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, count in (("num_experts", num_experts), ("num_gates", num_gates)):
            if count < 1:
                raise ValueError(f"{name} must be at least 1, received {count!r}")
        if not hidden_units or min(hidden_units) < 1:
            raise ValueError(f"hidden_units must be one or more positive widths, received {hidden_units!r}")
        self.num_experts, self.num_gates = num_experts, num_gates
        self.hidden_units = list(hidden_units)
        self.activation = keras.activations.get(activation)
        self.gate_bias = gate_bias
        self.seed = seed

    def build(self, input_shape: Any) -> None:
        """Creates one kernel and bias for every layer of the experts, and one kernel for all gates.

        Args:
            input_shape: ``[B, n]``.
        """
        E, G, widths = self.num_experts, self.num_gates, [input_shape[-1], *self.hidden_units]
        seeds = child_seeds(self.seed, len(widths))
        self.expert_kernels, self.expert_biases = [], []
        for i, (n, units) in enumerate(zip(widths, self.hidden_units, strict=False)):
            initializer = Stacked("glorot_uniform", seeds[i])
            kernel = self.add_weight((E, n, units), initializer, name=f"expert_kernel_{i}")
            self.expert_kernels.append(kernel)
            self.expert_biases.append(self.add_weight((E, units), "zeros", name=f"expert_bias_{i}"))
        initializer = Stacked("glorot_uniform", seeds[-1])
        self.gate_kernel = self.add_weight((G, widths[0], E), initializer, name="gate_kernel")
        self.gate_offset = self.add_weight((G, E), "zeros", name="gate_bias") if self.gate_bias else None
        self.built = True

    # --8<-- [start:call]
    def experts(self, x: tf.Tensor) -> tf.Tensor:
        """Runs every expert.

        Args:
            x: ``[B, n]``.

        Returns:
            ``[B, E, U]``.
        """
        x = self._cast(x)
        for kernel, bias in zip(self.expert_kernels, self.expert_biases, strict=True):
            x = self.activation(apply_experts(x, self._cast(kernel), self._cast(bias)))
        return x

    def gates(self, x: tf.Tensor) -> tf.Tensor:
        """Computes every gate's distribution.

        Args:
            x: ``[B, n]``.

        Returns:
            ``[B, G, E]``, rows sum to 1.
        """
        x = self._cast(x)
        bias = self._cast(self.gate_offset) if self.gate_bias else None
        return gate_weights(x, self._cast(self.gate_kernel), bias)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Mixes the experts for every gate.

        Args:
            x: ``[B, n]``.

        Returns:
            ``[B, G, U]``.
        """
        return mix_experts(self.gates(x), self.experts(x))

    # --8<-- [end:call]

    def _cast(self, values: Any) -> tf.Tensor:
        if not self.built:
            self.build(values.shape)
        return tf.cast(values, self.compute_dtype)  # outside of call nothing else does

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the mixtures.

        Args:
            input_shape: ``[B, n]``.

        Returns:
            ``[B, G, U]``.
        """
        return (input_shape[0], self.num_gates, self.hidden_units[-1])

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {
            **super().get_config(),
            "num_experts": self.num_experts,
            "num_gates": self.num_gates,
            "hidden_units": self.hidden_units,
            "activation": keras.activations.serialize(self.activation),
            "gate_bias": self.gate_bias,
            "seed": self.seed,
        }
