"""The two-task regression data of the MMoE paper: how related the tasks are is a number you choose."""

import dataclasses

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class TwoTasks:
    """Rows of the generator together with the truth that made them.

    Args:
        x: float64 ``[B, n]``, the features, standard normal.
        y: float64 ``[B, 2]``, the labels of the two tasks, noise included.
        clean: float64 ``[B, 2]``, the labels before noise: no model can come closer to ``y`` than these.
        w: float64 ``[2, n]``, the planted weight vectors.
        alpha: float64 ``[m]``, the frequencies of the sinusoids.
        beta: float64 ``[m]``, their phases.
    """

    x: Array
    y: Array
    clean: Array
    w: Array
    alpha: Array
    beta: Array


def task_vectors(n: int, cosine: float, scale: float, rng: np.random.Generator) -> Array:
    r"""Draws two weight vectors whose cosine is exactly the one asked for.

    $$
    w_1 = c\,u_1, \qquad w_2 = c\,\big(p\,u_1 + \sqrt{1-p^2}\,u_2\big)
    $$

    with $u_1, u_2$ ``[n]`` orthonormal, $c$ the scale and $p$ the cosine.

    Args:
        n: number of features, at least 2.
        cosine: $p$, between −1 and 1.
        scale: $c$, the length of both vectors.
        rng: where the two directions come from.

    Returns:
        float64 ``[2, n]``.

    Raises:
        ValueError: if ``n`` is below 2, ``cosine`` is outside [−1, 1] or ``scale`` is not positive.

    Example:
        >>> w = task_vectors(100, cosine=0.5, scale=2.0, rng=np.random.default_rng(0))
        >>> round(float(w[0] @ w[1] / 4), 12), round(float(np.linalg.norm(w[1])), 12)
        (0.5, 2.0)

    References:
        Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts",
        KDD 2018, section 3.2, https://doi.org/10.1145/3219819.3220007. The paper does not say how the two
        directions are drawn; here they are the QR factor of a normal matrix, so uniform over directions.
    """
    if n < 2:
        raise ValueError(f"n must be at least 2, received {n!r}")
    if not -1 <= cosine <= 1:
        raise ValueError(f"cosine must be between -1 and 1, received {cosine!r}")
    if not scale > 0:
        raise ValueError(f"scale must be positive, received {scale!r}")
    u = np.linalg.qr(rng.normal(size=(n, 2)))[0].T
    return scale * np.stack([u[0], cosine * u[0] + np.sqrt(1 - cosine**2) * u[1]])


def clean_labels(x: Array, w: Array, alpha: Array, beta: Array) -> Array:
    r"""Computes both tasks' labels without noise.

    $$
    y_k = w_k^\top x + \sum_{i=1}^{m}\sin(\alpha_i\,w_k^\top x + \beta_i)
    $$

    with $x$ ``[n]`` one row of ``x`` ``[B, n]``, $w_k$ ``[n]``, $\alpha$ and $\beta$ ``[m]``.

    Args:
        x: float64 ``[B, n]``.
        w: float64 ``[2, n]``.
        alpha: float64 ``[m]``.
        beta: float64 ``[m]``.

    Returns:
        float64 ``[B, 2]``.

    Example:
        >>> clean_labels(np.eye(2), np.eye(2), np.array([0.0]), np.array([np.pi / 2]))
        array([[2., 1.],
               [1., 2.]])

    References:
        Ma et al., KDD 2018, equations 3 and 4, https://doi.org/10.1145/3219819.3220007.
    """
    # --8<-- [start:labels]
    s = x @ w.T
    return s + np.sin(s[:, :, None] * alpha + beta).sum(axis=-1)
    # --8<-- [end:labels]


def two_tasks(
    num_examples: int,
    cosine: float,
    n: int = 100,
    scale: float = 1.0,
    num_sinusoids: int = 5,
    noise: float = 0.1,
    seed: int = 0,
) -> TwoTasks:
    r"""Generates the paper's two regression tasks.

    $$
    y_k = w_k^\top x + \sum_{i=1}^{m}\sin(\alpha_i\,w_k^\top x + \beta_i) + \epsilon_k,\qquad
    \cos(w_1, w_2) = p
    $$

    with $x \sim N(0, I)$ ``[n]``, $w_k$ ``[n]`` of length $c$, $\alpha, \beta$ ``[m]`` and
    $\epsilon_k \sim N(0, \sigma^2)$. Directions, frequencies, rows and noise each have their own stream:
    two calls that differ in ``cosine`` alone differ in $w_2$ alone.

    Args:
        num_examples: number of rows $B$.
        cosine: $p$, the cosine between the tasks' weight vectors. It is not the correlation of the labels:
            that is ``label_correlation``.
        n: number of features (default: 100).
        scale: $c$, the length of the weight vectors (default: 1.0).
        num_sinusoids: $m$ (default: 5).
        noise: $\sigma$, standard deviation of the label noise (default: 0.1).
        seed: decides everything that is drawn (default: 0).

    Returns:
        A `TwoTasks`: ``x`` ``[B, n]``, ``y`` ``[B, 2]`` and the planted truth.

    Raises:
        ValueError: if a size or ``noise`` is negative, or ``task_vectors`` refuses its arguments.

    Example:
        >>> data = two_tasks(num_examples=4, cosine=0.5, n=3)
        >>> data.x.shape, data.y.shape, data.w.shape, data.alpha.shape
        ((4, 3), (4, 2), (2, 3), (5,))

    References:
        Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts",
        KDD 2018, section 3.2, https://doi.org/10.1145/3219819.3220007. The paper names $d=100$ and a noise
        of N(0, 0.01), read as a variance, but neither $c$, $m$, $\alpha$ nor $\beta$; here $c=1$, $m=5$, and
        $\alpha, \beta$ are standard normal. github.com/drawbridge/keras-mmoe takes $c=0.3$, $m=5$ and centers
        the first direction.
    """
    if num_examples < 0:
        raise ValueError(f"num_examples must not be negative, received {num_examples!r}")
    if num_sinusoids < 0:
        raise ValueError(f"num_sinusoids must not be negative, received {num_sinusoids!r}")
    if noise < 0:
        raise ValueError(f"noise must not be negative, received {noise!r}")
    directions, shapes, rows, errors = (
        np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(4)
    )
    w = task_vectors(n, cosine, scale, directions)
    alpha, beta = shapes.normal(size=(2, num_sinusoids))
    x = rows.normal(size=(num_examples, n))
    clean = clean_labels(x, w, alpha, beta)
    y = clean + noise * errors.normal(size=clean.shape)
    return TwoTasks(x=x, y=y, clean=clean, w=w, alpha=alpha, beta=beta)


def label_correlation(cosine: float, scale: float, alpha: Array, beta: Array, noise: float = 0.0) -> float:
    r"""Computes the Pearson correlation of the two labels from the cosine, exactly.

    With $s = w_1^\top x$ and $t = w_2^\top x$, jointly normal with variance $c^2$ and covariance $p\,c^2$,

    $$
    \mathrm{cov}(y_1, y_2) = p\,c^2\Big(1 + 2\sum_i \alpha_i\cos\beta_i\,e^{-c^2\alpha_i^2/2}\Big)
    + \sum_{i,j} C_{ij}(p)
    $$

    $$
    C_{ij}(p) = \tfrac12 e^{-c^2(\alpha_i^2+\alpha_j^2)/2}
    \big(\cos(\beta_i-\beta_j)(e^{p c^2\alpha_i\alpha_j}-1)
    - \cos(\beta_i+\beta_j)(e^{-p c^2\alpha_i\alpha_j}-1)\big)
    $$

    with $\alpha, \beta$ ``[m]``. The variance is the covariance at $p=1$ plus $\sigma^2$.

    Args:
        cosine: $p$.
        scale: $c$.
        alpha: float64 ``[m]``.
        beta: float64 ``[m]``.
        noise: $\sigma$ (default: 0.0).

    Returns:
        The correlation, between −1 and 1.

    Example:
        >>> none = np.zeros(0)
        >>> label_correlation(0.5, 1.0, none, none), round(label_correlation(0.5, 1.0, none, none, 0.1), 4)
        (0.5, 0.495)

    References:
        Ma et al., KDD 2018, section 3.2, https://doi.org/10.1145/3219819.3220007, measure it on 10,000 rows
        (their figure 2) and call it exactly $p$ for linear tasks; with their noise it is
        $p\,c^2/(c^2+\sigma^2)$.
    """

    def covariance(p: float) -> float:
        decay = np.exp(-(scale**2) * alpha**2 / 2)
        linear = p * scale**2 * (1 + 2 * np.sum(alpha * np.cos(beta) * decay))
        cross = p * scale**2 * np.outer(alpha, alpha)
        waves = np.cos(beta[:, None] - beta) * np.expm1(cross) - np.cos(beta[:, None] + beta) * np.expm1(
            -cross
        )
        return float(linear + 0.5 * np.sum(np.outer(decay, decay) * waves))

    return covariance(cosine) / (covariance(1.0) + noise**2)
