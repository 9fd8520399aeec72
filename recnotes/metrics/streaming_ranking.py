"""HR, recall, NDCG and MRR at K as Keras metrics: `recnotes.metrics.ranking`, batch by batch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recnotes.metrics._streaming_ranking import StreamingRanking


@keras.saving.register_keras_serializable("recnotes")
class HitRate(StreamingRanking):
    r"""Fraction of rows whose relevant item is among the first ``k``: `hit_rate`, batch by batch.

    $$
    \text{HR@}k = \frac{\sum_b w_b \Pr[\text{rank}_b \le k]}{\sum_b w_b}
    $$

    with the rank of each row's item among scores of shape $[B, N]$, in expectation over the orders of equal
    scores, and weights $w$ of shape $[B]$, 1 where none are given. Three numbers are kept, however many rows
    there are. ``compile(metrics=[HitRate(10)])`` reads the ids from the ``y`` of ``fit`` and ``evaluate``,
    which the sequence models of this package need for nothing else: ``fit({"history": h, "target": t}, t)``;
    with ``"next"`` and ``loss="cross_entropy"`` it is ``[B, L]`` and counts every step.

    Args:
        k: length of the list, positive (default: 10).
        ties: "expected", "best" or "worst", see `hit_rate` (default: "expected").
        name: name of the metric, None for ``hit_rate@k`` (default: None).
        **kwargs: passed to `keras.metrics.Metric`.

    Returns:
        Called on ids ``[B]`` (1 to N, 0 leaves a row out) and scores ``[B, N]``: the mean so far.

    Raises:
        ValueError: ``k`` is not positive, or ``ties`` is unknown.

    Example:
        >>> metric = HitRate(2)
        >>> metric.update_state([2], [[3.0, 1.0, 1.0, 0.0]])  # item 2 shares places 2 and 3
        >>> metric.update_state([1, 0], [[3.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
        >>> float(metric.result())
        0.75

    References:
        Krichene and Rendle, *On Sampled Metrics for Item Recommendation*, KDD 2020,
        https://doi.org/10.1145/3394486.3403226. Keras's ``TopKCategoricalAccuracy`` counts columns from 0 and
        calls a tie a hit.
    """

    word = "hit_rate"

    def __init__(self, k: int = 10, ties: str = "expected", name: str | None = None, **kwargs: Any) -> None:
        super().__init__(k, ties, name, **kwargs)


@keras.saving.register_keras_serializable("recnotes")
class Recall(StreamingRanking):
    r"""Mean fraction of a row's relevant items among the first ``k``: `recall`, batch by batch.

    $$
    \text{Recall@}k = \frac{1}{\sum_b w_b} \sum_b w_b
        \frac{\#\{i \in R_b : \text{rank}_{bi} \le k\}}{|R_b|}
    $$

    with the relevant items $R_b$ of each row, ranks among scores of shape $[B, N]$ and weights $w$ of shape
    $[B]$; rows without a relevant item are left out.

    Args:
        k: length of the list, positive (default: 10).
        ties: "expected", "best" or "worst", see `hit_rate` (default: "expected").
        name: name of the metric, None for ``recall@k`` (default: None).
        **kwargs: passed to `keras.metrics.Metric`.

    Returns:
        Called on ids ``[B]``, or 0 and 1 in ``[B, N]``, and scores ``[B, N]``: the mean so far.

    Raises:
        ValueError: ``k`` is not positive, or ``ties`` is unknown.

    Example:
        >>> metric = Recall(2)
        >>> metric.update_state([[True, False, True]], [[3.0, 2.0, 1.0]])
        >>> float(metric.result())
        0.5

    References:
        Krichene and Rendle, *On Sampled Metrics for Item Recommendation*, KDD 2020,
        https://doi.org/10.1145/3394486.3403226. Keras's ``Recall(top_k=k)`` adds up over all rows before it
        divides: rows with many relevant items weigh more there.
    """

    word, several = "recall", True

    def __init__(self, k: int = 10, ties: str = "expected", name: str | None = None, **kwargs: Any) -> None:
        super().__init__(k, ties, name, **kwargs)


@keras.saving.register_keras_serializable("recnotes")
class NDCG(StreamingRanking):
    r"""Discounted gain of the first ``k`` places over that of the best list: `ndcg`, batch by batch.

    $$
    \text{NDCG@}k = \frac{1}{\sum_b w_b} \sum_b w_b
    \frac{\sum_{i\in R_b}[\text{rank}_{bi}\le k]\,/\log_2(\text{rank}_{bi}+1)}
    {\sum_{p=1}^{\min(k,|R_b|)} 1/\log_2(p+1)}
    $$

    with the relevant items $R_b$ of each row, ranks among scores of shape $[B, N]$ and weights $w$ of shape
    $[B]$; rows without a relevant item are left out.

    Args:
        k: length of the list, positive (default: 10).
        ties: "expected", "best" or "worst", see `hit_rate` (default: "expected").
        name: name of the metric, None for ``ndcg@k`` (default: None).
        **kwargs: passed to `keras.metrics.Metric`.

    Returns:
        Called on ids ``[B]``, or 0 and 1 in ``[B, N]``, and scores ``[B, N]``: the mean so far.

    Raises:
        ValueError: ``k`` is not positive, or ``ties`` is unknown.

    Example:
        >>> metric = NDCG(2)
        >>> metric.update_state([2], [[3.0, 2.0, 1.0]])
        >>> round(float(metric.result()), 4)  # 1 / log2(3)
        0.6309

    References:
        Järvelin and Kekäläinen, *Cumulated gain-based evaluation of IR techniques*, TOIS 20(4), 2002,
        https://doi.org/10.1145/582415.582418.
    """

    word, several = "ndcg", True

    def __init__(self, k: int = 10, ties: str = "expected", name: str | None = None, **kwargs: Any) -> None:
        super().__init__(k, ties, name, **kwargs)

    def _gain(self, place: np.ndarray) -> np.ndarray:
        return 1 / np.log2(place + 1)

    def _best(self, count: tf.Tensor) -> tf.Tensor:
        return tf.gather(tf.constant(self.gains, tf.float64), tf.minimum(count, self.k))


@keras.saving.register_keras_serializable("recnotes")
class MRR(StreamingRanking):
    r"""Mean reciprocal rank of each row's relevant item, 0 beyond place ``k``: `mrr`, batch by batch.

    $$
    \text{MRR@}k = \frac{1}{\sum_b w_b} \sum_b w_b \frac{[\text{rank}_b \le k]}{\text{rank}_b}
    $$

    with the rank of each row's item among scores of shape $[B, N]$ and weights $w$ of shape $[B]$.

    Args:
        k: length of the list, positive (default: 10).
        ties: "expected", "best" or "worst", see `hit_rate` (default: "expected").
        name: name of the metric, None for ``mrr@k`` (default: None).
        **kwargs: passed to `keras.metrics.Metric`.

    Returns:
        Called on ids ``[B]`` (1 to N, 0 leaves a row out) and scores ``[B, N]``: the mean so far.

    Raises:
        ValueError: ``k`` is not positive, or ``ties`` is unknown.

    Example:
        >>> metric = MRR(10)
        >>> metric.update_state([2], [[3.0, 2.0, 1.0]])
        >>> float(metric.result())
        0.5

    References:
        Hidasi et al., *Session-based Recommendations with Recurrent Neural Networks*, ICLR 2016,
        https://arxiv.org/abs/1511.06939, which reports MRR@20.
    """

    word = "mrr"

    def __init__(self, k: int = 10, ties: str = "expected", name: str | None = None, **kwargs: Any) -> None:
        super().__init__(k, ties, name, **kwargs)

    def _gain(self, place: np.ndarray) -> np.ndarray:
        return 1 / place
