"""Steps of optimizers on the rows of a table, number by number in float64."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def summed_rows(indices: Sequence[int], values: np.ndarray) -> dict[int, list[float]]:
    r"""Adds up the slices of each row.

    $$
    g_r = \sum_{p \,:\, \text{indices}_p = r} \text{values}_p
    $$

    with the indices of shape $[P]$, the values of shape $[P, D]$ and each $g_r$ of shape $[D]$.

    Args:
        indices: row of each slice.
        values: slices ``[P, D]``.

    Returns:
        Summed gradient by row.

    Example:
        >>> summed_rows([7, 3, 7], np.array([[1.0], [2.0], [4.0]]))
        {7: [5.0], 3: [2.0]}
    """
    g: dict[int, list[float]] = {}
    for row, value in zip(indices, np.asarray(values, np.float64), strict=True):
        row_sum = g.setdefault(int(row), [0.0] * len(value))
        for d, x in enumerate(value):
            row_sum[d] += float(x)
    return g


def adagrad_step(
    table: np.ndarray, a: np.ndarray, g: dict[int, list[float]], lr: float, epsilon: float = 1e-7
) -> None:
    r"""Takes a step of Adagrad in place.

    $$
    a_r \leftarrow a_r + g_r^2, \qquad T_r \leftarrow T_r - \eta\, g_r / \sqrt{a_r + \epsilon}
    $$

    with the table $T$ and the sums of squares $a$ of shape $[V, D]$ and $g_r$ of shape $[D]$.

    Args:
        table: table ``[V, D]``.
        a: sums of squares ``[V, D]``.
        g: summed gradient by row.
        lr: learning rate.
        epsilon: number under the root (default: 1e-07).

    Example:
        >>> table, a = np.ones([2, 1]), np.zeros([2, 1])
        >>> adagrad_step(table, a, {1: [4.0]}, 0.5)
        >>> table.round(6).tolist(), a.tolist()
        ([[1.0], [0.5]], [[0.0], [16.0]])
    """
    for r, row in g.items():
        for d, x in enumerate(row):
            a[r, d] += x * x
            table[r, d] -= lr * x / (a[r, d] + epsilon) ** 0.5


def lazy_adam_step(
    table: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    g: dict[int, list[float]],
    lr: float,
    t: int,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> None:
    r"""Takes a step of Adam in place, for the rows that have a gradient.

    $$
    m_r \leftarrow \beta_1 m_r + (1 - \beta_1) g_r, \quad
    v_r \leftarrow \beta_2 v_r + (1 - \beta_2) g_r^2, \quad
    T_r \leftarrow T_r - \eta \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t} \frac{m_r}{\sqrt{v_r} + \epsilon}
    $$

    with the table $T$ and the moments $m$, $v$ of shape $[V, D]$ and $g_r$ of shape $[D]$. With a zero
    gradient for every other row it is a step of dense Adam.

    Args:
        table: table ``[V, D]``.
        m: first moments ``[V, D]``.
        v: second moments ``[V, D]``.
        g: summed gradient by row.
        lr: learning rate.
        t: number of the step, from 1.
        beta_1: decay of the first moments (default: 0.9).
        beta_2: decay of the second moments (default: 0.999).
        epsilon: number beside the root (default: 1e-07).

    Example:
        >>> table, m, v = np.ones([2, 1]), np.zeros([2, 1]), np.zeros([2, 1])
        >>> lazy_adam_step(table, m, v, {1: [4.0]}, 0.5, 1)
        >>> table.round(6).tolist()
        [[1.0], [0.5]]
    """
    alpha = lr * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t)
    for r, row in g.items():
        for d, x in enumerate(row):
            m[r, d] = beta_1 * m[r, d] + (1 - beta_1) * x
            v[r, d] = beta_2 * v[r, d] + (1 - beta_2) * x * x
            table[r, d] -= alpha * m[r, d] / (v[r, d] ** 0.5 + epsilon)


def ftrl_step(
    table: np.ndarray,
    n: np.ndarray,
    z: np.ndarray,
    g: dict[int, list[float]],
    lr: float,
    power: float = -0.5,
    l1: float = 0.0,
    l2: float = 0.0,
    shrinkage: float = 0.0,
    beta: float = 0.0,
) -> None:
    r"""Takes a step of FTRL in place, for the rows that have a gradient.

    $$
    \begin{aligned}
    z_r &\leftarrow z_r + g_r + 2 \lambda_s T_r - \frac{(n_r + g_r^2)^{-p} - n_r^{-p}}{\eta}\, T_r, \qquad
    n_r \leftarrow n_r + g_r^2, \\
    T_r &\leftarrow \frac{\text{clip}(z_r, -\lambda_1, \lambda_1) - z_r}
        {n_r^{-p} / \eta + 2 \lambda_2 + \beta / \eta}
    \end{aligned}
    $$

    with the table $T$, the sums of squares $n$ and the linear terms $z$ of shape $[V, D]$ and $g_r$ of shape
    $[D]$. With a zero gradient for every other row it is a step of Keras's dense Ftrl.

    Args:
        table: table ``[V, D]``.
        n: sums of squares ``[V, D]``.
        z: linear terms ``[V, D]``.
        g: summed gradient by row.
        lr: learning rate.
        power: power of the learning rate (default: -0.5).
        l1: strength of the absolute penalty (default: 0.0).
        l2: strength of the squared penalty (default: 0.0).
        shrinkage: strength of the shrinkage (default: 0.0).
        beta: smoothing of the learning rate (default: 0.0).

    Example:
        >>> table, n, z = np.zeros([2, 1]), np.zeros([2, 1]), np.zeros([2, 1])
        >>> ftrl_step(table, n, z, {1: [3.0]}, 0.5, l1=1.0)
        >>> table.round(4).tolist()
        [[0.0], [-0.3333]]
    """
    for r, row in g.items():
        for d, x in enumerate(row):
            after = n[r, d] + x * x
            change = (after**-power - n[r, d] ** -power) / lr
            z[r, d] += x + 2 * shrinkage * table[r, d] - change * table[r, d]
            n[r, d] = after
            clipped = min(max(z[r, d], -l1), l1)
            table[r, d] = (clipped - z[r, d]) / (after**-power / lr + 2 * l2 + beta / lr)
