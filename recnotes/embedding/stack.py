"""Numeric values and the vectors of categorical fields, side by side in one long vector."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf


def stack_features(inputs: Mapping[str, tf.Tensor], e: tf.Tensor, num_dense: int = 0) -> tf.Tensor:
    r"""Puts the numeric values of a CTR model's inputs before the vectors of its categorical fields.

    $$
    x_b = [\, d_b;\; e_{b1};\; \dots;\; e_{bF} \,]
    $$

    with the numeric values $d$ of shape $[B, n]$, the vectors $e$ of shape $[B, F, D]$ and $x$ of shape
    $[B, n + FD]$. Numeric values enter as they are.

    Args:
        inputs: ``{"dense": [B, n], …}``; not read when ``num_dense`` is 0.
        e: vectors ``[B, F, D]``, whose dtype the result has.
        num_dense: number ``n`` of numeric fields (default: 0).

    Returns:
        ``[B, n + F*D]``.

    Raises:
        ValueError: ``"dense"`` is missing or does not have ``n`` columns.

    Example:
        >>> e = tf.constant([[[1.0, 2.0], [3.0, 4.0]]])
        >>> stack_features({"dense": tf.constant([[9.0]])}, e, 1).numpy().tolist()
        [[9.0, 1.0, 2.0, 3.0, 4.0]]
    """
    x = tf.reshape(e, [-1, e.shape[1] * e.shape[2]])  # [B, F*D]
    if num_dense == 0:
        return x
    if "dense" not in inputs:
        raise ValueError(f"inputs must have the keys 'dense' and 'sparse', received {sorted(inputs)!r}")
    dense = tf.cast(inputs["dense"], x.dtype)
    if dense.shape.rank != 2 or dense.shape[1] != num_dense:
        raise ValueError(f"dense must be [B, {num_dense}], received {tuple(dense.shape)}")
    return tf.concat([dense, x], axis=1)
