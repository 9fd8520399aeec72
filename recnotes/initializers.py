"""How wide weights start: fans, variance scaling and the scale of embeddings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

# Variance of a standard normal cut off at two standard deviations: 1 - 2 · 2 φ(2) / (2 Φ(2) - 1).
_CUT_VARIANCE = 1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2))


def fans(shape: Sequence[int], separate_axis: int | None = None) -> tuple[int, int]:
    r"""Counts the inputs and the outputs of one unit of a kernel.

    $$
    \text{fan}_\text{in} = R\,I, \qquad \text{fan}_\text{out} = R\,O
    $$

    with the kernel of shape $[\dots, I, O]$ and $R$ the product of the axes before, which Keras takes for a
    convolution's window. An axis that holds separate matrices, such as experts, is no window: name it, and it
    is left out. A kernel of 100 inputs, 16 units and 8 experts has 100 inputs a unit; read as a convolution,
    1,600, so that its weights start four times too small.

    Args:
        shape: shape of the kernel, at least one axis.
        separate_axis: the axis that counts separate matrices, None for none (default: None).

    Returns:
        Fan in and fan out.

    Raises:
        ValueError: there is no axis left, or ``separate_axis`` is none of them.

    Example:
        >>> fans([100, 16, 8]), fans([100, 16, 8], separate_axis=-1)
        ((1600, 800), (100, 16))
    """
    axes = list(shape)
    if separate_axis is not None:
        if not -len(axes) <= separate_axis < len(axes):
            raise ValueError(f"separate_axis must be an axis of {tuple(shape)}, received {separate_axis!r}")
        del axes[separate_axis]
    if not axes:
        raise ValueError(f"shape must leave an axis, received {tuple(shape)}")
    if len(axes) == 1:
        return axes[0], axes[0]
    window = math.prod(axes[:-2])
    return window * axes[-2], window * axes[-1]


def embedding_stddev(width: int) -> float:
    r"""Returns the scale at which vectors start with length 1 on average over squares.

    $$
    \mathbb{E}\,\|e\|^2 = D\,s^2 = 1 \iff s = \frac{1}{\sqrt{D}}
    $$

    with $e$ of shape $[D]$. A fan says nothing for a table: one row is read, not the sum over all rows, so
    Glorot's rule makes the vectors of a large vocabulary vanish.

    Args:
        width: ``D``.

    Returns:
        The standard deviation.

    Raises:
        ValueError: ``width`` is not positive.

    Example:
        >>> embedding_stddev(16)
        0.25
    """
    if width < 1:
        raise ValueError(f"width must be positive, received {width!r}")
    return width**-0.5


@keras.saving.register_keras_serializable("recnotes")
class ScaledInitializer(keras.initializers.Initializer):
    r"""Draws weights whose variance falls with the fans: LeCun's, Glorot's and He's rule in one.

    $$
    Var[w] = \frac{c}{f}, \qquad
    f \in \Big\{\text{fan}_\text{in},\; \text{fan}_\text{out},\;
        \tfrac12 (\text{fan}_\text{in} + \text{fan}_\text{out})\Big\}
    $$

    LeCun: $c = 1$, fan in. Glorot: $c = 1$, the mean. He: $c = 2$, fan in. "uniform" draws from
    $(-\sqrt{3 c / f}, \sqrt{3 c / f})$; "truncated" from a normal cut off at two standard deviations and
    widened so that the variance is kept; "normal" from a normal.

    Args:
        scale: $c$ (default: 1.0).
        mode: "fan_in", "fan_out" or "fan_avg" (default: "fan_in").
        distribution: "truncated", "normal" or "uniform" (default: "truncated").
        separate_axis: the axis that counts separate matrices, see `fans` (default: None).
        seed: seed, the same draws at every call; None for others each time (default: None).

    Returns:
        Called on a shape: a tensor of that shape.

    Raises:
        ValueError: ``scale`` is not positive, ``mode`` or ``distribution`` is unknown, or the axis does not
            fit the shape.

    Example:
        >>> w = ScaledInitializer(2.0, "fan_in", "normal", separate_axis=0, seed=0)([8, 100, 50])
        >>> round(float(tf.math.reduce_std(w)), 2)  # sqrt(2 / 100)
        0.14

    References:
        Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural networks*,
        AISTATS 2010, https://proceedings.mlr.press/v9/glorot10a.html. He et al., *Delving Deep into
        Rectifiers*, ICCV 2015, https://arxiv.org/abs/1502.01852. Keras's ``VarianceScaling`` is the same
        without ``separate_axis``.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated",
        separate_axis: int | None = None,
        seed: int | None = None,
    ) -> None:
        if not scale > 0:
            raise ValueError(f"scale must be positive, received {scale!r}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"mode must be 'fan_in', 'fan_out' or 'fan_avg', received {mode!r}")
        if distribution not in ("truncated", "normal", "uniform"):
            raise ValueError(
                f"distribution must be 'truncated', 'normal' or 'uniform', received {distribution!r}"
            )
        self.scale, self.mode, self.distribution = float(scale), mode, distribution
        self.separate_axis, self.seed = separate_axis, seed

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> tf.Tensor:
        """Draws a kernel.

        Args:
            shape: its shape.
            dtype: its type, None for Keras's default (default: None).

        Returns:
            The weights.
        """
        fan_in, fan_out = fans(shape, self.separate_axis)
        f = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = math.sqrt(self.scale / max(1.0, f))
        keywords = {"dtype": dtype, "seed": self.seed}
        if self.distribution == "uniform":
            limit = math.sqrt(3) * stddev
            return keras.random.uniform(shape, -limit, limit, **keywords)
        if self.distribution == "normal":
            return keras.random.normal(shape, 0.0, stddev, **keywords)
        return keras.random.truncated_normal(shape, 0.0, stddev / math.sqrt(_CUT_VARIANCE), **keywords)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the initializer.

        Returns:
            Keyword arguments of the constructor.
        """
        names = ("scale", "mode", "distribution", "separate_axis", "seed")
        return {name: getattr(self, name) for name in names}
