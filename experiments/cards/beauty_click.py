"""Amazon Beauty, the next item as a click: DIN, CAN and the sum of the history, GAUC by user.

Of each user the last item tests and the one before it validates; every earlier item but the first is a
click that the items before it explain, the last twenty of them. Each click comes with one item drawn
uniformly from those the user had not had: anew for each epoch in training, from those in none of the user's
training rows; once and for all in validation and test, from those in no row up to then. An item is its own
vector beside the mean of the vectors of its attributes (categories and brand), in the history as well as
for the candidate; CAN's co-action reads item ids alone. With one positive and one negative a user, GAUC is
the share of users whose positive scores higher.

The paper's public data set cannot be had here, and the authors have replaced DIN's figures in its table,
for a fault in their batch normalization, by lower ones (README of zhougr1993/DeepInterestNetwork@9765f96):
there is no figure to compare with, the differences between the models are the result.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from experiments.card import Card, Metrics, Trial
from experiments.draws import unmarked
from experiments.training import Rows, ctr_metrics, fit, predict
from experiments.words import Words, words
from recnotes import models
from recnotes.data.amazon_sequences import amazon
from recnotes.data.sequences import Sequences
from recnotes.embedding.behavior import ItemEmbedding
from recnotes.metrics import gauc
from recnotes.optimizers import LazyAdam
from recnotes.seeds import child_seeds

PROTOCOL = {
    "en": "the user's last item as a click against one item drawn uniformly from those the user had not "
    "had; the one before it validates; GAUC by user at the epoch with the best validation GAUC",
    "zh": "以用户的最后一个物品为点击，与一个此前未交互、均匀抽取的物品相比，倒数第二个物品用于验证；"
    "取验证集 GAUC 最高的一轮，报告测试集按用户的 GAUC",
}
READINGS = {
    "pooling": words(
        "the plain sum is ahead of DIN and CAN as their papers print them, and behind DIN with a softmax. A "
        "log loss above .693 is worse than always answering one half: at the epoch that GAUC chooses those "
        "networks are overconfident. One setting for all, without a penalty or dropout; why the weights that "
        "do not add up to 1 do harm here was not tested",
        "直接求和胜过论文写的 DIN 与 CAN，不如权重过 softmax 的 DIN。对数损失高于 0.693，还不如一律回答二分"
        "之一：在 GAUC 选中的那一轮，这些网络过度自信。各模型设置相同，没有惩罚项，也没有随机失活；权重之和"
        "不为 1 在这里为什么有害，没有验证",
    ),
}
METRICS = ("gauc", "auc", "log_loss")
LENGTH = 20
SETTINGS = {
    "optimizer": "LazyAdam 0.001",
    "batch_size": 1024,
    "history": LENGTH,
    "width": "16 for the item, 16 for its attributes",
    "epochs": 20,
    "patience": 3,
}


class Clicks(NamedTuple):
    """Positives: user, item and the items before it."""

    user: np.ndarray  # [P]
    item: np.ndarray  # [P]
    history: np.ndarray  # [P, L]


class DescribedItems(ItemEmbedding):
    """An item's own vector beside the mean of its attributes' vectors; ``width`` is that of both."""

    def __init__(self, attributes: np.ndarray, width: int, seed: int | None, **kwargs: Any) -> None:
        first, second = child_seeds(seed, 2)
        super().__init__(len(attributes) - 1, width, seed=first, **kwargs)
        self.own_width, self.width = width, 2 * width
        item, column = np.nonzero(attributes)
        count = np.maximum((attributes > 0).sum(axis=1), 1)
        self.shares = tf.SparseTensor(
            np.stack([item, attributes[item, column]], axis=1),
            (1 / count[item]).astype(np.float32),
            [len(attributes), int(attributes.max()) + 1],
        )
        self.start = keras.initializers.RandomNormal(stddev=self.stddev, seed=second)

    def build(self, input_shape: Any = None) -> None:
        """Creates both tables."""
        self.width = self.own_width
        super().build(input_shape)
        self.width = 2 * self.own_width
        shape = (int(self.shares.shape[1]), self.own_width)
        self.attributes = self.add_weight(shape, self.start, autocast=False, name="attributes")

    def call(self, ids: tf.Tensor, name: str = "item") -> tf.Tensor:
        """Reads both."""
        means = tf.sparse.sparse_dense_matmul(self.shares, self.attributes.value)  # [N + 1, D]
        return tf.concat([super().call(ids, name), tf.gather(means, ids)], axis=-1)


def clicks(sequences: Sequences, last_only: bool = False) -> Clicks:
    """Takes every item but a user's first as a click, or a user's last alone."""
    rows = [(u, t) for u, s in enumerate(sequences) for t in range(len(s) - 1 if last_only else 1, len(s))]
    user, place = np.array(rows).T
    history = np.zeros((len(rows), LENGTH), np.int32)
    for row, (u, t) in enumerate(rows):
        before = sequences[u][max(t - LENGTH, 0) : t]
        history[row, : len(before)] = before
    return Clicks(user, sequences.items[sequences.offsets[user] + place], history)


def marked(sequences: Sequences, num_items: int) -> np.ndarray:
    """Marks the items of each user, ``[users, items + 1]``."""
    had = np.zeros((len(sequences), num_items + 1), bool)
    had[np.repeat(np.arange(len(had)), sequences.lengths), sequences.items] = True
    return had


def with_negatives(found: Clicks, had: np.ndarray, seed: list[int]) -> Rows:
    """Puts one row with an item that is not marked for the user beside each click."""
    other = unmarked(np.random.default_rng(seed), had, found.user, first=1)
    inputs = {"item": np.concatenate([found.item, other]), "history": np.tile(found.history, (2, 1))}
    return inputs, np.repeat(np.array([1, 0], np.float32), len(other))


def run(
    build: Callable[..., keras.Model], settings: Mapping[str, Any], seed: int, epochs: int | None
) -> Trial:
    """Trains one seed."""
    data = amazon("beauty")
    trained, *parts = (data.sequences.without_last(left) for left in (2, 1, 0))
    train, had = clicks(trained), marked(trained, data.num_items)
    held_out = [clicks(part, last_only=True) for part in parts]
    validation, test = (
        with_negatives(found, marked(part, data.num_items), [0, k])
        for k, (found, part) in enumerate(zip(held_out, parts, strict=True))
    )
    user = [np.tile(found.user, 2) for found in held_out]

    def measure(which: int, label: np.ndarray, logit: np.ndarray) -> Metrics:
        return {"gauc": gauc(label, logit, user[which]), **ctr_metrics(label, logit)}

    model = build(data.num_items, seed=seed, **settings["model"])
    model.embedding.items = DescribedItems(data.attributes, 16, seed, name="items")
    curve, best = fit(
        model,
        lambda epoch: with_negatives(train, had, [1, seed, epoch]),
        validation,
        seed=seed,
        epochs=epochs or settings["epochs"],
        patience=settings["patience"],
        monitor="gauc",
        batch_size=settings["batch_size"],
        optimizer=LazyAdam(1e-3),
        measure=functools.partial(measure, 0),
        decay=1.0,
    )
    return Trial(curve, best, measure(1, test[1], predict(model, test[0])))


def count(seed: int, epochs: int | None) -> Trial:
    r"""Scores an item by its training clicks alone; nothing is random.

    Positives come by popularity, negatives evenly, so that an item clicked $c$ times of $n$, among $N$ items,
    has the logit $\log \frac{(c + 1) N}{n + N}$, with one click added to each.
    """
    data = amazon("beauty")
    trained, *parts = (data.sequences.without_last(left) for left in (2, 1, 0))
    clicked = np.bincount(clicks(trained).item, minlength=data.num_items + 1).astype(np.float64)
    logits = np.log((clicked + 1) * data.num_items / (clicked.sum() + data.num_items))
    found = []
    for k, part in enumerate(parts):
        last = clicks(part, last_only=True)
        inputs, label = with_negatives(last, marked(part, data.num_items), [0, k])
        logit = logits[inputs["item"]]
        found.append({"gauc": gauc(label, logit, np.tile(last.user, 2)), **ctr_metrics(label, logit)})
    return Trial([{"epoch": 1, **found[0]}], 1, found[1])


def card(name: str, model: Words, build: Callable[..., keras.Model], **arguments: Any) -> Card:
    """Returns one card."""
    settings = {"model": {"hidden_units": (200, 80), **arguments}, **SETTINGS}
    return Card(
        name=f"beauty-click-{name}",
        model=model,
        data="amazon-beauty",
        protocol=PROTOCOL,
        settings=settings,
        metrics=METRICS,
        run=functools.partial(run, build, settings),
        seeds=3,
        tuning=words("none: one setting for all", "未调参：各模型设置相同"),
        reading=READINGS.get(name, {}),
    )


POPULARITY = Card(
    name="beauty-click-popularity",
    model=words("popularity", "流行度"),
    data="amazon-beauty",
    protocol=PROTOCOL,
    settings={"counts": "training clicks"},
    metrics=METRICS,
    run=count,
    seeds=1,
    tuning=words("none", "未调参"),
)
CARDS = [
    POPULARITY,
    card(
        "pooling",
        words("sum of the history", "历史向量求和"),
        models.DIN,
        activation="relu",
        use_attention=False,
    ),
    card("din", words("DIN"), models.DIN, activation="relu"),
    card(
        "din-softmax",
        words("DIN with softmax", "DIN，权重过 softmax"),
        models.DIN,
        activation="relu",
        normalize="softmax",
    ),
    card("din-dice", words("DIN with Dice", "DIN，激活函数用 Dice"), models.DIN, activation="dice"),
    card("can", words("CAN"), models.CAN),
]
