"""Cross-entropy against a few sampled classes instead of all: NCE and sampled softmax."""

from __future__ import annotations

import tensorflow as tf

from recnotes.losses._shapes import in_range, vector, wide


def sampled_logits(
    weights: tf.Tensor,
    biases: tf.Tensor,
    labels: tf.Tensor,
    inputs: tf.Tensor,
    sampled: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
    remove_accidental_hits: bool = False,
) -> tf.Tensor:
    r"""Scores the true class and the sampled ones, less the logarithm of how often each is drawn.

    $$
    z_{b0} = \langle x_b, w_{y_b} \rangle + c_{y_b} - \log Q(y_b), \qquad
    z_{bs} = \langle x_b, w_{n_s} \rangle + c_{n_s} - \log Q(n_s)
    $$

    with inputs $x$ of shape $[B, D]$, weights $w$ of shape $[N, D]$, biases $c$ of shape $[N]$, labels $y$ of
    shape $[B]$, samples $n$ of shape $[S]$ shared by the batch, expected counts $Q$, and $z$ of shape
    $[B, 1+S]$. Only the rows read get a gradient.

    Args:
        weights: ``[N, D]``.
        biases: ``[N]``.
        labels: integers ``[B]``, one true class a row.
        inputs: ``[B, D]``.
        sampled: drawn classes ``[S]``, expected counts of the true classes ``[B]`` and of the drawn ``[S]``.
        remove_accidental_hits: whether a drawn class that is the row's true one drops out (default: False).

    Returns:
        Logits ``[B, 1+S]``, the true class first.

    Raises:
        ValueError: shapes do not fit; under ``jit_compile=True``, where XLA clamps a class out of range.
        tf.errors.InvalidArgumentError: a class is not in ``[0, N)``.

    Example:
        >>> draws = tf.constant([0, 2]), tf.ones(1), tf.ones(2)
        >>> x = tf.constant([[4.0, 5.0, 6.0]])
        >>> sampled_logits(tf.eye(3), tf.zeros(3), tf.constant([1]), x, draws).numpy()
        array([[5., 4., 6.]], dtype=float32)

    References:
        Bengio and Senécal, *Adaptive Importance Sampling to Accelerate Training of a Neural Probabilistic
        Language Model*, IEEE Transactions on Neural Networks 2008, https://doi.org/10.1109/TNN.2007.912312.
    """
    x, (drawn, true_count, drawn_count) = wide(inputs), sampled
    labels, drawn = tf.convert_to_tensor(labels), tf.cast(drawn, labels.dtype)
    if x.shape.rank != 2 or labels.shape.rank != 1 or drawn.shape.rank != 1:
        raise ValueError(
            "inputs, labels and drawn classes must be [B, D], [B] and [S], received "
            f"{tuple(x.shape)}, {tuple(labels.shape)} and {tuple(drawn.shape)}"
        )
    if not labels.shape.is_compatible_with(x.shape[:1]):
        raise ValueError(f"labels must be [B] with B = {x.shape[0]}, received {tuple(labels.shape)}")
    table, offsets = tf.TensorShape(weights.shape), tf.TensorShape(biases.shape)
    if not (table[1:].is_compatible_with(x.shape[1:]) and table[:1].is_compatible_with(offsets)):
        raise ValueError(
            f"weights and biases must be [N, {x.shape[1]}] and [N], received {table} and {offsets}"
        )
    num_classes = tf.shape(weights)[0] if table[0] is None else table[0]
    labels = in_range("labels", labels, num_classes)  # [B]
    drawn = in_range("drawn classes", drawn, num_classes)  # [S]
    true_count = vector("true counts", tf.reshape(true_count, [-1]), "labels", labels)  # [B]
    drawn_count = vector("drawn counts", drawn_count, "drawn classes", drawn)  # [S]
    true = tf.reduce_sum(x * tf.gather(weights, labels), axis=1) + tf.gather(biases, labels)  # [B]
    true -= tf.math.log(tf.cast(true_count, x.dtype))  # [B]
    negative = tf.matmul(x, tf.gather(weights, drawn), transpose_b=True) + tf.gather(biases, drawn)  # [B, S]
    negative -= tf.math.log(tf.cast(drawn_count, x.dtype))  # [B, S]
    if remove_accidental_hits:
        hit = labels[:, None] == drawn
        negative = tf.where(hit, tf.constant(x.dtype.min, x.dtype), negative)  # [B, S]
    return tf.concat([true[:, None], negative], axis=1)


def sampled_softmax_loss(
    weights: tf.Tensor,
    biases: tf.Tensor,
    labels: tf.Tensor,
    inputs: tf.Tensor,
    sampled: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
    remove_accidental_hits: bool = True,
) -> tf.Tensor:
    r"""Softmax cross-entropy over the true class and the sampled ones.

    $$
    \ell_b = -\log \frac{e^{z_{b0}}}{e^{z_{b0}} + \sum_{s=1}^{S} e^{z_{bs}}}
    $$

    with the corrected logits $z$ of `sampled_logits` of shape $[B, 1+S]$. As the samples grow it tends to the
    full softmax.

    Args:
        weights: ``[N, D]``.
        biases: ``[N]``.
        labels: integers ``[B]``.
        inputs: ``[B, D]``.
        sampled: drawn classes ``[S]``, expected counts of the true classes ``[B]`` and of the drawn ``[S]``.
        remove_accidental_hits: whether a drawn class that is the row's true one drops out (default: True).

    Returns:
        Losses ``[B]``.

    Raises:
        ValueError: shapes do not fit; under ``jit_compile=True``, where XLA clamps a class out of range.
        tf.errors.InvalidArgumentError: a class is not in ``[0, N)``.

    Example:
        >>> draws = tf.constant([0, 2]), tf.ones(1), tf.ones(2)
        >>> loss = sampled_softmax_loss(tf.eye(3), tf.zeros(3), tf.constant([1]), tf.zeros([1, 3]), draws)
        >>> round(float(loss[0]), 4)  # log 3
        1.0986

    References:
        Jean et al., *On Using Very Large Target Vocabulary for Neural Machine Translation*, ACL 2015,
        https://arxiv.org/abs/1412.2007. ``tf.nn.sampled_softmax_loss`` is the same; its default sampler is
        log-uniform, which presumes ids sorted by falling frequency.
    """
    z = sampled_logits(weights, biases, labels, inputs, sampled, remove_accidental_hits)
    return tf.reduce_logsumexp(z, axis=1) - z[:, 0]


def nce_loss(
    weights: tf.Tensor,
    biases: tf.Tensor,
    labels: tf.Tensor,
    inputs: tf.Tensor,
    sampled: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
    remove_accidental_hits: bool = False,
) -> tf.Tensor:
    r"""Binary cross-entropy that tells the true class from the sampled ones.

    $$
    \ell_b = -\log \sigma(z_{b0}) - \sum_{s=1}^{S} \log\big(1 - \sigma(z_{bs})\big)
    $$

    with the corrected logits $z$ of `sampled_logits` of shape $[B, 1+S]$.

    Args:
        weights: ``[N, D]``.
        biases: ``[N]``.
        labels: integers ``[B]``.
        inputs: ``[B, D]``.
        sampled: drawn classes ``[S]``, expected counts of the true classes ``[B]`` and of the drawn ``[S]``.
        remove_accidental_hits: whether a drawn class that is the row's true one drops out (default: False).

    Returns:
        Losses ``[B]``.

    Raises:
        ValueError: shapes do not fit; under ``jit_compile=True``, where XLA clamps a class out of range.
        tf.errors.InvalidArgumentError: a class is not in ``[0, N)``.

    Example:
        >>> draws = tf.constant([0, 2]), tf.ones(1), tf.ones(2)
        >>> loss = nce_loss(tf.eye(3), tf.zeros(3), tf.constant([1]), tf.zeros([1, 3]), draws)
        >>> round(float(loss[0]), 4)  # 3 log 2
        2.0794

    References:
        Gutmann and Hyvärinen, *Noise-contrastive estimation: A new estimation principle for unnormalized
        statistical models*, AISTATS 2010, https://proceedings.mlr.press/v9/gutmann10a.html.
        ``tf.nn.nce_loss`` is the same.
    """
    z = sampled_logits(weights, biases, labels, inputs, sampled, remove_accidental_hits)
    return tf.math.softplus(-z[:, 0]) + tf.reduce_sum(tf.math.softplus(z[:, 1:]), axis=1)
