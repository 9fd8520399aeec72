"""Focal loss: binary cross-entropy that turns away from what is already right."""

from __future__ import annotations

import tensorflow as tf

from recnotes.losses._shapes import alike, not_nan


def sigmoid_focal_loss(
    labels: tf.Tensor, logits: tf.Tensor, gamma: float = 2.0, alpha: float | None = 0.25
) -> tf.Tensor:
    r"""Binary cross-entropy times a factor that falls with the probability given to the true class.

    $$
    \ell = -\alpha_t (1 - p_t)^\gamma \log p_t, \qquad
    p_t = \sigma\big((2y - 1) z\big), \qquad
    \alpha_t = y \alpha + (1 - y)(1 - \alpha)
    $$

    with labels $y$, logits $z$ and losses of one shape. With $\gamma = 0$ and no $\alpha$ it is
    `sigmoid_cross_entropy`.

    Args:
        labels: 0 or 1.
        logits: logits, the shape of ``labels``.
        gamma: exponent, 0 or more (default: 2.0).
        alpha: weight of the positive class, ``None`` weighs both by 1 (default: 0.25).

    Returns:
        Losses of that shape, float32 or float64.

    Raises:
        ValueError: the shapes differ, ``gamma`` is negative, ``alpha`` is not in [0, 1], or, eagerly, a label
            is NaN.
        tf.errors.InvalidArgumentError: in a graph a label is NaN; under XLA the loss is NaN.

    Example:
        >>> print(sigmoid_focal_loss([1.0, 0.0], tf.zeros(2)).numpy().round(4))  # α or 1 - α, / 4, · log 2
        [0.0433 0.13  ]

    References:
        Lin et al., *Focal Loss for Dense Object Detection*, ICCV 2017, https://arxiv.org/abs/1708.02002,
        equation 5.
    """
    if gamma < 0:
        raise ValueError(f"gamma must not be negative, received {gamma!r}")
    if alpha is not None and not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be in [0, 1] or None, received {alpha!r}")
    y, z = alike("labels", labels, "logits", logits, None)
    y = not_nan("labels", y)
    margin = (2 * y - 1) * z
    # exp(-γ softplus(m)) is (1 - p_t)^γ with a finite gradient where p_t rounds to 1.
    loss = tf.exp(-gamma * tf.math.softplus(margin)) * tf.math.softplus(-margin)
    return loss if alpha is None else (y * alpha + (1 - y) * (1 - alpha)) * loss
