"""Census-Income: income above 50,000 dollars and never married, by six multi-task networks of one size.

Rows are the 99,762 of UCI's test part, because they can be had in one pinned file whose SHA-256 is known; a
fixed random 20 % validate and another 20 % test. The MMoE paper trains on UCI's training part, halves the
test part into validation and test, and reports the best and the mean of 400 runs after a search.

Features are the other columns: seven numeric ones, less their mean and divided by their standard deviation
over training rows, and 31 categorical ones, whose vocabulary is that of the training rows; a value that only
other rows have gets id 0. Left out are ``marital_stat`` (a label), ``education`` (as in the paper; the
public rewrite drawbridge/keras-mmoe keeps it) and ``instance_weight``, which says how many people a row
stands for and is neither a feature nor a weight here. Columns such as ``det_hh_fam_stat`` ("Child 18+ never
marr ...") name the second label in many rows, which is why its AUC is near 1 for every model.

All models have 33,000 weights in their bottom or first experts, over vectors of 8 for each category, and
2,000 (OMoE) to 7,000 (PLE) more in gates and a second level; a single task has half of 33,000 to itself. The
epoch is that of the best validation AUC, for two tasks of the mean of both.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from experiments.card import Card, Metrics, Reference, Trial
from experiments.stacked import Stacked
from experiments.training import fit, predict
from experiments.words import Words, words
from recnotes.data.census import CensusIncome, census_income
from recnotes.data.splits import random_rows
from recnotes.metrics import auc
from recnotes.models import PLE, MMoE, OMoE, SharedBottom

TASKS = ("income", "never_married")
DROPPED = ("marital_stat", "education")
PROTOCOL = {
    "en": "the 99,762 rows of UCI's test part, split 60/20/20 at random; marital status, education and the "
    "instance weight are no features; AUC of both tasks on test rows at the epoch with the best validation "
    "AUC (mean of the tasks)",
    "zh": "UCI 测试文件的 99,762 行，随机划分为 60/20/20；婚姻状况、学历与样本权重不作特征；"
    "取验证集 AUC（两个任务的均值）最高的一轮，报告测试集上两个任务的 AUC",
}
SETTINGS: dict[str, Any] = {
    "split": {"rows": "test part of UCI", "validation": 0.2, "test": 0.2, "seed": 0},
    "dropped": [*DROPPED, "instance_weight"],
    "embedding_dim": 8,
    "optimizer": "Adam 0.001, gradients bounded to a norm of 10",
    "loss": "mean of the tasks' binary cross-entropies",
    "batch_size": 512,
    "epochs": 20,
    "patience": 2,
    "decay": 0.1,
}
PAPER = words("MMoE (KDD 2018), Census-Income, group 1", "MMoE（KDD 2018），Census-Income，第一组")
OTHER_DATA = words(
    "trained on UCI's training part and tested on half of its test part; income is the best of 400 runs "
    "after a search, never married their mean; not comparable, only differences between models are",
    "用 UCI 的训练文件训练，在测试文件的一半上测试；收入是搜参之后 400 次运行里最好的，"
    "从未结婚是这些运行的均值；绝对值不可比，只能比模型之间的差",
)
LEVEL = words(
    "no order of the models can be told here: their means of either AUC, the single tasks included, differ "
    "by no more than the largest spread over seeds. At this size and without a search the paper's order is "
    "not seen",
    "这里看不出模型的名次：连同单任务在内，各模型两个 AUC 的均值相差都不超过最大的标准差。数据只有这么多，又"
    "没有搜参，看不到论文里的次序",
)
SINGLE = [
    words("single task, income", "单任务，收入"),
    words("single task, never married", "单任务，从未结婚"),
]


@dataclass(frozen=True)
class Columns:
    """Features of a part of the rows.

    Attributes:
        inputs: "dense" float32 ``[n, 7]`` and "sparse" int32 ``[n, F]``.
        label: float32 ``[n, 2]``, in the order of ``TASKS``.
    """

    inputs: dict[str, np.ndarray]
    label: np.ndarray


def prepare(data: CensusIncome, parts: Sequence[np.ndarray]) -> tuple[list[Columns], tuple[int, ...]]:
    """Scales and numbers the columns by what the first part holds.

    Args:
        data: all rows.
        parts: row numbers of each part, training first.

    Returns:
        The parts' columns, and the number of ids of each categorical column, the unknown one included.
    """
    train = parts[0]
    spread = data.numeric[train].std(0)
    dense = (data.numeric - data.numeric[train].mean(0)) / np.where(spread > 0, spread, 1)
    sparse, sizes = [], []
    for k, name in enumerate(data.categorical_names):
        if name in DROPPED:
            continue
        known = np.unique(data.categorical[train, k])
        ids = np.zeros(len(data.categories[k]), np.int32)
        ids[known] = np.arange(1, len(known) + 1)
        sparse.append(ids[data.categorical[:, k]])
        sizes.append(len(known) + 1)
    columns = np.stack(sparse, axis=1)
    label = np.stack([data.income, data.never_married], axis=1)
    dense = dense.astype(np.float32)
    found = [Columns({"dense": dense[rows], "sparse": columns[rows]}, label[rows]) for rows in parts]
    return found, tuple(sizes)


@functools.cache
def census() -> tuple[list[Columns], tuple[int, ...]]:
    """Returns training, validation and test columns, and the sizes of the vocabularies."""
    data = census_income()
    split = SETTINGS["split"]
    rows = random_rows(len(data), validation=split["validation"], test=split["test"], seed=split["seed"])
    return prepare(data, rows)


def task_metrics(tasks: Sequence[str], label: np.ndarray, logit: np.ndarray) -> Metrics:
    """Computes the AUC of each task and "auc", their mean.

    Args:
        tasks: names of the columns.
        label: ``[n, T]``.
        logit: ``[n, T]``.

    Returns:
        Metrics by name.
    """
    found = {f"auc_{task}": auc(label[:, k], logit[:, k]) for k, task in enumerate(tasks)}
    return {"auc": float(np.mean(list(found.values()))), **found}


def run(
    build: Callable[..., keras.Model],
    tasks: tuple[str, ...],
    settings: Mapping[str, Any],
    seed: int,
    epochs: int | None,
) -> Trial:
    """Trains one seed."""
    (train, validation, test), sizes = census()
    columns = [TASKS.index(task) for task in tasks]
    arguments = {"embedding_dim": settings["embedding_dim"], **settings["model"]}
    model = Stacked(build(tasks, vocabulary_sizes=sizes, seed=seed, **arguments), tasks)
    measure = functools.partial(task_metrics, tasks)
    curve, best = fit(
        model,
        (train.inputs, train.label[:, columns]),
        (validation.inputs, validation.label[:, columns]),
        seed=seed,
        epochs=epochs or settings["epochs"],
        patience=settings["patience"],
        batch_size=settings["batch_size"],
        decay=settings["decay"],
        measure=measure,
    )
    metrics = measure(test.label[:, columns], predict(model, test.inputs))
    return Trial(curve, best, {name: metrics[name] for name in metrics if name != "auc"})


def card(
    name: str,
    model: Words,
    build: Callable[..., keras.Model],
    arguments: Mapping[str, Any],
    tasks: tuple[str, ...] = TASKS,
    theirs: tuple[float, float] | None = None,
) -> Card:
    """Returns one card; ``theirs`` is the paper's best AUC of income and its mean AUC of the other task."""
    settings = {**SETTINGS, "model": {"tower_units": (16,), **arguments}, "tasks": tasks}
    references: tuple[Reference, ...] = ()
    if theirs:
        figures = {f"auc_{task}": theirs[TASKS.index(task)] for task in tasks}
        references = (Reference(PAPER, figures, comparable=False, note=OTHER_DATA),)
    return Card(
        name=f"census-{name}",
        model=model,
        data="census-income",
        protocol=PROTOCOL,
        settings=settings,
        metrics=tuple(f"auc_{task}" for task in tasks),
        run=functools.partial(run, build, tasks, settings),
        references=references,
        tuning=words("none: one budget and one size for all models", "未调参：各模型预算与大小相同"),
        reading=LEVEL if len(tasks) > 1 else {},
    )


CARDS = [
    card("single-income", SINGLE[0], SharedBottom, {"bottom_units": (64,)}, ("income",), (0.9398, 0.9933)),
    card(
        "single-never-married",
        SINGLE[1],
        SharedBottom,
        {"bottom_units": (64,)},
        ("never_married",),
        (0.9398, 0.9933),
    ),
    card(
        "shared-bottom",
        words("shared-bottom", "共享底层"),
        SharedBottom,
        {"bottom_units": (128,)},
        theirs=(0.9361, 0.9915),
    ),
    card("omoe", words("OMoE"), OMoE, {"num_experts": 8, "expert_units": (16,)}, theirs=(0.9387, 0.9928)),
    card("mmoe", words("MMoE"), MMoE, {"num_experts": 8, "expert_units": (16,)}, theirs=(0.9410, 0.9926)),
    card(
        "ple", words("PLE"), PLE, {"num_levels": 2, "num_specific": 3, "num_shared": 2, "expert_units": (16,)}
    ),
]
