"""What all cards of the protocol share: the split, the words, the figures they are held against."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from experiments.card import Card, Reference, Trial
from experiments.sequences import NextItems, leave_one_out
from experiments.words import Words, joined, words
from recnotes.data.amazon_sequences import amazon

FULL = ("hr@10", "ndcg@10", "sampled_hr@10", "sampled_ndcg@10")
PROTOCOL = {
    "en": "leave-one-out: the last item of each user tests, the one before it validates; HR@10 and NDCG@10 "
    "among all items the user has not had, and among 99 drawn ones",
    "zh": "留一法：每位用户的最后一个物品用于测试，倒数第二个用于验证；在用户未接触过的全部物品中计算 HR@10 "
    "与 NDCG@10，另给出在 99 个抽取的负例中的结果",
}
TABLE = words(
    "S3-Rec's repository, README, pictures all_rank.PNG and sample_99.PNG (RUCAIBox/CIKM2020-S3Rec@2a81540)",
    "S3-Rec 的代码仓库，README 里的图 all_rank.PNG 与 sample_99.PNG（RUCAIBox/CIKM2020-S3Rec@2a81540）",
)
VALIDATION_USERS = 5000
DIFFERS = words(
    "there, items the user had get the score 0 and stay, the 99 are a file of its own, and training stops by "
    "NDCG@20",
    "那里把交互过的物品记 0 分而不删去，99 个负例另有一份文件，早停看 NDCG@20",
)
# HR@10 and NDCG@10 of SASRec in that table, among all items and among the drawn ones.
SASREC_ROW = ((0.0605, 0.0318), (0.4696, 0.3156))
UNTUNED = words("none: common values, the same for all models", "未调参：取常用的值，各模型相同")


@functools.cache
def data() -> NextItems:
    """Returns the split; validation on users drawn from all."""
    log = amazon("beauty")
    split = leave_one_out(log.sequences, log.num_items)
    return NextItems(
        split.train, split.validation.sample(VALIDATION_USERS), split.test, split.num_items, split.order
    )


def config(model: Mapping[str, Any], max_length: int, epochs: int, **changes: Any) -> dict[str, Any]:
    """Returns the settings of a card whose model is trained.

    Args:
        model: arguments of the model.
        max_length: number of items read of a history.
        epochs: most epochs.
        **changes: what differs from the other cards.

    Returns:
        The settings.
    """
    common = {"optimizer": "LazyAdam", "learning_rate": 0.001, "batch_size": 256, "patience": 3, "every": 1}
    counts = {"validation_users": VALIDATION_USERS, "negatives_ranked": 99}
    return {"model": dict(model), "max_length": max_length, "epochs": epochs, **common, **counts, **changes}


def card(
    name: str, model: Words, trainer: Callable[..., Trial], settings: dict[str, Any], **more: Any
) -> Card:
    """Returns one card.

    Args:
        name: what follows ``beauty-`` in the card's name.
        model: name of the model, as a reader knows it.
        trainer: trains one seed, called with the settings, the seed and the epochs.
        settings: everything a run depends on but the seed.
        **more: further fields of `Card`; protocol and metrics are those of a ranking of all items.

    Returns:
        The card.
    """
    return Card(
        name=f"beauty-{name}",
        model=model,
        data="amazon-beauty",
        settings=settings,
        run=functools.partial(trainer, settings),
        **{"protocol": PROTOCOL, "metrics": FULL, **more},
    )


def against(
    full: tuple[float, float], drawn: tuple[float, float], comparable: bool = True, note: Words | None = None
) -> tuple[Reference, ...]:
    """Returns the reference to a row of S3-Rec's table.

    Args:
        full: HR@10 and NDCG@10 among all items.
        drawn: HR@10 and NDCG@10 among the drawn ones.
        comparable: False where a row of another model is quoted (default: True).
        note: what a reader must know (default: None).

    Returns:
        The reference, the only one of its card.
    """
    values = dict(zip(FULL, (*full, *drawn), strict=True))
    notes = [part for part in (note, DIFFERS if comparable else None) if part]
    return (Reference(TABLE, values, comparable=comparable, note=joined(*notes) if notes else {}),)
