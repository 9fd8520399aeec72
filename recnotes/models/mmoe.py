"""MMoE: shared experts, mixed for each task by a gate of its own; OMoE: by one gate for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.mixture import MixtureOfExperts
from recnotes.models._config import constructor_arguments
from recnotes.models.multi_task import MultiTask


@keras.saving.register_keras_serializable("recnotes")
class MMoE(MultiTask):
    r"""Predicts several tasks from shared experts, which each task mixes by its own gate.

    $$
    y_k = h^k\big(f^k(x)\big), \qquad f^k(x) = \sum_{i=1}^{E} g^k(x)_i\, f_i(x), \qquad
    g^k(x) = \text{softmax}(W_{gk}\, x)
    $$

    with $x$ of shape $[B, n + FD]$, experts $f_i(x)$ of shape $[B, U]$, gates $g^k(x)$ of shape $[B, E]$ and,
    for each of $T$ tasks, a tower $h^k$ that ends in one linear unit, $y_k$ of shape $[B]$.

    Args:
        tasks: names of the tasks (default: ("task_1", "task_2")).
        num_experts: number ``E`` of experts (default: 8).
        expert_units: widths of an expert's layers, the last is ``U`` (default: (16,)).
        tower_units: widths of a tower's hidden layers (default: (8,)).
        activation: activation of all hidden layers (default: "relu").
        gate_bias: whether gates have a bias (default: False).
        shared_gate: whether all tasks use one gate, which makes the model OMoE (default: False).
        vocabulary_sizes: number of values of each categorical field, empty for none (default: ()).
        embedding_dim: width ``D`` of an embedding (default: 8).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"dense": [B, n], "sparse": [B, F]}``, either of which may be absent: a dict of task to
        logit ``[B]`` (a regression task: the value).

    Raises:
        ValueError: ``tasks`` is empty or repeats a name, or a size is not positive.

    Example:
        >>> model = MMoE(("click", "like"), num_experts=4, seed=0)
        >>> {task: out.shape.as_list() for task, out in model({"dense": tf.zeros([3, 5])}).items()}
        {'click': [3], 'like': [3]}

    References:
        Ma et al., *Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts*,
        KDD 2018, https://doi.org/10.1145/3219819.3220007. The defaults are its synthetic experiment. The
        authors published no code; drawbridge/keras-mmoe gives the gates a bias and initializes all experts as
        one kernel, shenweichen/DeepCTR starts all experts from one seed.
    """

    def __init__(
        self,
        tasks: Sequence[str] = ("task_1", "task_2"),
        num_experts: int = 8,
        expert_units: Sequence[int] = (16,),
        tower_units: Sequence[int] = (8,),
        activation: str = "relu",
        gate_bias: bool = False,
        shared_gate: bool = False,
        vocabulary_sizes: Sequence[int] = (),
        embedding_dim: int = 8,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(tasks, 1, vocabulary_sizes, embedding_dim, field_names, seed, **kwargs)
        self.config = constructor_arguments(locals())
        self.shared_gate = bool(shared_gate)
        self.mixture = MixtureOfExperts(
            num_experts,
            1 if shared_gate else len(tasks),
            expert_units,
            activation,
            gate_bias,
            *self.part_seeds,
            dtype=self.dtype_policy,
        )
        self.towers = self.make_towers(tower_units, activation)

    def build_parts(self, input_shape: Any) -> int:
        """Creates the weights of the experts and the gates.

        Args:
            input_shape: ``[B, n + FD]``.

        Returns:
            Width ``U`` of the mixtures.
        """
        self.mixture.build(input_shape)
        return self.mixture.hidden_units[-1]

    # --8<-- [start:call]
    def call(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Mixes the experts for each task and runs its tower on its mixture.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}`` or one of the two.

        Returns:
            Dict of task to logit ``[B]``.
        """
        f = self.mixture(self.features(inputs))  # [B, G, U]
        return self.run_towers([f[:, 0 if self.shared_gate else k] for k in range(len(self.tasks))])

    # --8<-- [end:call]

    def gates(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns how each task weighs the experts.

        Args:
            inputs: what the model is called on.

        Returns:
            Dict of task to gate ``[B, E]``, rows sum to 1.
        """
        g = self.mixture.gates(self.features(inputs))  # [B, G, E]
        return {task: g[:, 0 if self.shared_gate else k] for k, task in enumerate(self.tasks)}


@keras.saving.register_keras_serializable("recnotes")
class OMoE(MMoE):
    r"""Predicts several tasks from shared experts mixed by one gate: the paper's control for MMoE.

    $$
    y_k = h^k\Big(\sum_{i=1}^{E} g(x)_i\, f_i(x)\Big)
    $$

    with $x$ of shape $[B, n + FD]$, experts $f_i(x)$ of shape $[B, U]$, one gate $g(x)$ of shape $[B, E]$ for
    all tasks and $y_k$ of shape $[B]$. Only the towers tell the tasks apart.

    Args:
        *args: passed to `MMoE`.
        **kwargs: passed to `MMoE`, except ``shared_gate``, which is True.

    Returns:
        Called on features: a dict of task to logit ``[B]``.

    Raises:
        ValueError: see `MMoE`.

    Example:
        >>> model = OMoE(("click", "like"), num_experts=4, seed=0)
        >>> sorted(model({"dense": tf.zeros([3, 5])}))
        ['click', 'like']

    References:
        Ma et al., KDD 2018, https://doi.org/10.1145/3219819.3220007, figure 1 (b). The authors published no
        code.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "shared_gate": True})
