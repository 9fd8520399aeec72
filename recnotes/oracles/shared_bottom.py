"""Shared bottom in plain loops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.parts import run, stacked

Array = NDArray[np.float64]


def shared_bottom_of_model(model: Any, inputs: Mapping[str, Any]) -> dict[str, Array]:
    """Evaluates a `recnotes.models.SharedBottom` by the loops, with the model's weights.

    Args:
        model: a built SharedBottom.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

    Returns:
        Arrays ``[B]`` by task.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("shared-bottom")
        >>> list(shared_bottom_of_model(entry.build(), entry.inputs(2)))
        ['click', 'like']
    """
    shared = [run(model.bottom, x) for x in stacked(inputs, model.features.fields, "dense" in inputs)]
    pairs = zip(model.tasks, model.towers, strict=True)
    return {task: np.array([run(tower, f)[0] for f in shared]) for task, tower in pairs}
