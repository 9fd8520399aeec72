"""Holds every model to its loops in float64, with random weights, and says how far they are apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from recnotes.registry import find, model_names

SEEDS = (0, 1, 2)
_ROWS = 2  # the loops take seconds for a wide network


class Difference(NamedTuple):
    """How far a model is from its loops.

    Attributes:
        name: the model.
        parameters: parameters of the registry's example.
        absolute: largest absolute difference of all outputs.
        relative: the same over the largest absolute value the loops return.
    """

    name: str
    parameters: int
    absolute: float
    relative: float


def randomize(model: Any, seed: int) -> None:
    """Draws every weight anew, biases and running statistics too.

    Kernels get the scale that keeps a network's values of order one, so that differences mean something.

    Args:
        model: a built model.
        seed: seed of the weights.
    """
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if "seed" in weight.path:
            continue
        is_kernel = len(weight.shape) > 1 and "table" not in weight.name
        scale = (2 / weight.shape[-2]) ** 0.5 if is_kernel else 0.5
        value = scale * rng.normal(size=weight.shape)
        weight.assign(0.5 + np.abs(value) if "variance" in weight.name else value)


def measure(name: str, seeds: Sequence[int] = SEEDS) -> Difference:
    """Compares a model's example with its loops.

    Args:
        name: name of a model.
        seeds: seeds of the weights (default: (0, 1, 2)).

    Returns:
        The largest differences over all seeds, NaN where an output is NaN.

    Raises:
        ValueError: the loops return other shapes or other tasks.
    """
    entry = find(name)
    model, inputs = entry.build(), entry.inputs(_ROWS)
    absolute = relative = 0.0
    for seed in seeds:
        randomize(model, seed)
        found, expected = model(inputs, training=False), entry.reference(model, inputs)
        if isinstance(found, dict) and set(found) != set(expected):
            raise ValueError(f"loops of {name} must return {sorted(found)}, received {sorted(expected)}")
        for key in found if isinstance(found, dict) else [None]:
            ours = np.asarray(found if key is None else found[key], np.float64)
            loops = expected if key is None else expected[key]
            if ours.shape != loops.shape:
                raise ValueError(f"loops of {name} must return {ours.shape}, received {loops.shape}")
            gap = float(np.abs(ours - loops).max())
            # Not max(), which passes NaN over.
            absolute = float(np.maximum(absolute, gap))
            relative = float(np.maximum(relative, gap / np.abs(loops).max()))
    return Difference(entry.name, model.count_params(), absolute, relative)


def verify(name: str | None = None) -> str:
    """Writes the comparison of one model or all as a Markdown table, the largest difference first.

    Args:
        name: name of a model, None for all (default: None).

    Returns:
        The table.
    """
    names = model_names() if name is None else [find(name).name]
    rows = sorted(map(measure, names), key=lambda row: -row.absolute)
    lines = ["| model | parameters | max abs difference | relative |", "| :- | -: | -: | -: |"]
    lines += [f"| {r.name} | {r.parameters:,} | {r.absolute:.1e} | {r.relative:.1e} |" for r in rows]
    return "\n".join(lines) + "\n"
