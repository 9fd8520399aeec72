"""GAUC in training: a Keras metric that keeps the rows, and a callback that needs nothing but a model."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recnotes.metrics.grouped import gauc


@keras.saving.register_keras_serializable("recnotes")
class GAUC(keras.metrics.Metric):
    r"""Keeps labels, groups and scores, and takes their GAUC when asked: `gauc` to the bit, ties included.

    $$
    \text{GAUC} = \frac{\sum_u n_u\, \text{AUC}_u}{\sum_u n_u}
    $$

    with $n_u$ the rows of user $u$, over the users that have both classes. It needs each row's user, so
    ``y_true`` has two columns: label, user. In ``compile`` the loss must then read the first one,
    ``loss=lambda y, z: loss(y[:, :1], z)``, and so must every other metric. ``sample_weight`` in ``fit``
    counts for the loss; ``class_weight`` would take the columns for two classes. Wherever two columns are
    in the way, there is `ValidationGAUC`.
    Pairs of one user may be spread over batches, so no sum of bounded size gives this number: 13 bytes a
    row are reserved for ``max_rows`` rows, and a row beyond them is an error. Keras asks after every
    batch, inside its graph: there the answer is NaN (the progress bar shows it), and the number is
    computed once, at the end of the epoch or of ``evaluate``. Nothing of it goes into a checkpoint.

    Args:
        max_rows: number of rows that can be kept between two resets (default: 1000000).
        name: name of the metric (default: "gauc").
        **kwargs: passed to `keras.metrics.Metric`.

    Returns:
        Called on ``[B, 2]``, label (0 or 1) and user, and scores ``[B]``: the GAUC so far; NaN while no user
        has both classes, and after wrong input that XLA let pass.

    Raises:
        ValueError: ``max_rows`` is not positive.

    Example:
        >>> metric = GAUC(max_rows=10)
        >>> metric.update_state([[1, 7], [0, 7], [1, 9]], [0.2, 0.1, 0.8])
        >>> metric.update_state([[0, 9], [0, 9]], [0.9, 0.7])
        >>> float(metric.result())  # (2 · 1 + 3 · ½) / 5
        0.7

    References:
        Zhou et al., *Deep Interest Network for Click-Through Rate Prediction*, KDD 2018,
        https://arxiv.org/abs/1706.06978.
    """

    def __init__(self, max_rows: int = 1000000, name: str = "gauc", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        if max_rows < 1:
            raise ValueError(f"max_rows must be positive, received {max_rows!r}")
        self.max_rows = int(max_rows)
        self.labels = self.add_variable((self.max_rows,), "zeros", dtype="int8", name="labels")
        self.groups = self.add_variable((self.max_rows,), "zeros", dtype="int64", name="groups")
        self.scores = self.add_variable((self.max_rows,), "zeros", dtype="float32", name="scores")
        self.count = self.add_variable((), "zeros", dtype="int64", name="count")
        self.wrong = self.add_variable((), "zeros", dtype="int64", name="wrong")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Keeps a batch.

        Args:
            y_true: label and user of each row, ``[B, 2]``; floats must be whole numbers below ``2**24``.
            y_pred: scores ``[B]`` or ``[B, 1]``, kept as float32.
            sample_weight: must be None, weights are not counted (default: None).

        Raises:
            ValueError: weights are given, or the shapes do not fit.
            tf.errors.InvalidArgumentError: a label is not 0 or 1, a user is no whole number, a score is NaN,
                or there are more than ``max_rows`` rows.
        """
        if sample_weight is not None:
            received = f"{type(sample_weight).__name__}: GAUC goes into metrics, not weighted_metrics"
            raise ValueError(f"sample_weight must be None, received {received}")
        y, s = tf.convert_to_tensor(y_true), tf.reshape(tf.cast(y_pred, tf.float32), [-1])
        if not y.shape.is_compatible_with([s.shape[0], 2]):
            received = f"{y.shape} for {s.shape}; with labels alone use the callback ValidationGAUC"
            raise ValueError(f"y_true must be [B, 2], label and user, received {received}")
        label, group = y[:, 0], tf.cast(y[:, 1], tf.int64)
        # From 2**24 on float32 skips numbers: two users could have become one.
        whole = (
            True
            if y.dtype.is_integer
            else tf.reduce_all((y[:, 1] == tf.round(y[:, 1])) & (abs(y[:, 1]) < 2**24))
        )
        start, size = tf.convert_to_tensor(self.count), tf.size(s, out_type=tf.int64)
        checks = [
            (tf.reduce_all((label == 0) | (label == 1)), "labels must be 0 or 1, received another number"),
            (whole, "users must be whole numbers, below 2**24 where they are floats"),
            (~tf.reduce_any(tf.math.is_nan(s)), "scores must not be NaN"),
            (start + size <= self.max_rows, f"rows must be at most max_rows={self.max_rows}, received more"),
        ]
        fine = tf.reduce_all([good for good, _ in checks])
        done = [tf.debugging.assert_equal(good, True, message) for good, message in checks]
        with tf.control_dependencies([check for check in done if check is not None]):
            start = tf.identity(
                start
            )  # what comes before the write; outside a graph there is nothing to wait for
        self.wrong.assign_add(tf.cast(~fine, tf.int64))
        at = (start + tf.range(size))[:, None]  # [B, 1]
        for variable, values in ((self.labels, label), (self.groups, group), (self.scores, s)):
            variable.value.scatter_nd_update(at, tf.cast(values, variable.dtype))
        self.count.assign_add(size)

    def result(self) -> tf.Tensor:
        """Computes the GAUC of all rows, outside a graph.

        Returns:
            A scalar; NaN inside a ``tf.function``.
        """
        value = float("nan")
        if tf.executing_eagerly() and not int(self.wrong):
            rows = slice(0, int(self.count))
            try:
                value = gauc(*(np.asarray(v.value[rows]) for v in (self.labels, self.scores, self.groups)))
            except ValueError:  # no user has both classes: all else was checked
                pass
        return tf.constant(value, tf.float64)

    def reset_state(self) -> None:
        """Forgets all rows."""
        self.count.assign(0)
        self.wrong.assign(0)

    def save_own_variables(self, store: Any) -> None:
        """Saves nothing.

        Args:
            store: not used.
        """

    def load_own_variables(self, store: Any) -> None:
        """Loads nothing.

        Args:
            store: not used.
        """

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the metric.

        Returns:
            Keyword arguments of the constructor.
        """
        return {**super().get_config(), "max_rows": self.max_rows}


class ValidationGAUC(keras.callbacks.Callback):
    r"""Computes the GAUC of held-out rows after each epoch, and adds it to the logs.

    $$
    \text{GAUC} = \frac{\sum_u n_u\, \text{AUC}_u}{\sum_u n_u}
    $$

    with $n_u$ the rows of user $u$. The model's labels and losses stay as they are. It must stand before the
    callbacks that read its value, such as `keras.callbacks.EarlyStopping`.

    Args:
        x: inputs of the held-out rows, as ``predict`` takes them.
        y: labels, 0 or 1, ``[B]``.
        groups: the user of each row, integers or strings, ``[B]``.
        batch_size: rows in a batch of ``predict`` (default: 1024).
        name: name in the logs (default: "val_gauc").

    Raises:
        ValueError: a score is NaN, or no user has both classes.

    Example:
        >>> from recnotes.models import LogisticRegression
        >>> x, y = {"sparse": np.array([[0], [1], [0], [1]])}, np.array([0.0, 1.0, 0.0, 1.0])
        >>> model = LogisticRegression([2])
        >>> model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
        >>> callback = ValidationGAUC(x, y, groups=["a", "a", "b", "b"])
        >>> model.fit(x, y, verbose=0, callbacks=[callback]).history["val_gauc"]
        [1.0]

    References:
        Zhou et al., *Deep Interest Network for Click-Through Rate Prediction*, KDD 2018,
        https://arxiv.org/abs/1706.06978.
    """

    def __init__(self, x: Any, y: Any, groups: Any, batch_size: int = 1024, name: str = "val_gauc") -> None:
        super().__init__()
        sizes = np.shape(y), np.shape(groups)
        if len(sizes[0]) != 1 or sizes[0] != sizes[1]:
            raise ValueError(f"y and groups must have one shape [B], received {sizes[0]} and {sizes[1]}")
        self.x, self.y, self.groups = x, y, groups
        self.batch_size, self.name = batch_size, name

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Adds the value to the logs.

        Args:
            epoch: not used.
            logs: what Keras reports of the epoch (default: None).
        """
        scores = self.model.predict(self.x, batch_size=self.batch_size, verbose=0)
        if logs is not None:
            logs[self.name] = gauc(self.y, np.reshape(scores, [-1]), self.groups)
