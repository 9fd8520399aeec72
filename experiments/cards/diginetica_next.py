r"""Diginetica in SR-GNN's split: STMP, STAMP as its authors coded it, and STAMP as printed, over all items.

Every prefix of a training session asks for the next click, under a softmax over all 43,097 items; P@20 and
MRR@20 are over all items too, those already seen included, as in SR-GNN's code. A fixed random 2 % of the
training sessions validate and do not train. Width 100, batches of 512 and Adam with rate 0.003 are those of
the STAMP authors' configuration; its bound of 110 on each gradient is left out, input vectors are cut to
length 1, as their code does on Yoochoose (1.5 on this data), histories are cut to their last 20 clicks, and
where they train up to ten passes, a run here has the passes that forty minutes of one core allow: one seed.

As printed, a score is a sigmoid, and no cross-entropy over $N$ such scores is below $\ln(N-1+e)-1$, which is
9.67 here, against 10.67 of a uniform guess. That card trains on a fifth of the prefixes, which is enough to
show where its curve stops.

The authors' own figures on this data come from sessions in the order of the raw file, where an item seen
twice always stands beside itself; `adjacent_repeats` measures that.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from experiments import next_item
from experiments.card import Card, Metrics, Reference, Trial
from experiments.next_item import read_loss
from experiments.ranking import ScoreAll, averaged, padded, scores_of
from experiments.sequences import Questions, beginnings
from experiments.words import Words, joined, words
from recnotes.data.diginetica_sessions import Diginetica, diginetica
from recnotes.data.sequences import Sequences
from recnotes.metrics import hit_rate, mrr
from recnotes.models import STAMP, STMP

PROTOCOL = {
    "en": "SR-GNN's split by time, every prefix a sample; P@20 and MRR@20 over all items at the epoch with "
    "the best P@20 on a random 2 % of the training sessions",
    "zh": "SR-GNN 按时间的划分，每个前缀为一个样本；取随机 2% 训练会话上 P@20 最高的一轮，"
    "在全部物品上报告测试集的 P@20 与 MRR@20",
}
SETTINGS = {
    "validation": {"sessions": 0.02, "seed": 0},
    "embedding_dim": 100,
    "max_length": 20,
    "optimizer": "Adam 0.003",
    "batch_size": 512,
}
FIFTH = words("trained on a fifth of the prefixes", "训练只用五分之一的前缀")
READINGS = {
    "stmp": words(
        "trained for two passes where STAMP has three, so that the difference is not attention's alone",
        "只训练两轮，STAMP 是三轮，所以两者的差别不全是注意力的功劳",
    ),
}
SR_GNN = Reference(
    words("SR-GNN (AAAI 2019), table of results on Diginetica", "SR-GNN（AAAI 2019），Diginetica 的结果表"),
    {"p@20": 0.4564, "mrr@20": 0.1432},
    comparable=False,
    note=words(
        "taken from a summary; no verdict before it is checked in the paper",
        "数字取自转述，核对论文之前不下结论",
    ),
)
AUTHORS = Reference(
    words("log of the STAMP authors on CIKM Cup 2016", "STAMP 作者在 CIKM Cup 2016 上的日志"),
    {"p@20": 0.6204, "mrr@20": 0.2739},
    comparable=False,
    note=words(
        "sessions in the order of the raw file, where repeated items always stand side by side",
        "会话内保持原始文件的次序，重复的物品总是紧挨着",
    ),
)


def adjacent_repeats(session: np.ndarray, item: np.ndarray) -> float:
    """Measures how often a click repeats the one before it.

    Args:
        session: ``[n]``, in the order that is to be measured; sessions may be interleaved.
        item: ``[n]``.

    Returns:
        Share of the clicks after another of their session that are on the same item.

    Example:
        >>> adjacent_repeats(np.array([1, 2, 1, 1]), np.array([5, 5, 5, 6]))
        0.5
    """
    order = np.argsort(session, kind="stable")
    follows = session[order][1:] == session[order][:-1]
    return float(np.mean((item[order][1:] == item[order][:-1])[follows]))


def split(data: Diginetica, fraction: float, seed: int) -> tuple[Sequences, Questions]:
    """Takes some training sessions for validation.

    Args:
        data: the data set.
        fraction: share of the sessions.
        seed: seed of the draw.

    Returns:
        The sessions to fit on, and every prefix of the others with its next click.
    """
    held = np.zeros(len(data.train), bool)
    held[np.random.default_rng(seed).permutation(len(held))[: round(fraction * len(held))]] = True
    kept = Sequences(row for row, out in zip(data.train, held, strict=True) if not out)
    others = [row for row, out in zip(data.train, held, strict=True) if out]
    pairs = [(row[:end], row[end]) for row in others for end in range(1, len(row))]
    return kept, Questions(Sequences(p for p, _ in pairs), np.array([t for _, t in pairs], np.int32))


def rank_all(score: ScoreAll, questions: Questions, max_length: int, batch_size: int = 512) -> Metrics:
    """Ranks all items, those of the history included.

    Args:
        score: gives ``[B, N]`` for histories ``[B, L]``.
        questions: what is asked.
        max_length: number of items read of a history.
        batch_size: histories of a batch (default: 512).

    Returns:
        ``p@20`` (the share of targets among the first 20) and ``mrr@20``.
    """

    def measure(rows: np.ndarray) -> Metrics:
        scores = score(padded(questions, rows, max_length))  # [B, N]
        target = questions.target[rows].astype(np.int64) - 1
        return {"p@20": hit_rate(scores, target, 20), "mrr@20": mrr(scores, target, 20)}

    return averaged(questions, batch_size, measure)


def run(
    build: Callable[..., keras.Model], settings: Mapping[str, Any], seed: int, epochs: int | None
) -> Trial:
    """Trains one seed, on as large a share of the prefixes as the settings say."""
    data, length = diginetica(), settings["max_length"]
    held = settings["validation"]
    train, validation = split(data, held["sessions"], held["seed"])
    test = Questions(data.test, data.test_target)
    columns = beginnings(train, length)
    count = len(columns["target"])
    rows = np.random.default_rng(seed).permutation(count)[: round(settings["share"] * count)]
    model = build(data.num_items, embedding_dim=settings["embedding_dim"], seed=seed, **settings["model"])
    score = scores_of(model)
    return next_item.trial(
        model,
        {name: column[rows] for name, column in columns.items()},
        lambda: rank_all(score, validation, length),
        lambda: rank_all(score, test, length),
        settings,
        seed,
        epochs,
        optimizer=keras.optimizers.Adam(0.003),
        loss=read_loss,
        monitor="p@20",
    )


def card(
    name: str, model: Words, build: Callable[..., keras.Model], wiring: str, epochs: int, share: float = 1.0
) -> Card:
    """Returns one card."""
    arguments = {"wiring": wiring, "loss": "cross_entropy"}
    settings = {**SETTINGS, "model": arguments, "share": share, "epochs": epochs}
    return Card(
        name=f"diginetica-{name}",
        model=model,
        data="diginetica",
        protocol=PROTOCOL if share == 1 else joined(PROTOCOL, FIFTH),
        settings=settings,
        metrics=("p@20", "mrr@20"),
        run=functools.partial(run, build, settings),
        seeds=1,
        references=(SR_GNN, AUTHORS) if name == "stamp-authors" else (),
        tuning=words(
            "none: the authors' width, rate and batch size; not their bound on gradients, their limit of 1.5 "
            "on the length of input vectors (here 1), their longer histories and their ten passes: here as "
            "many as forty minutes of a core allow, or three; validation still rose at the last",
            "未调参：宽度、学习率和批大小取作者的；没有照搬的是梯度裁剪、输入向量长度的上限（作者 1.5，这里 "
            "1）、更长的历史和十轮训练。这里最多三轮，以一个核 40 分钟为限，到最后一轮验证集上还在升",
        ),
        reading=READINGS.get(name, {}),
    )


CARDS = [
    card("stamp-authors", words("STAMP, authors' variant", "STAMP，作者代码的形式"), STAMP, "authors", 3),
    card("stmp", words("STMP, authors' variant", "STMP，作者代码的形式"), STMP, "authors", 2),
    card(
        "stamp-printed", words("STAMP as printed in the paper", "STAMP，论文里的公式"), STAMP, "paper", 3, 0.2
    ),
]
