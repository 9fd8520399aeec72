"""Shared bottom: one network for all tasks, one tower for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.mlp import MLP
from recnotes.models._config import constructor_arguments
from recnotes.models.multi_task import MultiTask


@keras.saving.register_keras_serializable("recnotes")
class SharedBottom(MultiTask):
    r"""Predicts several tasks from one shared representation.

    $$
    y_k = h^k\big(f(x)\big)
    $$

    with $x$ of shape $[B, n + FD]$, the shared network $f(x)$ of shape $[B, U]$, and for each of $T$ tasks a
    tower $h^k$ that ends in one linear unit, $y_k$ of shape $[B]$.

    Args:
        tasks: names of the tasks (default: ("task_1", "task_2")).
        bottom_units: widths of the shared layers (default: (113,)).
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
        ValueError: ``tasks`` is empty or repeats a name.

    Example:
        >>> model = SharedBottom(("click", "like"), bottom_units=(16,), seed=0)
        >>> {task: out.shape.as_list() for task, out in model({"dense": tf.zeros([3, 5])}).items()}
        {'click': [3], 'like': [3]}

    References:
        Caruana, *Multitask Learning*, Machine Learning 28, 1997, https://doi.org/10.1023/A:1007379606734;
        equation 1 of Ma et al., KDD 2018, https://doi.org/10.1145/3219819.3220007, whose baseline on
        synthetic data has 113 shared units and towers of 8. Neither paper came with code.
    """

    def __init__(
        self,
        tasks: Sequence[str] = ("task_1", "task_2"),
        bottom_units: Sequence[int] = (113,),
        tower_units: Sequence[int] = (8,),
        activation: str = "relu",
        vocabulary_sizes: Sequence[int] = (),
        embedding_dim: int = 8,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(tasks, 1, vocabulary_sizes, embedding_dim, field_names, seed, **kwargs)
        self.config = constructor_arguments(locals())
        (bottom_seed,) = self.part_seeds
        self.bottom = MLP(bottom_units, None, activation, seed=bottom_seed, dtype=self.dtype_policy)
        self.towers = self.make_towers(tower_units, activation)

    def build_parts(self, input_shape: Any) -> int:
        """Creates the weights of the shared network.

        Args:
            input_shape: ``[B, n + FD]``.

        Returns:
            Its width ``U``.
        """
        self.bottom.build(input_shape)
        return self.bottom.hidden_units[-1]

    # --8<-- [start:call]
    def call(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Runs the shared network once and each tower on its output.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}`` or one of the two.

        Returns:
            Dict of task to logit ``[B]``.
        """
        f = self.bottom(self.features(inputs))  # [B, U]
        return self.run_towers([f] * len(self.tasks))

    # --8<-- [end:call]
