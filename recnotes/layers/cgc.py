"""Customized gate control: experts of each task and shared ones, mixed by a gate for each task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.dense import glorot_dense
from recnotes.layers.mlp import MLP
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class CGC(keras.layers.Layer):
    r"""One level of PLE: task $k$ mixes its own experts and the shared ones; a shared gate mixes all.

    $$
    o^k = \sum_i g^k_i S^k_i, \qquad g^k = \text{softmax}(W_g^k x^k), \qquad
    S^k = [E_{k,1}, \dots, E_{k,m_k}, E_{s,1}, \dots, E_{s,m_s}]
    $$

    with the inputs $x^k$ of shape $[B, n]$, $m_k$ experts $E_{k,i}(x^k)$ of a task and $m_s$ shared experts
    $E_{s,i}(x^s)$ of shape $[B, U]$ each, $W_g^k$ of shape $[m_k + m_s, n]$, the gates $g^k$ of shape $[B,
    m_k + m_s]$ and the outputs $o^k$ of shape $[B, U]$. The shared gate $g^s$, which reads $x^s$, attends to
    the experts of all tasks and the shared ones.

    Args:
        num_tasks: number of tasks.
        num_specific: experts of each task (default: 2).
        num_shared: shared experts (default: 1).
        hidden_units: widths of an expert's layers, the last is ``U`` (default: (16,)).
        activation: activation of the experts (default: "relu").
        shared_gate: whether a shared output follows those of the tasks (default: False).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on a list of inputs ``[B, n]``, one a task and the shared one last: a list of ``[B, U]``, one a
        task and, with ``shared_gate``, the shared one last.

    Raises:
        ValueError: a count is too small, ``hidden_units`` is empty, or the number of inputs does not fit.

    Example:
        >>> outputs = CGC(num_tasks=2, seed=0)([tf.ones([3, 5])] * 3)
        >>> [o.shape.as_list() for o in outputs]
        [[3, 16], [3, 16]]

    References:
        Tang et al., *Progressive Layered Extraction (PLE)*, RecSys 2020,
        https://doi.org/10.1145/3383313.3412236, equations 1 to 3. The authors published no code. FuxiCTR's
        shared gate mixes the shared experts only.
    """

    def __init__(
        self,
        num_tasks: int,
        num_specific: int = 2,
        num_shared: int = 1,
        hidden_units: Sequence[int] = (16,),
        activation: str = "relu",
        shared_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, count, least in (
            ("num_tasks", num_tasks, 1),
            ("num_specific", num_specific, 0 if num_shared else 1),
            ("num_shared", num_shared, 0),
        ):
            if count < least:
                raise ValueError(f"{name} must be at least {least}, received {count!r}")
        if not hidden_units:
            raise ValueError(f"hidden_units must not be empty, received {hidden_units!r}")
        self.num_tasks, self.num_specific, self.num_shared = num_tasks, num_specific, num_shared
        self.hidden_units = list(hidden_units)
        self.activation = activation
        self.shared_gate = shared_gate
        self.seed = seed
        counts = [num_specific] * num_tasks + [num_shared]
        num_gates = num_tasks + bool(shared_gate)
        read = [num_specific + num_shared] * num_tasks + [sum(counts)]  # experts that each gate mixes
        seeds = child_seeds(seed, sum(counts) + num_gates)
        policy = self.dtype_policy
        self.experts = [MLP(hidden_units, None, activation, seed=s, dtype=policy) for s in seeds[num_gates:]]
        self.gates = [
            glorot_dense(width, s, use_bias=False, dtype=policy)
            for width, s in zip(read, seeds[:num_gates], strict=False)
        ]

    def build(self, input_shape: Any) -> None:
        """Creates the weights.

        Args:
            input_shape: list of the inputs' shapes.

        Raises:
            ValueError: there is not one input a task and a shared one.
        """
        if len(input_shape) != self.num_tasks + 1:
            raise ValueError(f"inputs must be {self.num_tasks + 1} tensors, received {len(input_shape)}")
        for i, expert in enumerate(self.experts):
            own = i < self.num_specific * self.num_tasks
            expert.build(input_shape[i // self.num_specific if own else -1])
        for gate, shape in zip(self.gates, input_shape, strict=False):
            gate.build(shape)
        self.built = True

    # --8<-- [start:call]
    def call(self, inputs: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Runs the experts and mixes them for every gate.

        Args:
            inputs: list of ``[B, n]``, the shared one last.

        Returns:
            List of ``[B, U]``.
        """
        m, tasks = self.num_specific, self.num_tasks
        sources = [x for x in inputs[:-1] for _ in range(m)] + [inputs[-1]] * self.num_shared
        experts = [expert(x) for expert, x in zip(self.experts, sources, strict=True)]
        shared = experts[m * tasks :]
        outputs = []
        for k, gate in enumerate(self.gates):
            mixed = experts[m * k : m * (k + 1)] + shared if k < tasks else experts
            g = tf.nn.softmax(gate(inputs[k]))
            outputs.append(tf.einsum("be,beu->bu", g, tf.stack(mixed, axis=1)))
        return outputs

    # --8<-- [end:call]

    def compute_output_shape(self, input_shape: Any) -> list[tuple[int | None, ...]]:
        """Returns ``[B, U]`` for each output.

        Args:
            input_shape: list of the inputs' shapes.

        Returns:
            List of shapes.
        """
        return [(input_shape[0][0], self.hidden_units[-1])] * len(self.gates)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {
            **super().get_config(),
            "num_tasks": self.num_tasks,
            "num_specific": self.num_specific,
            "num_shared": self.num_shared,
            "hidden_units": self.hidden_units,
            "activation": self.activation,
            "shared_gate": self.shared_gate,
            "seed": self.seed,
        }
