"""Rectifiers: the identity above 0, and below it nothing or a line of small slope."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("recnotes")
def relu(z: tf.Tensor) -> tf.Tensor:
    r"""Returns the input above 0 and 0 below.

    $$
    f(z) = \max(z, 0)
    $$

    The slope at 0 is 0 here, as in TensorFlow. A unit whose input is negative on all rows gets no gradient.

    Args:
        z: floats of any shape.

    Returns:
        Tensor of that shape.

    Example:
        >>> relu(tf.constant([-2.0, 3.0])).numpy().tolist()
        [0.0, 3.0]

    References:
        Nair and Hinton, *Rectified Linear Units Improve Restricted Boltzmann Machines*, ICML 2010,
        https://icml.cc/Conferences/2010/papers/432.pdf.
    """
    return tf.nn.relu(z)


@keras.saving.register_keras_serializable("recnotes")
def leaky_relu(z: tf.Tensor, slope: float = 0.01) -> tf.Tensor:
    r"""Returns the input above 0 and a line of small slope below, so that no unit dies.

    $$
    f(z) = \max(z, 0) + a \min(z, 0)
    $$

    Args:
        z: floats of any shape.
        slope: $a$ (default: 0.01).

    Returns:
        Tensor of that shape.

    Raises:
        ValueError: ``slope`` is negative.

    Example:
        >>> leaky_relu(tf.constant([-2.0, 3.0]), 0.25).numpy().tolist()
        [-0.5, 3.0]

    References:
        Maas, Hannun and Ng, *Rectifier Nonlinearities Improve Neural Network Acoustic Models*, ICML 2013
        workshop, https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf. ``tf.nn.leaky_relu``
        starts from a slope of 0.2.
    """
    if not slope >= 0:
        raise ValueError(f"slope must not be negative, received {slope!r}")
    return tf.where(z > 0, z, slope * z)


def prelu(z: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
    r"""Returns the input above 0 and a line below, whose slope each unit has for itself.

    $$
    f(z)_{bu} = \max(z_{bu}, 0) + a_u \min(z_{bu}, 0)
    $$

    with $z$ of shape $[B, U]$ or with more axes before the last, and $a$ of shape $[U]$.

    Args:
        z: floats, the last axis ``U``.
        alpha: slopes $a$, ``[U]``.

    Returns:
        Tensor of the shape of ``z``.

    Example:
        >>> prelu(tf.constant([[-2.0, -2.0]]), tf.constant([0.5, 0.0])).numpy().tolist()
        [[-1.0, -0.0]]

    References:
        He et al., *Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet
        Classification*, ICCV 2015, https://arxiv.org/abs/1502.01852.
    """
    return tf.where(z > 0, z, alpha * z)


@keras.saving.register_keras_serializable("recnotes")
class PReLU(keras.layers.Layer):
    r"""Rectifier whose slope below 0 is learned, one number a unit.

    $$
    f(z)_{bu} = \max(z_{bu}, 0) + a_u \min(z_{bu}, 0)
    $$

    with $z$ of shape $[\dots, U]$ and $a$ of shape $[U]$. With $a = 0$ it is `relu`; a fixed $a$ makes it
    `leaky_relu`.

    Args:
        initial_slope: where each $a_u$ starts (default: 0.25).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``[..., U]``: a tensor of that shape.

    Raises:
        ValueError: the input has fewer than two axes, or the last is not known.

    Example:
        >>> layer = PReLU()
        >>> layer(tf.constant([[-2.0, 3.0]])).numpy().tolist(), layer.count_params()
        ([[-0.5, 3.0]], 2)

    References:
        He et al., *Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet
        Classification*, ICCV 2015, https://arxiv.org/abs/1502.01852. ``keras.layers.PReLU`` starts at 0 and
        has a slope for each position of all axes but the first; PyTorch's starts at 0.25.
    """

    def __init__(self, initial_slope: float = 0.25, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.initial_slope = float(initial_slope)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Creates the slopes.

        Args:
            input_shape: ``[..., U]``.

        Raises:
            ValueError: there are fewer than two axes, or the last is not known.
        """
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ValueError(f"the input must be [..., U] with U known, received {tuple(input_shape)!r}")
        start = keras.initializers.Constant(self.initial_slope)
        self.alpha = self.add_weight(shape=(input_shape[-1],), initializer=start, name="alpha")
        self.built = True

    def call(self, z: tf.Tensor) -> tf.Tensor:
        """Bends the input.

        Args:
            z: input ``[..., U]``.

        Returns:
            Tensor of that shape.
        """
        return prelu(z, tf.convert_to_tensor(self.alpha))

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
        return {**super().get_config(), "initial_slope": self.initial_slope}
