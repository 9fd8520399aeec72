"""Products of all pairs of fields: inner, weighted inner, factorized inner, outer, and outer of the sum."""

from __future__ import annotations

import tensorflow as tf


def inner_products(e: tf.Tensor, pairs: str = "all") -> tf.Tensor:
    r"""Multiplies every vector with every other.

    $$
    p_{bij} = \langle e_{bi}, e_{bj} \rangle
    $$

    with $e$ of shape $[B, F, D]$ and $p$ laid out row by row: all $i$ and $j$, shape $[B, F^2]$, or those
    with $i < j$, shape $[B, F(F-1)/2]$.

    Args:
        e: vectors ``[B, F, D]``.
        pairs: ``"all"`` or ``"above"``, the diagonal and both orders, or $i < j$ alone (default: "all").

    Returns:
        Inner products.

    Raises:
        ValueError: ``pairs`` is neither of the two.

    Example:
        >>> e = tf.constant([[[1.0, 2.0], [3.0, 4.0]]])
        >>> inner_products(e).numpy().tolist(), inner_products(e, "above").numpy().tolist()
        ([[5.0, 11.0, 11.0, 25.0]], [[11.0]])

    References:
        Qu et al., *Product-based Neural Networks for User Response Prediction*, ICDM 2016,
        https://arxiv.org/abs/1611.00144.
    """
    if pairs not in ("all", "above"):
        raise ValueError(f"pairs must be 'all' or 'above', received {pairs!r}")
    # --8<-- [start:inner]
    size = e.shape[1]
    g = tf.reshape(tf.matmul(e, e, transpose_b=True), [-1, size * size])  # [B, F*F]
    if pairs == "all":
        return g
    # Row by row what is up to the diagonal and what is above it; a gather would have a slower gradient.
    lengths = [length for i in range(size) for length in (i + 1, size - 1 - i)]
    return tf.concat(tf.split(g, lengths, axis=1)[1::2], axis=1)
    # --8<-- [end:inner]


def weighted_inner(e: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    r"""Weighs the inner products of all $i$ and $j$, most of the pairs once for both orders.

    $$
    l_{bu} = \sum_{i,j} W_{iju} \langle e_{bi}, e_{bj} \rangle
        = \sum_{i,j \text{ of one block}} W_{iju} \langle e_{bi}, e_{bj} \rangle
        + \sum_{i \text{ in an earlier block than } j} (W_{iju} + W_{jiu}) \langle e_{bi}, e_{bj} \rangle
    $$

    with $e$ of shape $[B, F, D]$, $W$ of shape $[F, F, U]$ and $l$ of shape $[B, U]$. The fields are cut into
    three blocks: with $F = 39$ that leaves 1,014 of the 1,521 products, in three matrix products.

    Args:
        e: vectors ``[B, F, D]``.
        w: one weight for each pair and unit ``[F, F, U]``.

    Returns:
        One number a unit ``[B, U]``.

    Example:
        >>> e = tf.constant([[[1.0, 2.0], [3.0, 4.0]]])
        >>> weighted_inner(e, tf.constant([[[1.0], [10.0]], [[100.0], [1000.0]]])).numpy().tolist()
        [[26215.0]]
    """
    # --8<-- [start:weighted]
    third = (e.shape[1] + 2) // 3
    products, weights, later = [], [], e
    for count in range(e.shape[1], 0, -third):
        n = min(third, count)
        block, rest = tf.split(later, [n, count - n], axis=1)
        products.append(tf.reshape(tf.matmul(block, later, transpose_b=True), [-1, n * count]))
        both = w[:n, n:] + tf.transpose(w[n:, :n], [1, 0, 2])
        weights.append(tf.reshape(tf.concat([w[:n, :n], both], axis=1), [n * count, w.shape[2]]))
        w, later = w[n:, n:], rest
    return tf.matmul(tf.concat(products, axis=1), tf.concat(weights, axis=0))
    # --8<-- [end:weighted]


def factorized_inner(e: tf.Tensor, theta: tf.Tensor) -> tf.Tensor:
    r"""Weighs the inner products by a matrix of rank one for each unit, without computing one of them.

    $$
    l_{bu} = \sum_{i,j} \theta_{ui} \theta_{uj} \langle e_{bi}, e_{bj} \rangle
        = \Big\| \sum_i \theta_{ui} e_{bi} \Big\|^2
    $$

    with $e$ of shape $[B, F, D]$, $\theta$ of shape $[U, F]$ and $l$ of shape $[B, U]$. The sum is over all
    $i$ and $j$; over $i < j$ alone there is no such form.

    Args:
        e: vectors ``[B, F, D]``.
        theta: one weight for each unit and field ``[U, F]``.

    Returns:
        One number a unit ``[B, U]``.

    Example:
        >>> e = tf.constant([[[1.0, 2.0], [3.0, 4.0]]])
        >>> factorized_inner(e, tf.constant([[1.0, 0.0], [1.0, 1.0]])).numpy().tolist()  # 1 + 4, 4² + 6²
        [[5.0, 52.0]]

    References:
        Qu et al., *Product-based Neural Networks for User Response Prediction*, ICDM 2016,
        https://arxiv.org/abs/1611.00144. Equation 12 writes the norm without the square that equation 11 has.
    """
    # --8<-- [start:factorized]
    rows = tf.reshape(tf.transpose(e, [0, 2, 1]), [-1, e.shape[1]])
    delta = tf.reshape(
        tf.matmul(rows, theta, transpose_b=True), [-1, e.shape[2], theta.shape[0]]
    )  # [B, D, U]
    return tf.reduce_sum(tf.square(delta), axis=1)
    # --8<-- [end:factorized]


def outer_superposition(e: tf.Tensor) -> tf.Tensor:
    r"""Multiplies the sum of the vectors with itself, which adds up the outer products of all pairs.

    $$
    p_b = \sum_{i,j} e_{bi} e_{bj}^T = s_b s_b^T, \qquad s_b = \sum_i e_{bi}
    $$

    with $e$ of shape $[B, F, D]$, $s$ of shape $[B, D]$ and $p$ laid out row by row, shape $[B, D^2]$.

    Args:
        e: vectors ``[B, F, D]``.

    Returns:
        Products ``[B, D * D]``.

    Example:
        >>> outer_superposition(tf.constant([[[1.0, 2.0], [3.0, 4.0]]])).numpy().tolist()
        [[16.0, 24.0, 24.0, 36.0]]

    References:
        Qu et al., *Product-based Neural Networks for User Response Prediction*, ICDM 2016,
        https://arxiv.org/abs/1611.00144.
    """
    # --8<-- [start:superposition]
    return outer_products(tf.reduce_sum(e, axis=1, keepdims=True))
    # --8<-- [end:superposition]


def outer_products(e: tf.Tensor) -> tf.Tensor:
    r"""Multiplies every element of every vector with every other: the outer products of all pairs.

    $$
    p_b = z_b z_b^T, \qquad z_b = [e_{b1}; \dots; e_{bF}]
    $$

    with $e$ of shape $[B, F, D]$, $z$ of shape $[B, FD]$ and $p$ laid out row by row, shape $[B, (FD)^2]$:
    element $(iD + k, jD + l)$ is element $(k, l)$ of $e_{bi} e_{bj}^T$. For a few short vectors only.

    Args:
        e: vectors ``[B, F, D]``.

    Returns:
        Products ``[B, (F * D)²]``.

    Example:
        >>> outer_products(tf.constant([[[2.0], [3.0]]])).numpy().tolist()
        [[4.0, 6.0, 6.0, 9.0]]
    """
    length = e.shape[1] * e.shape[2]
    z = tf.reshape(e, [-1, length])  # [B, F*D]
    return tf.reshape(z[:, :, tf.newaxis] * z[:, tf.newaxis, :], [-1, length**2])
