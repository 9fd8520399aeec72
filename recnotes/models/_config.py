"""What a model's constructor was given, for Keras to save."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np


def constructor_arguments(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a constructor's arguments from its ``locals()``, with lists for sequences as in a saved file.

    Args:
        scope: the constructor's ``locals()``, before it makes any variable of its own.

    Returns:
        The values by name; ``**kwargs`` are left to Keras.

    Example:
        >>> constructor_arguments({"self": None, "kwargs": {}, "units": (8, np.int64(4)), "rate": 0.5})
        {'units': [8, 4], 'rate': 0.5}
    """
    given = {name: value for name, value in scope.items() if name not in ("self", "kwargs", "__class__")}
    return json.loads(json.dumps(given, default=lambda value: np.asarray(value).tolist()))
