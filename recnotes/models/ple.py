"""PLE: levels of experts, some of a task's own and some shared, with separate gates at each level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.cgc import CGC
from recnotes.models._config import constructor_arguments
from recnotes.models.multi_task import MultiTask


@keras.saving.register_keras_serializable("recnotes")
class PLE(MultiTask):
    r"""Predicts several tasks from levels of `CGC`; with one level it is the paper's CGC model.

    $$
    y_k = h^k(o^{k,J}), \qquad o^{\cdot,j} = \text{CGC}^j\big(o^{\cdot,j-1}\big), \quad o^{\cdot,0} = x
    $$

    with $x$ of shape $[B, n + FD]$, the outputs $o^{k,j}$ of level $j$ of $J$ of shape $[B, U]$ and, for each
    task, a tower $h^k$ that ends in one linear unit, $y_k$ of shape $[B]$. All levels but the last have a
    shared gate.

    Args:
        tasks: names of the tasks (default: ("task_1", "task_2")).
        num_levels: number of levels (default: 2).
        num_specific: experts of each task at each level (default: 2).
        num_shared: shared experts at each level, positive if there are two levels or more (default: 1).
        expert_units: widths of an expert's layers, the last is ``U`` (default: (16,)).
        tower_units: widths of a tower's hidden layers (default: (8,)).
        activation: activation of all hidden layers (default: "relu").
        vocabulary_sizes: number of values of each categorical field, empty for none (default: ()).
        embedding_dim: width ``D`` of an embedding (default: 8).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"dense": [B, n], "sparse": [B, F]}``, either of which may be absent: a dict of task to
        logit ``[B]`` (a regression task: the value).

    Raises:
        ValueError: ``tasks`` is empty or repeats a name, or a count does not fit.

    Example:
        >>> model = PLE(("click", "like"), seed=0)
        >>> {task: out.shape.as_list() for task, out in model({"dense": tf.zeros([3, 5])}).items()}
        {'click': [3], 'like': [3]}

    References:
        Tang et al., *Progressive Layered Extraction (PLE)*, RecSys 2020,
        https://doi.org/10.1145/3383313.3412236. The authors published no code. Default widths are those of
        `MMoE`. The paper's loss over tasks that have different rows, and its weights that change as training
        goes on, are `Balanced` with ``sample_weight`` and `DecayedWeights`, for any of the models.
    """

    def __init__(
        self,
        tasks: Sequence[str] = ("task_1", "task_2"),
        num_levels: int = 2,
        num_specific: int = 2,
        num_shared: int = 1,
        expert_units: Sequence[int] = (16,),
        tower_units: Sequence[int] = (8,),
        activation: str = "relu",
        vocabulary_sizes: Sequence[int] = (),
        embedding_dim: int = 8,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(tasks, num_levels, vocabulary_sizes, embedding_dim, field_names, seed, **kwargs)
        self.config = constructor_arguments(locals())
        if num_levels < 1 or (num_levels > 1 and num_shared < 1):
            raise ValueError(f"num_levels must be positive, 1 if nothing is shared, received {num_levels!r}")
        policy, counts = self.dtype_policy, (len(tasks), num_specific, num_shared)
        self.levels = [
            CGC(*counts, expert_units, activation, j < num_levels, level_seed, dtype=policy)
            for j, level_seed in enumerate(self.part_seeds, 1)
        ]
        self.towers = self.make_towers(tower_units, activation)

    def build_parts(self, input_shape: Any) -> int:
        """Creates the weights of the levels.

        Args:
            input_shape: ``[B, n + FD]``.

        Returns:
            Width ``U`` of their outputs.
        """
        for level in self.levels:
            level.build([input_shape] * (len(self.tasks) + 1))
            input_shape = (None, level.hidden_units[-1])
        return input_shape[1]

    # --8<-- [start:call]
    def call(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Runs the levels and each task's tower on its output.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}`` or one of the two.

        Returns:
            Dict of task to logit ``[B]``.
        """
        outputs = [self.features(inputs)] * (len(self.tasks) + 1)
        for level in self.levels:
            outputs = level(outputs)
        return self.run_towers(outputs)

    # --8<-- [end:call]
