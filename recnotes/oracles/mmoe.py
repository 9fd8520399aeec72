"""MMoE by plain loops in float64."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


# --8<-- [start:experts]
def experts(x: Array, kernel: Array, bias: Array) -> Array:
    """Computes one-layer experts: x ``[B, n]``, kernel ``[E, n, U]``, bias ``[E, U]`` → ``[B, E, U]``."""
    (B, n), (E, _, U) = x.shape, kernel.shape
    f = np.zeros((B, E, U))
    for b in range(B):
        for i in range(E):
            for u in range(U):
                total = bias[i, u]
                for j in range(n):
                    total += x[b, j] * kernel[i, j, u]
                f[b, i, u] = max(total, 0.0)
    return f


# --8<-- [end:experts]


# --8<-- [start:gates]
def gates(x: Array, kernel: Array) -> Array:
    """Computes softmax gates: x ``[B, n]``, kernel ``[G, n, E]`` → ``[B, G, E]``."""
    (B, n), (G, _, E) = x.shape, kernel.shape
    g = np.zeros((B, G, E))
    for b in range(B):
        for k in range(G):
            logits = [sum(x[b, j] * kernel[k, j, i] for j in range(n)) for i in range(E)]
            powers = [np.exp(value - max(logits)) for value in logits]
            for i in range(E):
                g[b, k, i] = powers[i] / sum(powers)
    return g


# --8<-- [end:gates]


# --8<-- [start:mix]
def mix(g: Array, f: Array) -> Array:
    """Mixes experts: gates ``[B, G, E]``, experts ``[B, E, U]`` → ``[B, G, U]``."""
    (B, G, E), U = g.shape, f.shape[2]
    out = np.zeros((B, G, U))
    for b in range(B):
        for k in range(G):
            for i in range(E):
                for u in range(U):
                    out[b, k, u] += g[b, k, i] * f[b, i, u]
    return out


# --8<-- [end:mix]


def mmoe(x: Array, expert_kernel: Array, expert_bias: Array, gate_kernel: Array) -> Array:
    """Computes the layer: x ``[B, n]`` → ``[B, G, U]``."""
    return mix(gates(x, gate_kernel), experts(x, expert_kernel, expert_bias))


def mmoe_gradient(
    x: Array, expert_kernel: Array, expert_bias: Array, gate_kernel: Array, upstream: Array
) -> tuple[Array, Array, Array, Array]:
    r"""Computes the gradients of $\sum_{b,k,u} c_{bku}\,f^k(x_b)_u$ by the chain rule, written out.

    With $f_i$ the experts and $a^k$ ``[E]`` the gate logits:
    $\partial f^k/\partial a^k_i = g^k_i\,(f_i - f^k)$ and $\partial f^k/\partial f_i = g^k_i$.

    Args:
        x: ``[B, n]``.
        expert_kernel: ``[E, n, U]``.
        expert_bias: ``[E, U]``.
        gate_kernel: ``[G, n, E]``.
        upstream: $c$ ``[B, G, U]``.

    Returns:
        Gradients with respect to x, expert_kernel, expert_bias and gate_kernel.
    """
    f, g = experts(x, expert_kernel, expert_bias), gates(x, gate_kernel)
    mixed = mix(g, f)
    (B, G, E), (n, U) = g.shape, expert_kernel.shape[1:]
    dx, dw = np.zeros_like(x), np.zeros_like(expert_kernel)
    db, dgate = np.zeros_like(expert_bias), np.zeros_like(gate_kernel)
    for b in range(B):
        for k in range(G):
            for i in range(E):
                da = 0.0  # of the gate's logit
                for u in range(U):
                    da += upstream[b, k, u] * g[b, k, i] * (f[b, i, u] - mixed[b, k, u])
                    if f[b, i, u] > 0:
                        df = upstream[b, k, u] * g[b, k, i]
                        db[i, u] += df
                        for j in range(n):
                            dw[i, j, u] += df * x[b, j]
                            dx[b, j] += df * expert_kernel[i, j, u]
                for j in range(n):
                    dgate[k, j, i] += da * x[b, j]
                    dx[b, j] += da * gate_kernel[k, j, i]
    return dx, dw, db, dgate
