"""Sessions from a Markov chain with several lags, whose truth is known, and what shapes them for training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class MarkovSessions:
    """Sessions and the truth they were drawn from.

    Args:
        sessions: int32 ``[n, L]``, item ids ``1 ... N``, right-padded with 0.
        transitions: float64 ``[Q, N, N]``; entry ``[q, i, j]`` is the probability of item ``j+1`` given that
            the item ``q`` steps before the last was ``i+1``.
        lag_weights: float64 ``[Q]``, how much each lag counts, sums to 1.
    """

    sessions: np.ndarray
    transitions: np.ndarray
    lag_weights: np.ndarray

    def next_probabilities(self, history: np.ndarray) -> np.ndarray:
        r"""Returns the true distribution of the next item: no model can rank better than it does.

        $$
        P(j \mid s_1 \dots s_t) = \frac{\sum_{q<\min(t,Q)} w_q\, T_q[s_{t-q}, j]}{\sum_{q<\min(t,Q)} w_q}
        $$

        Args:
            history: integers ``[B, L]``, right-padded with 0.

        Returns:
            float64 array ``[B, N]``; uniform where the history is empty.
        """
        s = np.asarray(history)
        length = (s != 0).sum(axis=1)  # [B]
        p = np.zeros((len(s), self.transitions.shape[1]))  # [B, N]
        for q, weight in enumerate(self.lag_weights):
            have = length > q
            item = s[have, length[have] - 1 - q]
            p[have] += weight * self.transitions[q, item - 1]
        total = p.sum(axis=1, keepdims=True)
        return np.where(total > 0, p / np.where(total > 0, total, 1), 1 / p.shape[1])


def markov_sessions(
    num_sessions: int,
    num_items: int,
    lag_weights: Sequence[float] = (0.3, 0.7),
    min_length: int = 5,
    max_length: int = 20,
    num_successors: int = 3,
    noise: float = 0.1,
    seed: int = 0,
) -> MarkovSessions:
    r"""Draws sessions in which the next item depends on several of the last items, each by its own matrix.

    $$
    P(s_{t+1}=j \mid s_1 \dots s_t) = \sum_{q=0}^{Q-1} w_q\, T_q[s_{t-q}, j], \qquad
    T_q = (1-\epsilon)\,S_q + \epsilon/N
    $$

    Each row of $S_q$ of shape $[N, N]$ spreads over a few successors drawn at random; $\epsilon$ is the
    share of clicks without any reason. The first item is uniform; where a session is younger than a lag, the
    other lags' weights are scaled up. With ``lag_weights=(1.0,)`` it is a first-order chain, which counts of
    the last item's successors describe completely; with weight on older lags no such count can.

    Args:
        num_sessions: number of sessions.
        num_items: number of items ``N``.
        lag_weights: non-negative weights of the last item, the one before it, and so on; scaled to sum 1
            (default: (0.3, 0.7)).
        min_length: shortest session (default: 5).
        max_length: longest session (default: 20).
        num_successors: successors of each item in each lag (default: 3).
        noise: share of clicks that are uniform, between 0 and 1 (default: 0.1).
        seed: seed of the generator (default: 0).

    Returns:
        the sessions, right-padded to ``max_length``, and the truth.

    Raises:
        ValueError: an argument is out of range.

    Example:
        >>> data = markov_sessions(3, 10, max_length=6, seed=0)
        >>> data.sessions.shape, data.transitions.shape, bool((data.sessions[:, :5] > 0).all())
        ((3, 6), (2, 10, 10), True)

    References:
        Raftery, *A Model for High-Order Markov Chains*, J. R. Stat. Soc. B 47(3), 1985,
        https://doi.org/10.1111/j.2517-6161.1985.tb01383.x: a mixture over lags, there with one matrix for
        all.
    """
    w = np.asarray(lag_weights, np.float64)
    if w.ndim != 1 or len(w) == 0 or (w < 0).any() or w.sum() <= 0:
        raise ValueError(f"lag_weights must be non-negative and not all 0, received {lag_weights!r}")
    if not 1 <= min_length <= max_length:
        raise ValueError(f"min_length must be in [1, {max_length}], received {min_length!r}")
    if not 1 <= num_successors <= num_items:
        raise ValueError(f"num_successors must be in [1, {num_items}], received {num_successors!r}")
    if not 0 <= noise <= 1:
        raise ValueError(f"noise must be in [0, 1], received {noise!r}")
    rng = np.random.default_rng(seed)
    transitions = np.full((len(w), num_items, num_items), noise / num_items)  # [Q, N, N]
    for matrix in transitions:
        for row in matrix:
            successors = rng.choice(num_items, num_successors, replace=False)
            row[successors] += (1 - noise) * rng.dirichlet(np.ones(num_successors))
    data = MarkovSessions(np.zeros((num_sessions, max_length), np.int32), transitions, w / w.sum())
    s = data.sessions
    s[:, 0] = rng.integers(1, num_items + 1, num_sessions)
    for t in range(1, max_length):
        p = np.cumsum(data.next_probabilities(s[:, :t]), axis=1)  # [n, N]
        u = rng.random(num_sessions)[:, None] * p[:, -1:]  # [n, 1]
        s[:, t] = 1 + (u >= p).sum(axis=1)
    length = rng.integers(min_length, max_length + 1, num_sessions)
    s[np.arange(max_length) >= length[:, None]] = 0
    return data


def pack_sequences(sequences: Iterable[Sequence[int] | np.ndarray], max_length: int) -> np.ndarray:
    """Right-pads sequences with 0 to one length and keeps the most recent items of longer ones.

    Args:
        sequences: item ids, oldest first.
        max_length: length of the rows, ``L``.

    Returns:
        int32 array ``[n, L]``.

    Raises:
        ValueError: the length is not positive, or an id is 0 or below, which is padding.

    Example:
        >>> pack_sequences([[4, 5], [1, 2, 3, 6]], 3).tolist()
        [[4, 5, 0], [2, 3, 6]]
    """
    if max_length < 1:
        raise ValueError(f"max_length must be positive, received {max_length!r}")
    rows = [np.asarray(sequence, np.int32)[-max_length:] for sequence in sequences]
    out = np.zeros((len(rows), max_length), np.int32)
    for b, row in enumerate(rows):
        if (row < 1).any():
            raise ValueError(f"item ids must be at least 1, received {int(row.min())} in row {b}")
        out[b, : len(row)] = row
    return out


# --8<-- [start:shift]
def next_item_pairs(sessions: np.ndarray) -> dict[str, np.ndarray]:
    """Shifts sessions by one step: what was seen, and at each step what came next.

    Args:
        sessions: integers ``[n, L+1]``, right-padded with 0.

    Returns:
        ``{"history": [n, L], "next": [n, L]}``, the inputs of `recnotes.models.SASRec` in training. A
        session's last item is a target only.

    Example:
        >>> pairs = next_item_pairs(np.array([[4, 5, 6, 0]]))
        >>> pairs["history"].tolist(), pairs["next"].tolist()
        ([[4, 5, 0]], [[5, 6, 0]])
    """
    following = sessions[:, 1:]
    return {"history": np.where(following != 0, sessions[:, :-1], 0), "next": following}


def prefix_pairs(sessions: np.ndarray) -> dict[str, np.ndarray]:
    """Cuts sessions into all their beginnings, each with the item that came next.

    Args:
        sessions: integers ``[n, L+1]``, right-padded with 0.

    Returns:
        ``{"history": [m, L], "target": [m]}``, the inputs of `recnotes.models.STAMP` in training; a session
        of ``t`` items gives ``t-1`` rows.

    Example:
        >>> pairs = prefix_pairs(np.array([[4, 5, 6, 0]]))
        >>> pairs["history"].tolist(), pairs["target"].tolist()
        ([[4, 0, 0], [4, 5, 0]], [5, 6])
    """
    rows, last = np.nonzero(sessions[:, 1:])
    read = np.arange(sessions.shape[1] - 1) <= last[:, None]
    return {"history": np.where(read, sessions[rows, :-1], 0), "target": sessions[rows, last + 1]}


def leave_last_out(sessions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Takes the last item off each session.

    Args:
        sessions: integers ``[n, L]``, right-padded with 0.

    Returns:
        The pair of the sessions without their last items ``[n, L]`` and those items ``[n]`` (0 where a
        session was empty). Applied twice it yields the paper's validation item.

    Example:
        >>> rest, last = leave_last_out(np.array([[4, 5, 6, 0]]))
        >>> rest.tolist(), last.tolist()
        ([[4, 5, 0, 0]], [6])
    """
    rest = np.array(sessions)
    rows = np.arange(len(rest))
    at = np.maximum((rest != 0).sum(axis=1) - 1, 0)
    last = rest[rows, at]
    rest[rows, at] = 0
    return rest, last


# --8<-- [end:shift]


def transition_counts(pairs: dict[str, np.ndarray], num_items: int) -> np.ndarray:
    r"""Counts how often each item followed each other one: a baseline that looks at the last item only.

    $$
    c_{ij} = \#\{(b, t) : \text{history}_{bt} = i,\; \text{next}_{bt} = j\}
    $$

    with both arrays of shape $[n, L]$; item $i$ stands in row and column $i-1$.

    Args:
        pairs: what `next_item_pairs` returns.
        num_items: number of items ``N``.

    Returns:
        float64 array ``[N, N]``; the sums of its columns count how often each item came next.

    Raises:
        ValueError: an id is beyond the number of items.

    Example:
        >>> transition_counts(next_item_pairs(np.array([[1, 2, 2, 0]])), 2).tolist()
        [[0.0, 1.0], [0.0, 1.0]]
    """
    real = pairs["next"] > 0
    i, j = pairs["history"][real] - 1, pairs["next"][real] - 1
    if len(i) and max(i.max(), j.max()) >= num_items:
        raise ValueError(f"num_items must be at least {max(i.max(), j.max()) + 1}, received {num_items!r}")
    counts = np.zeros((num_items, num_items))  # [N, N]
    np.add.at(counts, (i, j), 1)
    return counts
