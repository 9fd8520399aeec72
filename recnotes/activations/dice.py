"""Dice: a rectifier whose bend follows the distribution of its input."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


def dice(
    s: tf.Tensor, alpha: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor, epsilon: float = 1e-8
) -> tf.Tensor:
    r"""Mixes identity and a line of slope $\alpha$ by where the input stands in its distribution.

    $$
    f(s) = p(s)\,s + (1 - p(s))\,\alpha s, \qquad
    p(s) = \sigma\Big(\frac{s - E[s]}{\sqrt{Var[s] + \epsilon}}\Big)
    $$

    with $s$ of shape $[B, U]$ or with more axes before the last, and $\alpha$, $E[s]$ and $Var[s]$ of shape
    $[U]$. PReLU is the same with $p(s) = [s > 0]$. With $E[s] = 0$ and $Var[s] = 1 - \epsilon$ it is
    $\alpha s + (1 - \alpha) s \sigma(s)$.

    Args:
        s: input, its last axis ``U``.
        alpha: slope of the lower branch, ``[U]``.
        mean: $E[s]$, ``[U]``.
        variance: $Var[s]$, ``[U]``.
        epsilon: added to the variance (default: 1e-08).

    Returns:
        Tensor of the shape of ``s``.

    Example:
        >>> y = dice(tf.constant([[0.0, 1.0]]), tf.zeros(2), tf.zeros(2), tf.ones(2))
        >>> print(y.numpy().round(4))  # s · σ(s)
        [[0.     0.7311]]

    References:
        Zhou et al., *Deep Interest Network for Click-Through Rate Prediction*, KDD 2018,
        https://arxiv.org/abs/1706.06978.
    """
    # Products in place of quotients, and α + (1 − α) p in one piece: their gradients take fewer passes.
    p = tf.sigmoid((s - mean) * tf.math.rsqrt(variance + epsilon))
    return (alpha + (1 - alpha) * p) * s


def standardize(s: tf.Tensor, epsilon: float = 1e-8) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    r"""Shifts and scales each column to mean 0 and variance 1 over the batch.

    $$
    z = \frac{s - E[s]}{\sqrt{Var[s] + \epsilon}}, \qquad
    E[s] = \frac1B \sum_b s_b, \quad Var[s] = \frac1B \sum_b (s_b - E[s])^2
    $$

    with $s$ and $z$ of shape $[B, U]$, $E[s]$ and $Var[s]$ of shape $[U]$. The gradient flows through $z$
    alone, and there through the statistics. In float32 it is the kernel of batch normalization, which takes
    one pass where the formula takes five, and as few in its gradient.

    Args:
        s: input ``[B, U]``, float32 or float64.
        epsilon: added to the variance (default: 1e-08).

    Returns:
        $z$, $E[s]$ and $Var[s]$; without rows the latter two are not numbers.

    Example:
        >>> z, mean, variance = standardize(tf.constant([[1.0], [5.0]]))
        >>> print(z.numpy()[:, 0].round(4), mean.numpy(), variance.numpy())
        [-1.  1.] [3.] [4.]
    """
    if s.dtype == tf.float64:  # the kernel knows no float64
        mean, variance = tf.nn.moments(s, [0])
        return (s - mean) * tf.math.rsqrt(variance + epsilon), mean, variance
    x, ones = tf.reshape(s, [1, 1, -1, s.shape[1]]), tf.ones([s.shape[1]])
    z, mean, unbiased, *_ = tf.raw_ops.FusedBatchNormV3(
        x=x, scale=ones, offset=0 * ones, mean=[], variance=[], epsilon=epsilon
    )
    b = tf.cast(tf.shape(s)[0], s.dtype)
    return tf.reshape(z, tf.shape(s)), tf.stop_gradient(mean), tf.stop_gradient(unbiased) * ((b - 1) / b)


@keras.saving.register_keras_serializable("recnotes")
class Dice(keras.layers.Layer):
    r"""Dice with a learned slope: statistics of the batch in training, moving averages afterwards.

    $$
    f(s) = p(s)\,s + (1 - p(s))\,\alpha s, \qquad
    p(s) = \sigma\Big(\frac{s - E[s]}{\sqrt{Var[s] + \epsilon}}\Big)
    $$

    with $s$ of shape $[\dots, U]$, $\alpha$, $E[s]$ and $Var[s]$ of shape $[U]$; the statistics are taken
    over all axes but the last; padding must be taken out before. The gradient flows through them in
    training. The averages start at mean 0 and variance 1 and move by
    $a \leftarrow \mu a + (1 - \mu)\,a_\text{batch}$; an empty batch leaves them alone.

    Args:
        momentum: share $\mu$ of the average that each training batch keeps (default: 0.99).
        epsilon: added to the variance (default: 1e-08).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``[..., U]``: a tensor of the input's shape.

    Raises:
        ValueError: ``momentum`` is not in [0, 1), ``epsilon`` is not positive, or the input has
            fewer than two axes.

    Example:
        >>> layer = Dice()
        >>> s = tf.constant([[0.0], [2.0]])
        >>> print(layer(s, training=True).numpy()[:, 0].round(4))  # 2 · σ(1)
        [0.     1.4621]
        >>> print(layer(s).numpy()[:, 0].round(4))  # mean 0.01, variance 1: 2 · σ(1.99)
        [0.     1.7595]

    References:
        Zhou et al., *Deep Interest Network for Click-Through Rate Prediction*, KDD 2018,
        https://arxiv.org/abs/1706.06978. The code at
        https://github.com/zhougr1993/DeepInterestNetwork, ``din/Dice.py``, calls TensorFlow's batch
        normalization without its training flag, so that mean 0, variance 1 and its ε of 0.001 never change:
        `AuthorsDice`.
    """

    def __init__(self, momentum: float = 0.99, epsilon: float = 1e-8, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be in [0, 1), received {momentum!r}")
        if epsilon <= 0:
            raise ValueError(f"epsilon must be positive, received {epsilon!r}")
        self.momentum, self.epsilon = float(momentum), float(epsilon)

    def build(self, input_shape: Any) -> None:
        """Creates slope and averages.

        Args:
            input_shape: ``[..., U]``.

        Raises:
            ValueError: there are fewer than two axes, or the last is not known.
        """
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ValueError(f"the input must be [..., U] with U known, received {tuple(input_shape)!r}")
        shape = (input_shape[-1],)
        self.alpha = self.add_weight(shape, "zeros", name="alpha")
        fixed = {"trainable": False, "autocast": False}
        self.moving_mean = self.add_weight(shape, "zeros", name="moving_mean", **fixed)
        self.moving_variance = self.add_weight(shape, "ones", name="moving_variance", **fixed)
        self.built = True

    def call(self, s: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Bends the input.

        Args:
            s: input ``[..., U]``.
            training: whether the batch's statistics are used, and move the averages (default: False).

        Returns:
            Tensor of the shape of ``s``.
        """
        # --8<-- [start:call]
        wide = s if s.dtype == tf.float64 else tf.cast(s, tf.float32)
        alpha, mean, variance = (
            tf.cast(w, wide.dtype) for w in (self.alpha, self.moving_mean, self.moving_variance)
        )
        if not training:
            return tf.cast(dice(wide, alpha, mean, variance, self.epsilon), s.dtype)
        z, mean, variance = standardize(tf.reshape(wide, [-1, s.shape[-1]]), self.epsilon)
        for average, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            step = (1 - self.momentum) * (tf.cast(batch, average.dtype) - average)
            average.assign_add(tf.where(tf.size(s) > 0, step, 0))
        p = tf.reshape(tf.sigmoid(z), tf.shape(s))
        return tf.cast((alpha + (1 - alpha) * p) * wide, s.dtype)
        # --8<-- [end:call]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the input's shape.

        Args:
            input_shape: ``[..., U]``.

        Returns:
            The same shape.
        """
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }
