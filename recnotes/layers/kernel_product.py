"""Inner products under a kernel of each pair's own."""

from __future__ import annotations

import tensorflow as tf


def kernel_products(e: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    r"""Multiplies the vectors of each pair of fields under a kernel of the pair's own.

    $$
    p_{bij} = e_{bi}^T K_{ij} \, e_{bj}, \qquad i < j
    $$

    with $e$ of shape $[B, F, D]$ and $p$ of shape $[B, P]$, $P = F(F-1)/2$. $K_{ij}$ is a matrix of shape
    $[D, D]$, a diagonal of shape $[D]$ or a number; the kernels of all pairs have shape $[D, P, D]$, $[P, D]$
    or $[P]$.

    Args:
        e: vectors ``[B, F, D]``.
        kernel: kernels of all pairs.

    Returns:
        One number a pair ``[B, P]``, in the order (0, 1), (0, 2), …, (1, 2), ….

    Example:
        >>> e = tf.constant([[[1.0, 2.0], [3.0, 4.0]]])
        >>> kernels = [[[0.0, 1.0]], [[0.0, 0.0]]], [[1.0, 10.0]], [2.0]
        >>> for kernel in kernels:  # 1 · 4, 1 · 3 + 20 · 4, 2 · 11
        ...     print(kernel_products(e, tf.constant(kernel)).numpy().tolist())
        [[4.0]]
        [[83.0]]
        [[22.0]]

    References:
        Qu et al., *Product-based Neural Networks for User Response Prediction over Multi-field Categorical
        Data*, https://arxiv.org/abs/1807.00311. The authors' repository (Atomu2014/product-nets, commit
        f0ba274) has it as ``PNN2``, in the place of the outer product of their first paper.
    """
    # --8<-- [start:kernel]
    if kernel.shape.rank == 1:
        kernel = kernel[:, tf.newaxis]
    num_fields, width = e.shape[1], e.shape[2]
    columns, start, later = [], 0, e
    # Field by field: all pairs at once are P·D numbers an example, too many for the caches.
    for i in range(num_fields - 1):
        count = num_fields - 1 - i
        # A slice of e would have a gradient as large as e.
        field, later = tf.split(later, [1, count], axis=1)
        if kernel.shape.rank == 3:
            k = tf.reshape(kernel[:, start : start + count], [width, count * width])
            left = tf.reshape(tf.matmul(field[:, 0], k), [-1, count, width])
        else:
            left = field * kernel[start : start + count]
        columns.append(tf.reduce_sum(left * later, axis=-1))
        start += count
    return tf.concat(columns, axis=1)
    # --8<-- [end:kernel]
