"""An initializer for kernels that hold one matrix of every expert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.seeds import child_seeds


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
        kind, config = type(self.initializer), self.initializer.get_config()
        draws = []
        for seed in child_seeds(self.seed, shape[0]):
            # A seed that all share would make every expert the same expert.
            own = {name: seed if name == "seed" else value for name, value in config.items()}
            draws.append(kind.from_config(own)(shape[1:], dtype))
        return tf.stack(draws)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds this initializer."""
        return {"initializer": keras.initializers.serialize(self.initializer), "seed": self.seed}
