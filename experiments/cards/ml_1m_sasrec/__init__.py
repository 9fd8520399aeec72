"""MovieLens-1M × SASRec: two losses, the authors' wiring, and normalization after each part.

The sequences are those that gSASRec's authors publish as text: 512 users have a validation item, and only
their histories are complete at test. Figures of 512 users are loose (0.02 either way for HR@10), so the last
movie of all 6,040 is asked too, of most users from a history that lacks the movie before it. What counts here
is the difference between the variants; the printed tables need the complete log, which
`recnotes.data.movielens_1m` fetches where its server can be reached. There the comparison is

    python -m experiments run "ml-1m-full-*"

in the authors' wiring, which both studies' code has, each card with the sizes of the study it is held
against.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import keras

from experiments import next_item
from experiments.card import Card, Metrics, Reference, Trial
from experiments.cards.ml_1m_sasrec.logs import complete, published
from experiments.cards.ml_1m_sasrec.post_norm import PostNormSASRec
from experiments.next_item import full_cross_entropy, own_loss
from experiments.ranking import rank, scores_of
from experiments.sequences import NextItems, Questions, shifted
from experiments.words import Words, joined, words
from recnotes.models import SASRec
from recnotes.optimizers import LazyAdam

PROTOCOL = {
    "en": "leave-one-out, all movies ranked that the user has not had: the epoch by NDCG@10 of 512 users' "
    "second last movie; HR@10 and NDCG@10 of their last one, where HR@10 is known to .02 only, and of that "
    "of all users, where most histories lack the movie before",
    "zh": "留一法，对用户未看过的全部电影排序：按 512 位用户倒数第二部电影的 NDCG@10 选轮次；报告这些用户最后"
    "一部电影的 HR@10 与 NDCG@10（只有 512 位，HR@10 上下可差 0.02），以及全部用户的结果（多数人的历史里缺倒"
    "数第二部）",
}
FULL_PROTOCOL = {
    "en": "leave-one-out on the complete log, all movies ranked that the user has not had: the second last "
    "movie of 512 drawn users validates, the last one of all users tests",
    "zh": "完整日志上的留一法，对用户未看过的全部电影排序：抽取的 512 位用户的倒数第二部电影用于验证，"
    "全部用户的最后一部用于测试",
}
GSASREC = words(
    "gSASRec's repository, README, table (asash/gSASRec-pytorch@7e35028)",
    "gSASRec 的代码仓库，README 里的表（asash/gSASRec-pytorch@7e35028）",
)
DROSS = words(
    "Klenitskiy and Vasilev, RecSys 2023, in their repository (antklen/sasrec-bert4rec-recsys23@29c272e)",
    "Klenitskiy 与 Vasilev，RecSys 2023，见其代码仓库（antklen/sasrec-bert4rec-recsys23@29c272e）",
)


def run(
    load: Callable[[], tuple[NextItems, Questions | None]],
    build: Callable[..., keras.Model],
    settings: Mapping[str, Any],
    seed: int,
    epochs: int | None,
) -> Trial:
    """Trains one seed."""
    (split, everyone), length = load(), settings["model"]["max_length"]
    model = build(split.num_items, seed=seed, **settings["model"])
    score = scores_of(model)

    def measure(questions: Questions) -> Metrics:
        return rank(score, questions, split.num_items, length)

    trial = next_item.trial(
        model,
        shifted(split.train, length),
        lambda: measure(split.validation),
        lambda: measure(split.test),
        settings,
        seed,
        epochs,
        optimizer=LazyAdam(settings["learning_rate"]),
        loss=full_cross_entropy if settings["model"]["loss"] == "cross_entropy" else own_loss,
    )
    if everyone is None:
        return trial
    of_all = {f"all_{name}": value for name, value in measure(everyone).items()}
    return dataclasses.replace(trial, metrics={**trial.metrics, **of_all})


def card(
    name: str,
    variant: Words,
    model: Mapping[str, Any],
    references: tuple[Reference, ...],
    build: Callable[..., keras.Model] = SASRec,
    full: Mapping[str, Any] | None = None,
) -> Card:
    """Returns one card; a full one, with the sizes of a study, needs the complete log."""
    size = {"embedding_dim": 64, "max_length": 100, "num_blocks": 2, "dropout": 0.2}
    slow = model["loss"] == "bce"
    settings = {
        "model": {**size, **model, **(full or {})},
        "blocks": build.__name__,
        "optimizer": "LazyAdam",
        "learning_rate": 0.001,
        "batch_size": 128,
        "epochs": 400 if full else 120 if slow else 40,
        "patience": 4,
        "every": 5 if slow else 2,
    }
    metrics: tuple[str, ...] = ("hr@10", "ndcg@10")
    if full:
        variant = words(f"{variant['en']}, complete log", f"{variant['zh']}，完整日志")
    return Card(
        name=f"ml-1m-{name}",
        model=variant,
        data="ml-1m" if full else "ml-1m-sequences",
        protocol=FULL_PROTOCOL if full else PROTOCOL,
        settings=settings,
        metrics=metrics if full else (*metrics, "all_hr@10", "all_ndcg@10"),
        run=functools.partial(run, complete if full else published, build, settings),
        seeds=1,
        references=references,
        tuning=words("none: one setting for all variants", "未调参：各变体设置相同"),
    )


OTHER_USERS = words(
    "validation and test on other users than here, histories of 200 movies",
    "验证与测试用的是另一批用户，历史长 200",
)
SMALL = words("dropout 0.1", "随机失活率 0.1")
WIDE = words(
    "vectors of 128 in separate tables, dropout 0.5", "向量宽 128，输入输出各用一张表，随机失活率 0.5"
)
DROSS_FULL = {"max_length": 200, "dropout": 0.1, "wiring": "authors"}
GSASREC_FULL = {
    "embedding_dim": 128,
    "max_length": 200,
    "dropout": 0.5,
    "wiring": "authors",
    "share_items": False,
}


def table(bce: bool) -> tuple[Reference, ...]:
    """Returns the printed figures of one loss, for cards on the published sequences."""
    both = ((DROSS, 0.2500, 0.1341, SMALL), (GSASREC, 0.2392, 0.1259, WIDE))
    figures = both if bce else ((DROSS, 0.3152, 0.1821, SMALL),)
    return tuple(
        Reference(source, {"hr@10": hr, "ndcg@10": gain}, comparable=False, note=joined(OTHER_USERS, note))
        for source, hr, gain, note in figures
    )


BCE = words("SASRec, binary cross-entropy", "SASRec，二元交叉熵")
CE = words("SASRec, cross-entropy", "SASRec，交叉熵")
GBCE = {"loss": "bce", "num_negatives": 256, "calibration": 0.75}
CARDS = [
    card("sasrec-bce", BCE, {"loss": "bce"}, table(True)),
    card("sasrec-ce", CE, {"loss": "cross_entropy"}, table(False)),
    card(
        "sasrec-authors",
        words("SASRec, wired as in the authors' code", "SASRec，按作者代码的连接方式"),
        {"loss": "bce", "wiring": "authors"},
        table(True),
    ),
    card(
        "sasrec-postnorm",
        words("SASRec, normalized after each part", "SASRec，每个子层之后再归一化"),
        {"loss": "bce"},
        table(True),
        PostNormSASRec,
    ),
    card(
        "full-sasrec-bce",
        BCE,
        {"loss": "bce"},
        (Reference(DROSS, {"hr@10": 0.2500, "ndcg@10": 0.1341}),),
        full=DROSS_FULL,
    ),
    card(
        "full-sasrec-ce",
        CE,
        {"loss": "cross_entropy"},
        (Reference(DROSS, {"hr@10": 0.3152, "ndcg@10": 0.1821}),),
        full=DROSS_FULL,
    ),
    card(
        "full-sasrec-wide",
        words("SASRec of width 128", "宽 128 的 SASRec"),
        {"loss": "bce"},
        (Reference(GSASREC, {"hr@10": 0.2392, "ndcg@10": 0.1259}),),
        full=GSASREC_FULL,
    ),
    card(
        "full-gsasrec",
        words("gSASRec"),
        GBCE,
        (Reference(GSASREC, {"hr@10": 0.3003, "ndcg@10": 0.1726}),),
        full=GSASREC_FULL,
    ),
]
