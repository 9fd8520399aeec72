"""What multi-task models have in common: the features they read, and a tower for each task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from recnotes.embedding.concat import ConcatFeatures
from recnotes.layers.mlp import MLP
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


class MultiTask(RowWeights):
    r"""Base of the multi-task models: one vector a row in, one vector a task and row on to its tower.

    $$
    y_k = h^k\big(f^k(x)\big)
    $$

    with $x$ of shape $[B, n + FD]$, $f^k(x)$ of shape $[B, U]$ what a model makes of it for task $k$ of $T$,
    and a tower $h^k$ that ends in one linear unit, $y_k$ of shape $[B]$. A model makes its parts from
    ``part_seeds``, then its towers, builds the parts in `build_parts` and makes $f^k$ in ``call``.

    Args:
        tasks: names of the tasks.
        num_parts: parts between features and towers, each gets a seed.
        vocabulary_sizes: number of values of each categorical field, empty for none.
        embedding_dim: width ``D`` of an embedding.
        field_names: names of the categorical fields for error messages.
        seed: seed, from which each part gets its own.
        **kwargs: passed to `keras.Model`.

    Raises:
        ValueError: ``tasks`` is empty or repeats a name.

    Example:
        >>> from recnotes.models import MMoE
        >>> issubclass(MMoE, MultiTask)
        True

    References:
        Caruana, *Multitask Learning*, Machine Learning 28, 1997, https://doi.org/10.1023/A:1007379606734.
    """

    towers: list[MLP]

    def __init__(
        self,
        tasks: Sequence[str],
        num_parts: int,
        vocabulary_sizes: Sequence[int],
        embedding_dim: int,
        field_names: Sequence[str] | None,
        seed: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(tasks, str) or not tasks or len(set(tasks)) < len(tasks):
            raise ValueError(f"tasks must be one or more distinct names, received {tasks!r}")
        self.tasks = list(tasks)
        feature_seed, *seeds = child_seeds(seed, 1 + num_parts + len(tasks))
        self.part_seeds, self.tower_seeds = seeds[:num_parts], seeds[num_parts:]
        self.features = ConcatFeatures(
            vocabulary_sizes, embedding_dim, field_names, feature_seed, dtype=self.dtype_policy
        )

    def make_towers(self, hidden_units: Sequence[int], activation: str) -> list[MLP]:
        """Makes the towers; a model does so last, for its weights to be in order.

        Args:
            hidden_units: widths of a tower's hidden layers.
            activation: activation of the hidden layers.

        Returns:
            One a task.
        """
        return [MLP(hidden_units, 1, activation, seed=s, dtype=self.dtype_policy) for s in self.tower_seeds]

    def build(self, input_shape: Any) -> None:
        """Creates the weights.

        Args:
            input_shape: dict of the features' shapes.
        """
        self.features.build(input_shape)
        width = self.build_parts(self.features.compute_output_shape(input_shape))
        for tower in self.towers:
            tower.build((None, width))
        self.built = True

    def build_parts(self, input_shape: Any) -> int:
        """Creates the weights between features and towers.

        Args:
            input_shape: ``[B, n + FD]``.

        Returns:
            Width ``U`` of what a tower reads.
        """
        raise NotImplementedError

    def run_towers(self, outputs: Sequence[tf.Tensor]) -> dict[str, tf.Tensor]:
        """Runs each task's tower.

        Args:
            outputs: ``[B, U]`` for each task.

        Returns:
            Dict of task to logit ``[B]``.
        """
        parts = zip(self.tasks, self.towers, outputs, strict=True)
        return {task: tower(f)[:, 0] for task, tower, f in parts}
