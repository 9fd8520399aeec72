"""AUC as a Keras metric, from two histograms of the logits."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("recnotes")
class StreamingAUC(keras.metrics.Metric):
    r"""Counts positives and negatives by bin of their probability, and compares the bins.

    $$
    \text{AUC} = \frac{1}{P N} \sum_{m} p_m \Big(\sum_{l < m} n_l + \tfrac12 n_m\Big)
    $$

    with $p_m$ and $n_m$ the positives and negatives in bin $m$ of $M$ bins of equal width on $\sigma(z)$, $P$
    and $N$ their sums. It is `recnotes.metrics.auc` of the scores rounded down to their bin: the difference
    to the exact area is at most half the share of the pairs that fall into one bin. The counts add up, so
    batches and their order do not matter.

    Args:
        num_bins: number ``M`` of bins (default: 8192).
        name: name of the metric (default: "auc").
        **kwargs: passed to `keras.metrics.Metric`.

    Returns:
        Called on labels ``[B]`` (0 or 1) and logits ``[B]``: the area so far; 0.5 while a class is missing,
        and NaN after a batch with a wrong label or a NaN that XLA let pass.

    Raises:
        ValueError: ``num_bins`` is below 2, or labels and logits differ in size.

    Example:
        >>> metric = StreamingAUC()
        >>> metric.update_state(tf.constant([1, 0]), tf.constant([2.0, -1.0]))
        >>> metric.update_state(tf.constant([1, 0]), tf.constant([-1.0, -3.0]))
        >>> float(metric.result())  # three pairs right, one tied
        0.875

    References:
        Fawcett, *An introduction to ROC analysis*, Pattern Recognition Letters 27, 2006,
        https://doi.org/10.1016/j.patrec.2005.10.010. Keras's ``AUC`` has 200 thresholds by default and
        expects probabilities unless ``from_logits=True``.
    """

    def __init__(self, num_bins: int = 8192, name: str = "auc", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        if num_bins < 2:
            raise ValueError(f"num_bins must be at least 2, received {num_bins!r}")
        self.num_bins = int(num_bins)
        # Integers: float32 counts stop growing at 2**24.
        self.counts = self.add_variable((2, self.num_bins), "zeros", dtype="int64", name="counts")
        self.wrong = self.add_variable((), "zeros", dtype="int64", name="wrong")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch.

        Args:
            y_true: labels ``[B]``; another number than 0 or 1 is an error, and makes the result NaN
                under XLA, which drops the check.
            y_pred: logits ``[B]``; NaN is an error, likewise.
            sample_weight: must be None, weights are not counted (default: None).

        Raises:
            ValueError: weights are given, or the sizes differ.
            tf.errors.InvalidArgumentError: a label is not 0 or 1, or a logit is NaN.
        """
        if sample_weight is not None:
            raise ValueError(f"sample_weight must be None, received {type(sample_weight).__name__}")
        label = tf.reshape(tf.cast(y_true, tf.float32), [-1])
        z = tf.reshape(tf.cast(y_pred, tf.float32), [-1])
        if not label.shape.is_compatible_with(z.shape):
            raise ValueError(f"y_true and y_pred must be of one size, received {label.shape} and {z.shape}")
        binary = tf.reduce_all((label == 0) | (label == 1))
        known = ~tf.reduce_any(tf.math.is_nan(z))
        tf.debugging.assert_equal(binary, True, "labels must be 0 or 1, received another number")
        tf.debugging.assert_equal(known, True, "logits must not be NaN")
        self.wrong.assign_add(tf.cast(~(binary & known), tf.int64))
        y = tf.cast(label, tf.int64)
        bins = tf.cast(tf.sigmoid(z) * self.num_bins, tf.int64)
        bins = tf.clip_by_value(bins, 0, self.num_bins - 1)
        flat = tf.math.unsorted_segment_sum(tf.ones_like(y), y * self.num_bins + bins, 2 * self.num_bins)
        self.counts.assign_add(tf.reshape(flat, [2, self.num_bins]))

    def result(self) -> tf.Tensor:
        """Compares the bins.

        Returns:
            The area, a scalar.
        """
        n, p = tf.unstack(tf.cast(self.counts, tf.float64))
        below = tf.cumsum(n, exclusive=True)
        pairs = tf.reduce_sum(p) * tf.reduce_sum(n)
        area = tf.math.divide_no_nan(tf.reduce_sum(p * (below + n / 2)), pairs)
        area = tf.where(pairs > 0, area, 0.5)
        return tf.where(self.wrong > 0, float("nan"), tf.cast(area, tf.float32))

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the metric.

        Returns:
            Keyword arguments of the constructor.
        """
        return {**super().get_config(), "num_bins": self.num_bins}
