"""What trains a model to name the next item at every step of a history."""

from __future__ import annotations

import tensorflow as tf


def sampled_binary_cross_entropy(logits: tf.Tensor, mask: tf.Tensor, beta: float = 1.0) -> tf.Tensor:
    r"""Binary cross-entropy of the next item against sampled negatives, averaged over real steps.

    $$
    \mathcal{L} = -\frac{1}{\sum m}\sum_{b,t} m_{bt}\Big[\beta\log\sigma(r_{bt0})
    + \sum_{k=1}^{K}\log\big(1-\sigma(r_{btk})\big)\Big]
    $$

    with the logits $r$ of shape $[B, L, 1+K]$, the next item first and $K$ negatives after it, and the mask
    $m$ of shape $[B, L]$, true where there is a next item. With $\beta < 1$ it is gBCE up to the factor
    $1/(K+1)$, since $\log\sigma^\beta = \beta\log\sigma$.

    Args:
        logits: float tensor ``[B, L, 1+K]``, the positive first.
        mask: bool tensor ``[B, L]``.
        beta: weight of the positive term, see `gbce_beta` (default: 1.0).

    Returns:
        float tensor, a scalar; 0 where the mask is empty.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> loss = sampled_binary_cross_entropy(tf.zeros([1, 2, 2]), tf.constant([[True, False]]))
        >>> round(float(loss), 4)  # 2 log 2
        1.3863

    References:
        Kang and McAuley, *Self-Attentive Sequential Recommendation*, ICDM 2018,
        https://arxiv.org/abs/1808.09781: the paper prints the sum, the authors' code the mean over real
        steps, with ``log(sigmoid(r) + 1e-24)`` where this function uses softplus. Petrov and Macdonald,
        *gSASRec*, RecSys 2023, https://arxiv.org/abs/2308.07192: gBCE.
    """
    logits = tf.cast(logits, tf.float32) if logits.dtype != tf.float64 else logits
    if logits.shape.rank != 3 or not logits.shape[:2].is_compatible_with(mask.shape):
        received = f"{logits.shape}, {mask.shape}"
        raise ValueError(f"logits and mask must be [B, L, 1+K], [B, L], received {received}")
    # --8<-- [start:bce]
    m = tf.cast(mask, logits.dtype)  # [B, L]
    positive = tf.math.softplus(-logits[:, :, 0])  # [B, L]
    negative = tf.reduce_sum(tf.math.softplus(logits[:, :, 1:]), axis=2)  # [B, L]
    return tf.reduce_sum(m * (beta * positive + negative)) / tf.maximum(tf.reduce_sum(m), 1)
    # --8<-- [end:bce]


def gbce_beta(num_negatives: int, num_items: int, calibration: float) -> float:
    r"""Returns gBCE's exponent from the number of negatives and the calibration.

    $$
    \beta = \alpha\Big(t\big(1-\tfrac1\alpha\big)+\tfrac1\alpha\Big) = 1 - t(1-\alpha),
    \qquad \alpha = \frac{K}{N-1}
    $$

    with $K$ negatives out of $N$ items and the calibration $t \in [0, 1]$. At $t=0$ it is 1, plain binary
    cross-entropy; at $t=1$ it is the sampling rate $\alpha$.

    Args:
        num_negatives: negatives for each positive, ``K``.
        num_items: number of items ``N``, at least 2.
        calibration: ``t`` between 0 and 1.

    Returns:
        the exponent.

    Raises:
        ValueError: the calibration is not in [0, 1], or the numbers are too small.

    Example:
        >>> round(gbce_beta(256, 3416, 0.75), 4)
        0.3062

    References:
        Petrov and Macdonald, *gSASRec: Reducing Overconfidence in Sequential Recommendation Trained with
        Negative Sampling*, RecSys 2023, https://arxiv.org/abs/2308.07192.
    """
    if not 0 <= calibration <= 1:
        raise ValueError(f"calibration must be in [0, 1], received {calibration!r}")
    if num_negatives < 1 or num_items < 2:
        received = f"{num_negatives}, {num_items}"
        raise ValueError(f"num_negatives, num_items must be at least 1, 2, received {received}")
    return 1 - calibration * (1 - num_negatives / (num_items - 1))


# --8<-- [start:ce]
def next_item_cross_entropy(scores: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    r"""Cross-entropy of the next item under a softmax over all items, averaged over real steps.

    $$
    \mathcal{L} = -\frac{1}{\sum m}\sum_{b,t} m_{bt}\,
    \log\frac{\exp(r_{bt,o_{bt}})}{\sum_{i=1}^{N}\exp(r_{bti})}
    $$

    with the scores $r$ of shape $[B, L, N]$ (item $i$ in column $i-1$), the next items $o$ of shape $[B,
    L]$, 0 where there is none, and $m_{bt}=[o_{bt}\ne 0]$.

    Args:
        scores: float tensor ``[B, L, N]``.
        target: integer tensor ``[B, L]`` of item ids ``1 ... N``; 0 and below are ignored, and an id
            above ``N`` is an error on a CPU and gives NaN under XLA.

    Returns:
        float tensor, a scalar; 0 where every target is 0.

    Example:
        >>> loss = next_item_cross_entropy(tf.zeros([1, 2, 5]), tf.constant([[3, 0]]))
        >>> round(float(loss), 4)  # log 5
        1.6094

    References:
        Klenitskiy and Vasilev, *Turning Dross Into Gold Loss: is BERT4Rec really better than SASRec?*,
        RecSys 2023, https://arxiv.org/abs/2309.07602: SASRec with this loss.
    """
    scores = tf.cast(scores, tf.float32) if scores.dtype != tf.float64 else scores
    m = tf.cast(target > 0, scores.dtype)  # [B, L]
    nll = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(target - 1, 0), scores)  # [B, L]
    return tf.reduce_sum(m * nll) / tf.maximum(tf.reduce_sum(m), 1)


# --8<-- [end:ce]
