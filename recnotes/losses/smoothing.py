"""Label smoothing: targets that no finite logit reaches are moved inward."""

from __future__ import annotations

import tensorflow as tf

from recnotes.losses._shapes import not_nan, wide


def smooth_labels(labels: tf.Tensor, smoothing: float = 0.1) -> tf.Tensor:
    r"""Mixes each distribution with the uniform one.

    $$
    y'_{bi} = (1 - \varepsilon)\, y_{bi} + \frac{\varepsilon}{N}
    $$

    with $y$ of shape $[B, N]$. The best logit of a one-hot target is then finite: it stands
    $\log\big((1 - \varepsilon) N / \varepsilon + 1\big)$ above the others. For a binary label take $N = 2$.

    Args:
        labels: distributions ``[B, N]``.
        smoothing: weight of the uniform distribution (default: 0.1).

    Returns:
        Distributions ``[B, N]``.

    Raises:
        ValueError: ``smoothing`` is not in [0, 1], or, eagerly, a label is NaN.
        tf.errors.InvalidArgumentError: in a graph a label is NaN; under XLA it stays.

    Example:
        >>> print(smooth_labels(tf.constant([[1.0, 0.0, 0.0, 0.0]]), 0.5).numpy())
        [[0.625 0.125 0.125 0.125]]

    References:
        Szegedy et al., *Rethinking the Inception Architecture for Computer Vision*, CVPR 2016,
        https://arxiv.org/abs/1512.00567, section 7.
    """
    if not 0 <= smoothing <= 1:
        raise ValueError(f"smoothing must be in [0, 1], received {smoothing!r}")
    y = not_nan("labels", wide(labels))
    return (1 - smoothing) * y + smoothing / tf.cast(tf.shape(y)[-1], y.dtype)
