"""What XLA would break: it drops assertions, clamps ids and leaves a scatter beyond the end out."""

from __future__ import annotations

import tensorflow as tf
from tensorflow.python.ops import control_flow_util


def in_xla() -> bool:
    """Return whether the graph being traced is compiled by XLA; functions traced before are not seen."""
    return not tf.executing_eagerly() and control_flow_util.GraphOrParentsInXlaContext(
        tf.compat.v1.get_default_graph()
    )


def refuse_xla(field: str) -> None:
    """Raise where a check of the field's values would be dropped."""
    if in_xla():
        raise ValueError(
            f"{field} must be looked up outside XLA, which drops checks and clamps ids, "
            "received jit_compile=True"
        )
