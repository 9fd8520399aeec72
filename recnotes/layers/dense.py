"""The dense layer every network here is made of."""

from __future__ import annotations

from typing import Any

import keras


def glorot_dense(units: int, seed: int | None = None, **kwargs: Any) -> keras.layers.Dense:
    r"""Returns a dense layer whose kernel starts Glorot-uniform from a seed of its own.

    $$
    W_{iu} \sim U\Big(-\sqrt{\tfrac{6}{I + U}},\; \sqrt{\tfrac{6}{I + U}}\Big)
    $$

    with the kernel $W$ of shape $[I, U]$.

    Args:
        units: width ``U`` of the output.
        seed: seed of the kernel (default: None).
        **kwargs: passed to `keras.layers.Dense`.

    Returns:
        The layer, not built yet.

    Example:
        >>> layer = glorot_dense(3, seed=0, activation="relu")
        >>> layer.build((None, 3))  # a bound of 1
        >>> layer.units, float(abs(layer.kernel.numpy()).max()) <= 1
        (3, True)

    References:
        Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural networks*,
        AISTATS 2010, https://proceedings.mlr.press/v9/glorot10a.html.
    """
    return keras.layers.Dense(units, kernel_initializer=keras.initializers.GlorotUniform(seed), **kwargs)
