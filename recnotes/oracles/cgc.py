"""Customized gate control by plain loops in float64."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.parts import run, stacked

Array = NDArray[np.float64]


def cgc(
    inputs: Sequence[Array],
    experts: Sequence[Sequence[Sequence[tuple[Array, Array]]]],
    gates: Sequence[Array],
) -> list[Array]:
    r"""Computes one level with experts of ReLU layers.

    $$
    o^k = \sum_i \text{softmax}(W_g^k x^k)_i\, S^k_i
    $$

    with $S^k$ the experts of task $k$ and the shared ones, for the shared gate those of all tasks and the
    shared ones, each of shape $[B, U]$, and $W_g^k$ of shape $[E, n]$, stored transposed.

    Args:
        inputs: ``[B, n]`` for each task and the shared one last.
        experts: for each of the same groups its experts, each a list of layers: kernel ``[n, U]`` and bias
            ``[U]``.
        gates: ``[n, E]`` for each task and, where there is a shared gate, for it.

    Returns:
        ``[B, U]`` for each gate.

    Example:
        >>> one = [[(np.ones((2, 3)), np.zeros(3))]]
        >>> cgc([np.ones((1, 2))] * 2, [one, one], [np.zeros((2, 2))])[0].tolist()
        [[2.0, 2.0, 2.0]]
    """
    tasks = len(inputs) - 1
    outputs = []
    for k, gate in enumerate(gates):
        groups = [k, tasks] if k < tasks else range(tasks + 1)
        rows = []
        for b in range(len(inputs[k])):
            logits = [sum(x * w for x, w in zip(inputs[k][b], column, strict=True)) for column in gate.T]
            powers = [np.exp(logit - max(logits)) for logit in logits]
            values = []
            for j in groups:
                for layers in experts[j]:
                    a = inputs[j][b]
                    for w, c in layers:
                        a = np.maximum(a @ w + c, 0)
                    values.append(a)
            rows.append(sum(p / sum(powers) * v for p, v in zip(powers, values, strict=True)))
        outputs.append(np.stack(rows))
    return outputs


def ple_of_model(model: Any, inputs: Mapping[str, Any]) -> dict[str, Array]:
    """Evaluates a `recnotes.models.PLE` whose experts have ReLU layers, with the model's weights.

    Args:
        model: a built PLE.
        inputs: ``{"dense": [B, n], "sparse": [B, F]}``.

    Returns:
        Arrays ``[B]`` by task.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("ple")
        >>> list(ple_of_model(entry.build(), entry.inputs(2)))
        ['click', 'like']
    """
    x = np.array(stacked(inputs, model.features.fields, "dense" in inputs))
    outputs = [x] * (len(model.tasks) + 1)
    for level in model.levels:
        pairs = []
        for expert in level.experts:
            weights = [np.asarray(w, np.float64) for w in expert.get_weights()]
            pairs.append(list(zip(weights[::2], weights[1::2], strict=True)))
        m, tasks = level.num_specific, level.num_tasks
        groups = [pairs[m * k : m * (k + 1)] for k in range(tasks)] + [pairs[m * tasks :]]
        outputs = cgc(outputs, groups, [np.asarray(gate.kernel, np.float64) for gate in level.gates])
    parts = zip(model.tasks, model.towers, outputs, strict=False)  # a shared gate of the last level is unread
    return {task: np.array([run(tower, a)[0] for a in o]) for task, tower, o in parts}
