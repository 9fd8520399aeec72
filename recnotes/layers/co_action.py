"""CAN's co-action unit: one side's parameters are a small network, the other side's are its input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


def co_action_size(input_width: int, units: Sequence[int], use_bias: bool = True) -> int:
    r"""Counts the parameters of one item's network: the width of its row.

    $$
    T = \sum_{i=1}^{K} d_{i-1} d_i + [\text{bias}]\, d_i
    $$

    with the input's width $d_0$ and the layers' widths $d_1, \dots, d_K$.

    Args:
        input_width: $d_0$.
        units: $d_1, \dots, d_K$.
        use_bias: whether the layers have biases (default: True).

    Returns:
        Number of parameters.

    Example:
        >>> co_action_size(16, (8, 4), use_bias=False), co_action_size(4, (4,) * 8)
        (160, 160)
    """
    widths = [input_width, *units]
    return sum(i * o + (o if use_bias else 0) for i, o in zip(widths, units, strict=False))


@keras.saving.register_keras_serializable("recnotes")
class CoAction(keras.layers.Layer):
    r"""Runs each entry of a history, and its powers, through the network that the candidate holds.

    $$
    h^{c}_{bt,0} = p_{bt}^{\,c}, \qquad
    h^{c}_{bt,i} = \sigma\big(W_{b,i}\, h^{c}_{bt,i-1} + b_{b,i}\big), \qquad
    y_b = \sum_{c=1}^{C} \sum_t m_{bt} \big[\, h^{c}_{bt,1};\; \dots;\; h^{c}_{bt,K} \,\big]
    $$

    with the induction parameters $P$ of shape $[B, T]$, cut into $W_{b,i}$ and $b_{b,i}$, the entries $p$
    of shape $[B, L, I]$ and their elementwise powers up to the order $C$, which share the network, the mask
    $m$ of shape $[B, L]$ and the result $y$, the outputs of all layers side by side, of shape
    $[B, \sum_i d_i]$. The layer has no weights of its own. ``wiring="authors"`` has no biases and no $\sigma$
    after the last layer, and puts the orders side by side, too, so that $y$ has $C \sum_i d_i$ columns.

    Args:
        units: widths $d_1, \dots, d_K$ of the network's layers (default: (8, 4)).
        orders: number of powers $C$ (default: 3).
        activation: $\sigma$, None for none (default: "tanh").
        wiring: "paper" or "authors" (default: "paper").
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``(P, p, mask)``: a float tensor ``[B, S]``, its width ``S`` as above.

    Raises:
        ValueError: a size is not positive, the wiring is unknown, or ``P`` does not fit ``p`` and
            ``units``.

    Example:
        >>> layer = CoAction([1], orders=1, activation=None)
        >>> P, p = tf.constant([[1.0, 10.0, 0.5]]), tf.constant([[[2.0, 3.0]]])
        >>> layer(P, p, tf.constant([[True]])).numpy().tolist()  # 1 · 2 + 10 · 3 + 0.5
        [[32.5]]

    References:
        Bian et al., *CAN: Feature Co-Action Network for Click-Through Rate Prediction*, WSDM 2022,
        https://arxiv.org/abs/2011.05625, equations 7 to 11; its first version keeps the output of the last
        layer alone and takes two orders. The authors' code (CAN-Paper/Co-Action-Network,
        ``script/model.py``) has layers 16-8-4 without biases, tanh between them and none after the second,
        both outputs concatenated and three orders with the same weights: 36 columns.
    """

    def __init__(
        self,
        units: Sequence[int] = (8, 4),
        orders: int = 3,
        activation: str | None = "tanh",
        wiring: str = "paper",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if wiring not in ("paper", "authors"):
            raise ValueError(f"wiring must be 'paper' or 'authors', received {wiring!r}")
        self.orders = int(orders)
        if not units or min(units) < 1 or self.orders < 1:
            raise ValueError(f"units and orders must be positive, received {units!r} and {orders!r}")
        self.units = [int(width) for width in units]
        self.activation = activation
        self.wiring = wiring
        self.output_width = sum(self.units) * (self.orders if wiring == "authors" else 1)

    def build(self, input_shape: Any = None) -> None:
        """Has no weights to create.

        Args:
            input_shape: not used (default: None).
        """
        self.built = True

    def call(self, P: tf.Tensor, p: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """Runs the networks and adds up over the history.

        Args:
            P: parameters of each row's network, ``[B, T]``.
            p: inputs of the network, ``[B, L, I]``.
            mask: bool tensor ``[B, L]``, true where an entry is real.

        Returns:
            float tensor ``[B, S]``.

        Raises:
            ValueError: ``P`` does not fit ``p`` and the widths.
        """
        size = co_action_size(p.shape[-1], self.units, self.wiring == "paper")
        if P.shape.rank != 2 or p.shape.rank != 3 or P.shape[1] != size:
            raise ValueError(f"P must be [B, {size}] for p {tuple(p.shape)}, received {tuple(P.shape)}")
        # --8<-- [start:call]
        layers = self.split(P, p.shape[-1])
        sigma = keras.activations.get(self.activation)
        keep = tf.cast(mask, p.dtype)  # [B, L]
        sums = []
        for order in range(1, self.orders + 1):
            h = p**order  # [B, L, I]
            outputs = []
            for i, (w, b) in enumerate(layers, 1):
                h = tf.matmul(h, w)
                if b is not None:
                    h = sigma(h + b[:, None])
                elif i < len(layers):  # the authors' last layer is linear
                    h = sigma(h)
                outputs.append(h)
            sums.append(tf.concat([tf.einsum("bl,blo->bo", keep, h) for h in outputs], axis=1))
        y = tf.concat(sums, axis=1) if self.wiring == "authors" else tf.add_n(sums)  # [B, S]
        return y
        # --8<-- [end:call]

    def split(self, P: tf.Tensor, input_width: int) -> list[tuple[tf.Tensor, tf.Tensor | None]]:
        """Cuts the parameters into one kernel and one bias a layer.

        Args:
            P: parameters ``[B, T]``, layer after layer, each kernel row by row before its bias.
            input_width: width of the network's input.

        Returns:
            Kernels ``[B, I, O]`` with their biases ``[B, O]``, None in the authors' wiring.
        """
        layers, start = [], 0
        for i, o in zip([input_width, *self.units], self.units, strict=False):
            w = tf.reshape(P[:, start : start + i * o], [-1, i, o])
            start += i * o
            b = None
            if self.wiring == "paper":
                b = P[:, start : start + o]
                start += o
            layers.append((w, b))
        return layers

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor takes."""
        return {
            **super().get_config(),
            "units": self.units,
            "orders": self.orders,
            "activation": self.activation,
            "wiring": self.wiring,
        }
