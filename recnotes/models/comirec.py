"""ComiRec (KDD 2020): several vectors a user, by attention (SA) or by dynamic routing (DR)."""

from __future__ import annotations

from typing import Any

import keras

from recnotes.layers.capsule import CapsuleInterests
from recnotes.layers.multi_interest import SelfAttentiveInterests
from recnotes.models._config import constructor_arguments
from recnotes.models.multi_interest import MultiInterest
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class ComiRecSA(MultiInterest):
    r"""Gives each user several vectors by attention; the one that fits the target best is trained.

    $$
    V_u = A_u \hat H_u, \qquad
    \mathcal{L} = -\log \frac{\exp \langle v_u, e_i \rangle}{\sum_j \exp \langle v_u, e_j \rangle}, \qquad
    v_u = V_u[\arg\max_k \langle V_{uk}, e_i \rangle]
    $$

    with $A_u$ and $\hat H_u$ of `SelfAttentiveInterests`, interests $V_u$ of shape $[M, D]$, the target $e_i$
    of shape $[D]$ and the sum over items that `draw_items` draws. ``compile(optimizer=...)`` without a loss
    and ``fit({"history": [B, L], "target": [B]})`` train it.

    Args:
        num_items: number of items ``N``; ids are ``1 ... N``, 0 is padding.
        embedding_dim: width ``D`` (default: 64).
        max_length: number of items read of a history, the most recent ones (default: 50).
        num_interests: number of interests ``M``, the paper's $K$ (default: 4).
        units: width of the attention's hidden layer, None for ``4 * embedding_dim`` (default: None).
        wiring: "paper" or "authors", see `SelfAttentiveInterests` (default: "paper").
        num_sampled: items drawn for the loss of a batch; the full softmax from ``N`` on (default: 1280).
        sampler: "log_uniform", for ids sorted by falling popularity, or "uniform" (default: "log_uniform").
        embedding_stddev: standard deviation of the item vectors at the start (default: 0.01).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"history": int [B, L]}``: interests ``[B, M, D]``.

    Raises:
        ValueError: a size or a choice does not fit, or an id is out of range (eagerly).
        tf.errors.InvalidArgumentError: an id is out of range inside a ``tf.function``, or it is compiled by
            XLA.

    Example:
        >>> import numpy as np
        >>> model = ComiRecSA(num_items=7, embedding_dim=6, max_length=4, num_interests=2, seed=0)
        >>> history = np.array([[3, 1, 0, 0], [5, 2, 7, 7]])
        >>> model({"history": history}).shape.as_list(), model.scores({"history": history}).shape.as_list()
        ([2, 2, 6], [2, 7])

    References:
        Cen et al., *Controllable Multi-Interest Framework for Recommendation*, KDD 2020,
        https://arxiv.org/abs/2005.09347. The authors' code (https://github.com/THUDM/ComiRec) differs as
        ``wiring`` says, draws ten times as many items as the batch has rows, log-uniformly, and recommends
        items of the history too. Its table has a row for padding.
    """

    def __init__(
        self,
        num_items: int,
        embedding_dim: int = 64,
        max_length: int = 50,
        num_interests: int = 4,
        units: int | None = None,
        wiring: str = "paper",
        num_sampled: int = 1280,
        sampler: str = "log_uniform",
        embedding_stddev: float = 0.01,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        config = constructor_arguments(locals())
        seeds = child_seeds(seed, 3)
        super().__init__(
            num_items, embedding_dim, max_length, num_sampled, sampler, embedding_stddev, seeds, **kwargs
        )
        options = {"dtype": self.dtype_policy, "name": "extractor"}
        self.extractor = SelfAttentiveInterests(num_interests, max_length, units, wiring, seeds[1], **options)
        self.config = config


@keras.saving.register_keras_serializable("recnotes")
class ComiRecDR(MultiInterest):
    r"""Gives each user several vectors by dynamic routing; the one that fits the target best is trained.

    $$
    V_u = \text{routing}\big(W_{tk} h_t\big), \qquad
    \mathcal{L} = -\log \frac{\exp \langle v_u, e_i \rangle}{\sum_j \exp \langle v_u, e_j \rangle}, \qquad
    v_u = V_u[\arg\max_k \langle V_{uk}, e_i \rangle]
    $$

    with the items $h_t$ of the history and the target $e_i$ of shape $[D]$, matrices $W_{tk}$ of shape $[D,
    D]$ and routing of `CapsuleInterests`, interests $V_u$ of shape $[M, D]$, each shorter than 1, and the sum
    over items that `draw_items` draws. ``compile(optimizer=...)`` without a loss and ``fit({"history": [B,
    L], "target": [B]})`` train it.

    Args:
        num_items: number of items ``N``; ids are ``1 ... N``, 0 is padding.
        embedding_dim: width ``D`` (default: 64).
        max_length: number of items read of a history, the most recent ones (default: 50).
        num_interests: number of interests ``M``, the paper's $K$ (default: 4).
        num_iterations: iterations of the routing (default: 3).
        stop_gradient: whether the routing's weights count as constants, as in the authors' code
            (default: True).
        bilinear: "position" or "interest", see `CapsuleInterests` (default: "position").
        num_sampled: items drawn for the loss of a batch; the full softmax from ``N`` on (default: 1280).
        sampler: "log_uniform", for ids sorted by falling popularity, or "uniform" (default: "log_uniform").
        embedding_stddev: standard deviation of the item vectors at the start (default: 0.01).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"history": int [B, L]}``: interests ``[B, M, D]``.

    Raises:
        ValueError: a size or a choice does not fit, or an id is out of range (eagerly).
        tf.errors.InvalidArgumentError: an id is out of range inside a ``tf.function``, or it is compiled by
            XLA.

    Example:
        >>> import numpy as np
        >>> model = ComiRecDR(num_items=7, embedding_dim=6, max_length=4, num_interests=2, seed=0)
        >>> history = np.array([[3, 1, 0, 0], [5, 2, 7, 7]])
        >>> model({"history": history}).shape.as_list(), model.count_params()  # 7 · 6 + 4 · 2 · 6 · 6
        ([2, 2, 6], 330)

    References:
        Cen et al., *Controllable Multi-Interest Framework for Recommendation*, KDD 2020,
        https://arxiv.org/abs/2005.09347. The authors' code (https://github.com/THUDM/ComiRec) has a matrix
        for each position too, counted from the oldest item that it reads where this model counts from the
        most recent; it draws ten times as many items as the batch has rows, log-uniformly.
    """

    def __init__(
        self,
        num_items: int,
        embedding_dim: int = 64,
        max_length: int = 50,
        num_interests: int = 4,
        num_iterations: int = 3,
        stop_gradient: bool = True,
        bilinear: str = "position",
        num_sampled: int = 1280,
        sampler: str = "log_uniform",
        embedding_stddev: float = 0.01,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        config = constructor_arguments(locals())
        seeds = child_seeds(seed, 3)
        super().__init__(
            num_items, embedding_dim, max_length, num_sampled, sampler, embedding_stddev, seeds, **kwargs
        )
        options = {"seed": seeds[1], "dtype": self.dtype_policy, "name": "extractor"}
        self.extractor = CapsuleInterests(
            num_interests, max_length, bilinear, num_iterations, stop_gradient, **options
        )
        self.config = config
