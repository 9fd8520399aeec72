"""Two baselines that only count: how often items occur, and what followed what."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from experiments.card import Trial
from experiments.cards.beauty_next.protocol import SASREC_ROW, VALIDATION_USERS, against, card, data
from experiments.ranking import ScoreAll, rank
from experiments.words import words
from recnotes.data.sequences import Sequences


def popularity(train: Sequences, num_items: int) -> ScoreAll:
    """Scores items by how often they occur.

    Args:
        train: what is counted.
        num_items: number of items ``N``.

    Returns:
        A function from histories ``[B, L]`` to scores ``[B, N]``.

    Example:
        >>> popularity(Sequences([[3, 1, 3]]), 3)(np.array([[1, 2]])).tolist()
        [[1.0, 0.0, 2.0]]
    """
    count = np.bincount(train.items, minlength=num_items + 1)[1:].astype(np.float32)
    return lambda history: np.broadcast_to(count, (len(history), num_items))


def transitions(train: Sequences, num_items: int, decay: float, window: int) -> ScoreAll:
    r"""Scores items by how often they followed those of the history.

    $$
    r_{bj} = \sum_{q < n} \gamma^q\, \Big(c_{s_{b,t-q},\, j} + \epsilon\, c_j\Big), \qquad
    c_{ij} = \sum_{d=1}^{w} \gamma^{d-1}\, \#\{i \text{ stands } d \text{ steps before } j\}
    $$

    with the items $s$ of the history, the last one first; popularity $c_j$ breaks ties.

    Args:
        train: what is counted.
        num_items: number of items ``N``.
        decay: factor $\gamma$ of each further step; 0 counts neighbors and looks at the last item only.
        window: number of steps $w$.

    Returns:
        A function from histories ``[B, L]`` to scores ``[B, N]``.

    Example:
        >>> score = transitions(Sequences([[1, 2, 3], [1, 2]]), 3, decay=0.5, window=2)
        >>> score(np.array([[1, 0]])).round(2).tolist()  # 2 came behind 1 twice, 3 two steps behind it once
        [[0.0, 2.0, 0.5]]
    """
    table: dict[int, dict[int, float]] = {}
    for row in train:
        for d in range(1, window + 1 if decay else 2):
            for i, j in zip(row[:-d].tolist(), row[d:].tolist(), strict=True):
                follows = table.setdefault(i, {})
                follows[j] = follows.get(j, 0.0) + decay ** (d - 1)
    arrays = {i: (np.array(list(f)) - 1, np.array(list(f.values()), np.float32)) for i, f in table.items()}
    count = np.bincount(train.items, minlength=num_items + 1)[1:] * np.float32(1e-6)

    def score(history: np.ndarray) -> np.ndarray:
        out = np.tile(count, (len(history), 1))
        for scores, row in zip(out, history, strict=True):
            items = row[row != 0][::-1]
            for q, item in enumerate(items[: len(items) if decay else 1].tolist()):
                if item in arrays:
                    columns, counts = arrays[item]
                    scores[columns] += decay**q * counts
        return out

    return score


def run(build: Callable[..., ScoreAll], settings: Mapping[str, Any], seed: int, epochs: int | None) -> Trial:
    """Counts, and ranks; nothing depends on ``seed``, and no epoch on ``epochs``."""
    split = data()
    score = build(split.train, split.num_items, **settings["model"])
    found = rank(score, split.validation, split.num_items, settings["max_length"])
    curve = [{"epoch": 1, **found}]
    return Trial(curve, 1, rank(score, split.test, split.num_items, settings["max_length"]))


CARDS = [
    card(
        "transitions",
        words("transition counts, last item only", "转移计数，只看最后一个物品"),
        functools.partial(run, transitions),
        {"model": {"decay": 0.0, "window": 1}, "max_length": 50, "validation_users": VALIDATION_USERS},
        seeds=1,
        references=against(
            *SASREC_ROW,
            comparable=False,
            note=words(
                "SASRec's row: what a trained network has in that table; counting the validation items too, "
                "as may be done at test, gives HR@10 .0757",
                "引的是 SASRec 一行，即训练过的网络在那张表里的成绩；测试时若把验证物品也数进去"
                "（这是允许的），HR@10 为 0.0757",
            ),
        ),
        tuning=words("none", "未调参"),
    ),
    card(
        "transitions-history",
        words("transition counts, whole history", "转移计数，看整段历史"),
        functools.partial(run, transitions),
        {"model": {"decay": 0.5, "window": 5}, "max_length": 50, "validation_users": VALIDATION_USERS},
        seeds=1,
        references=against(
            *SASREC_ROW,
            comparable=False,
            note=words("SASRec's row", "引的是 SASRec 一行"),
        ),
        tuning=words(
            "nine pairs of decay (0 to 0.8) and window (1 to 10), the best NDCG@10 on validation",
            "衰减（0 到 0.8）与窗口（1 到 10）试了九组，取验证集 NDCG@10 最高的",
        ),
    ),
    card(
        "popularity",
        words("popularity", "流行度"),
        functools.partial(run, popularity),
        {"model": {}, "max_length": 50, "validation_users": VALIDATION_USERS},
        seeds=1,
        references=against(
            (0.0152, 0.0068),
            (0.3386, 0.1803),
            comparable=False,
            note=words(
                "counts the whole log, test items included, which here gives .0152/.0068 too and .3389/.1790 "
                "among the drawn ones",
                "那里把整份日志都数了进去，包括测试物品；照此去数，这里的 HR@10 与 NDCG@10 同样是 0.0152 与 "
                "0.0068，采样为 0.3389 与 0.1790",
            ),
        ),
        tuning=words("nothing to tune", "没有可调的"),
    ),
]
