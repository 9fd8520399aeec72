"""Shared bottom: one network for all tasks, one tower for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.concat import ConcatFeatures
from recnotes.layers.mlp import MLP
from recnotes.models._config import constructor_arguments
from recnotes.models.row_weights import RowWeights
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class SharedBottom(RowWeights):
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
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        self.tasks = check_tasks(tasks)
        self.bottom_units = list(bottom_units)
        self.tower_units = list(tower_units)
        self.activation = activation
        self.vocabulary_sizes = list(vocabulary_sizes)
        self.embedding_dim = embedding_dim
        self.field_names = list(field_names) if field_names is not None else None
        self.seed = seed
        seeds = child_seeds(seed, 2 + len(self.tasks))
        self.features = ConcatFeatures(self.vocabulary_sizes, embedding_dim, self.field_names, seed=seeds[0])
        self.bottom = MLP(self.bottom_units, activation=activation, seed=seeds[1])
        self.towers = [MLP(self.tower_units, 1, activation=activation, seed=s) for s in seeds[2:]]

    def build(self, input_shape: Any) -> None:
        """Creates the weights.

        Args:
            input_shape: dict of the features' shapes.
        """
        self.features.build(input_shape)
        self.bottom.build(self.features.compute_output_shape(input_shape))
        for tower in self.towers:
            tower.build((None, self.bottom_units[-1]))
        self.built = True

    # --8<-- [start:call]
    def call(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Runs the shared network once and each tower on its output.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}`` or one of the two.

        Returns:
            Dict of task to logit ``[B]``.
        """
        f = self.bottom(self.features(inputs))  # [B, U]
        pairs = zip(self.tasks, self.towers, strict=True)
        return {task: tower(f)[:, 0] for task, tower in pairs}

    # --8<-- [end:call]


def check_tasks(tasks: Sequence[str]) -> list[str]:
    """Returns the names as a list, or refuses them.

    Args:
        tasks: names of the tasks.

    Returns:
        The same names.

    Raises:
        ValueError: there is none, or a name comes twice.

    Example:
        >>> check_tasks(("click", "like"))
        ['click', 'like']
    """
    if isinstance(tasks, str) or not tasks or len(set(tasks)) < len(tasks):
        raise ValueError(f"tasks must be one or more distinct names, received {tasks!r}")
    return list(tasks)
