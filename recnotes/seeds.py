"""One seed in, as many different seeds out as a model has layers."""

from __future__ import annotations

import numpy as np


def child_seeds(seed: int | None, count: int) -> list[int | None]:
    """Derives seeds for the parts of a model from the model's own.

    Two layers that share a seed start with equal weights where their shapes agree; parts therefore never
    take the parent's seed as it is.

    Args:
        seed: the parent's seed; ``None`` leaves the children without one.
        count: number of seeds wanted.

    Returns:
        ``count`` seeds below 2³¹, all different in practice, or as many ``None``.

    Example:
        >>> child_seeds(0, 2) == child_seeds(0, 2), len(set(child_seeds(0, 100)))
        (True, 100)
        >>> child_seeds(None, 2)
        [None, None]
    """
    if seed is None:
        return [None] * count
    return [int(state) >> 1 for state in np.random.SeedSequence(seed).generate_state(count)]
