"""What the ranking metrics of Keras share: places among all scores, sums over batches."""

from __future__ import annotations

from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from recnotes.metrics._border import check_ties, positive


class StreamingRanking(keras.metrics.Metric):
    """Adds up what the rows of a batch gain, and how many rows there were."""

    word: ClassVar[str]
    several: ClassVar[bool] = False  # whether a row may have several relevant items

    def __init__(self, k: int = 10, ties: str = "expected", name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name=name or f"{self.word}@{k}", **kwargs)
        self.k, self.ties = int(positive(k)), check_ties(ties)
        # What the first 0 ... k places gain together.
        self.gains = np.cumsum([0.0, *self._gain(np.arange(1, self.k + 1))])
        # float32 stops counting rows at 2**24.
        self.total = self.add_variable((), "zeros", dtype="float64", name="total")
        self.count = self.add_variable((), "zeros", dtype="float64", name="count")
        self.wrong = self.add_variable((), "zeros", dtype="int64", name="wrong")

    def _gain(self, place: np.ndarray) -> np.ndarray:
        return np.ones(len(place))

    def _best(self, count: tf.Tensor) -> tf.Tensor:
        """What a row with this many relevant items can gain; 1 for one item."""
        return tf.cast(count, tf.float64)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch; axes before the last one are rows, as the steps of a sequence are.

        Args:
            y_true: the relevant item's id, integers ``[B]``: item ``i`` stands in column ``i-1``, and a row
                with id 0 is left out. Recall and NDCG also take several, 0 or 1 in ``[B, N]``.
            y_pred: scores ``[B, N]``, higher is better; minus infinity for items that must take no place.
            sample_weight: weights of the rows ``[B]``, None for 1 (default: None).

        Raises:
            ValueError: the shapes or types do not fit.
            tf.errors.InvalidArgumentError: an id is not in ``[0, N]``, another number than 0 or 1 stands in
                ``[B, N]``, or a score is NaN.
        """
        if y_true is None:
            raise ValueError("y_true must hold the relevant items, received None: fit takes them as its y")
        y, r = tf.convert_to_tensor(y_true), tf.convert_to_tensor(y_pred)
        if r.shape.rank is None or r.shape.rank < 2 or r.shape[-1] is None or not r.dtype.is_floating:
            raise ValueError(f"y_pred must be scores [B, N], received {r.dtype.name} {r.shape}")
        if y.shape.rank == r.shape.rank and y.shape[-1] == 1 != r.shape[-1]:
            y = y[..., 0]
        is_id = y.shape.is_compatible_with(r.shape[:-1]) and y.shape.rank is not None and y.dtype.is_integer
        if not is_id and not (self.several and y.shape.rank and y.shape.is_compatible_with(r.shape)):
            forms = "integers [B] or 0 and 1 in [B, N]" if self.several else "integers [B]"
            raise ValueError(
                f"y_true must be {forms} for scores {r.shape}, received {y.dtype.name} {y.shape}"
            )
        num_items = r.shape[-1]
        r = tf.reshape(r if r.dtype == tf.float64 else tf.cast(r, tf.float32), [-1, num_items])  # [B, N]
        if is_id:
            ids = tf.reshape(y, [-1])  # [B]
            right = tf.reduce_all((ids >= 0) & (ids <= num_items))
            gain, count = self._one(r, ids), tf.cast(ids > 0, tf.int32)
        else:
            hot = tf.reshape(tf.cast(y, tf.float32), [-1, num_items])  # [B, N]
            right = tf.reduce_all((hot == 0) | (hot == 1))
            gain, count = self._many(r, hot > 0), tf.math.count_nonzero(hot, axis=1, dtype=tf.int32)
        known = ~tf.reduce_any(tf.math.is_nan(r))
        message = f"y_true must be ids in [0, {num_items}], 0 for none" if is_id else "y_true must be 0 or 1"
        tf.debugging.assert_equal(right, True, message)
        tf.debugging.assert_equal(known, True, "y_pred must not be NaN")
        self.wrong.assign_add(tf.cast(~(right & known), tf.int64))  # XLA drops the checks
        w = tf.cast(count > 0, tf.float64)  # [B]
        if sample_weight is not None:
            weight = tf.cast(tf.reshape(tf.convert_to_tensor(sample_weight), [-1]), tf.float64)
            if not weight.shape.is_compatible_with(w.shape):
                raise ValueError(f"sample_weight must be one a row, received {weight.shape} for {w.shape}")
            w *= weight
        self.total.assign_add(tf.reduce_sum(w * tf.math.divide_no_nan(gain, self._best(count))))
        self.count.assign_add(tf.reduce_sum(w))

    def _one(self, r: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        column = tf.clip_by_value(ids - 1, 0, r.shape[-1] - 1)
        own = tf.gather(r, column, batch_dims=1)[:, None]  # [B, 1]
        higher = tf.math.count_nonzero(r > own, axis=1, dtype=tf.int32)
        return self._places(higher, tf.math.count_nonzero(r == own, axis=1, dtype=tf.int32))

    def _many(self, r: tf.Tensor, relevant: tf.Tensor) -> tf.Tensor:
        ordered = tf.sort(r, axis=1)  # [B, N]
        below = tf.searchsorted(ordered, r, side="left")  # [B, N]
        not_above = tf.searchsorted(ordered, r, side="right")  # [B, N]
        gain = self._places(r.shape[-1] - not_above, not_above - below)
        return tf.reduce_sum(tf.where(relevant, gain, 0.0), axis=1)

    def _places(self, higher: tf.Tensor, equal: tf.Tensor) -> tf.Tensor:
        """The mean gain of the places an item shares with its ``equal`` equals, itself counted."""
        after, until = {
            "expected": (higher, higher + equal),
            "best": (higher, higher + 1),
            "worst": (higher + equal - 1, higher + equal),
        }[self.ties]
        gains = tf.constant(self.gains, tf.float64)
        gained = tf.gather(gains, tf.minimum(until, self.k)) - tf.gather(
            gains, tf.clip_by_value(after, 0, self.k)
        )
        return gained / tf.cast(tf.maximum(until - after, 1), tf.float64)

    def result(self) -> tf.Tensor:
        """Divides by the number of rows, or the sum of their weights.

        Returns:
            The mean so far, a scalar; NaN before the first row, and after wrong input that XLA let pass.
        """
        fine = (tf.convert_to_tensor(self.wrong) == 0) & (tf.convert_to_tensor(self.count) > 0)
        return tf.where(fine, tf.math.divide_no_nan(self.total, self.count), float("nan"))

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the metric.

        Returns:
            Keyword arguments of the constructor.
        """
        return {**super().get_config(), "k": self.k, "ties": self.ties}
