"""The first hidden layer of a product-based network: it reads the vectors and their products."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recnotes.layers.dense import glorot_dense
from recnotes.layers.kernel_product import kernel_products
from recnotes.layers.product import factorized_inner, outer_products, weighted_inner
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class ProductLayer(keras.layers.Layer):
    r"""Adds a linear map of the vectors, a linear map of their products and a bias.

    $$
    l_b = W_z z_b + W_p \, p_b + b
    $$

    with the vectors $z = [e_1; \dots; e_F]$ of shape $[B, FD]$, $W_z$ of shape $[U, FD]$, $b$ of shape $[U]$
    and $l$ of shape $[B, U]$. By ``product`` the products $p$ are those of `inner_products`,
    `outer_superposition` (``"outer"``), `outer_products` (``"outer_full"``) or `kernel_products`
    (``"kernel"``), with one column of $W_p$ each; ``"factorized"`` adds $\|\sum_i \theta_{ui} e_i\|^2$ of
    `factorized_inner` instead, and ``"none"`` nothing.

    Args:
        units: number $U$ of units.
        product: what is computed of the pairs (default: "inner").
        pairs: ``"all"`` or ``"above"``, as in `inner_products`; for ``"inner"`` alone (default: "all").
        kernel_type: a pair's kernel, ``"mat"``, ``"vec"`` or ``"num"``; for ``"kernel"`` alone
            (default: "mat").
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on vectors ``[B, F, D]``: the layer before its activation ``[B, U]``.

    Raises:
        ValueError: an argument is not one of those named or not read with this ``product``, or the input is
            not ``[B, F, D]``.

    Example:
        >>> for product in ("none", "inner", "factorized", "outer", "outer_full", "kernel"):
        ...     layer = ProductLayer(2, product, seed=0)
        ...     print(layer(tf.ones([1, 3, 4])).shape, layer.count_params() - 12 * 2 - 2)
        (1, 2) 0
        (1, 2) 18
        (1, 2) 6
        (1, 2) 32
        (1, 2) 288
        (1, 2) 54

    References:
        Qu et al., *Product-based Neural Networks for User Response Prediction*, ICDM 2016,
        https://arxiv.org/abs/1611.00144. The authors' repository (Atomu2014/product-nets, commit f0ba274)
        has the inner product over $i < j$ (``pairs="above"``) as ``PNN1`` and the kernel product as ``PNN2``;
        it has neither the factorized form nor an outer product.
    """

    def __init__(
        self,
        units: int,
        product: str = "inner",
        pairs: str = "all",
        kernel_type: str = "mat",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"units must be positive, received {units!r}")
        products = ("none", "inner", "factorized", "outer", "outer_full", "kernel")
        for name, value, known in (
            ("product", product, products),
            ("pairs", pairs, ("all", "above")),
            ("kernel_type", kernel_type, ("mat", "vec", "num")),
        ):
            if value not in known:
                raise ValueError(f"{name} must be one of {known}, received {value!r}")
        for name, value, default, reader in (
            ("pairs", pairs, "all", "inner"),
            ("kernel_type", kernel_type, "mat", "kernel"),
        ):
            if value != default and product != reader:
                raise ValueError(
                    f"{name} must be {default!r} unless product is {reader!r}, received {value!r}"
                )
        self.units = int(units)
        self.product = product
        self.pairs = pairs
        self.kernel_type = kernel_type
        self.seed = seed
        seeds = child_seeds(seed, 3)
        self.signals = glorot_dense(units, seeds[0], dtype=self.dtype_policy)
        self.products = (
            glorot_dense(units, seeds[1], use_bias=False, dtype=self.dtype_policy)
            if product not in ("none", "factorized")
            else None
        )
        self.last_seed = seeds[2]

    def build(self, input_shape: Any) -> None:
        """Creates the weights.

        Args:
            input_shape: ``[B, F, D]``.

        Raises:
            ValueError: the input is not ``[B, F, D]``, or there are no pairs.
        """
        if len(input_shape) != 3:
            raise ValueError(f"e must be [B, F, D], received {tuple(input_shape)}")
        fields, width = input_shape[1:]
        count = fields * (fields - 1) // 2
        size = {
            "none": None,
            "inner": count if self.pairs == "above" else fields**2,
            "factorized": None,
            "outer": width**2,
            "outer_full": (fields * width) ** 2,
            "kernel": count,
        }[self.product]
        if size == 0:
            raise ValueError(f"e must have at least 2 fields, received {tuple(input_shape)}")
        self.signals.build((None, fields * width))
        if self.products is not None:
            self.products.build((None, size))
        if self.product == "factorized":
            start = keras.initializers.GlorotUniform(self.last_seed)
            self.theta = self.add_weight((self.units, fields), start, name="theta")
        if self.product == "kernel":
            shape = {"mat": (width, count, width), "vec": (count, width), "num": (count,)}[self.kernel_type]
            # The fan of one pair's matrix, not of all; a diagonal or a number starts at the inner product.
            limit = (3 / width) ** 0.5
            start = keras.initializers.RandomUniform(-limit, limit, self.last_seed)
            self.kernel = self.add_weight(
                shape, start if self.kernel_type == "mat" else "ones", name="kernel"
            )
        self.built = True

    def call(self, e: tf.Tensor) -> tf.Tensor:
        """Multiplies, weighs and adds up.

        Args:
            e: vectors ``[B, F, D]``.

        Returns:
            The layer before its activation ``[B, U]``.
        """
        # --8<-- [start:call]
        l_z = self.signals(tf.reshape(e, [-1, e.shape[1] * e.shape[2]]))  # [B, U]
        if self.product == "factorized":
            return l_z + factorized_inner(e, tf.convert_to_tensor(self.theta))
        if self.products is None:
            return l_z
        if self.product == "inner":
            fields, w = e.shape[1], tf.convert_to_tensor(self.products.kernel)
            if self.pairs == "above":
                w = tf.scatter_nd(np.argwhere(np.tri(fields, k=-1).T), w, [fields, fields, self.units])
            return l_z + weighted_inner(e, tf.reshape(w, [fields, fields, self.units]))
        if self.product == "kernel":
            p = kernel_products(e, tf.convert_to_tensor(self.kernel))
        else:
            # One product of the sum is the sum of all products.
            p = outer_products(tf.reduce_sum(e, axis=1, keepdims=True) if self.product == "outer" else e)
        return l_z + self.products(p)
        # --8<-- [end:call]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns ``[B, U]``.

        Args:
            input_shape: ``[B, F, D]``.

        Returns:
            Shape of the layer.
        """
        return (input_shape[0], self.units)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        names = ("units", "product", "pairs", "kernel_type", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
