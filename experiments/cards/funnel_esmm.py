"""ESMM on a planted funnel, against the same two towers whose second one learns from clicked rows only.

MovieLens, watched and then rated 4 or more, is no funnel of impressions: nobody knows what was shown and not
watched. The generator `recnotes.data.funnel.conversion_funnel` knows the probability of conversion for every
impression, clicked or not, which is what ESMM is to estimate. Every seed draws its own truth and rows. The
epoch is that of the lowest log loss of conversion on clicked validation rows, which a shop could measure.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from experiments.card import Card, Metrics, Trial
from experiments.stacked import Stacked
from experiments.training import fit, predict
from experiments.words import words
from recnotes.data.funnel import conversion_funnel
from recnotes.metrics import log_loss
from recnotes.models.esmm import ESMM, funnel_cross_entropy

PROTOCOL = {
    "en": "40,000 planted impressions, split 60/20/20; error (RMSE) of the probability of conversion given "
    "click against the true one, on all test impressions and on the clicked ones",
    "zh": "40,000 条人工生成的曝光，划分为 60/20/20；点击后转化概率与真实概率之间的误差（RMSE），"
    "分别在全部测试曝光与被点击的曝光上计算",
}
SETTINGS = {
    "impressions": 40_000,
    "cosine": 0.5,
    "click_bias": -2.0,
    "tower_units": (32, 16),
    "optimizer": "Adam 0.001, gradients bounded to a norm of 10",
    "batch_size": 512,
    "epochs": 30,
    "patience": 2,
    "decay": 0.1,
}


def entire_space(label: tf.Tensor, logit: tf.Tensor) -> tf.Tensor:
    """Computes ESMM's loss; labels are click and purchase, ``[B, 2]``."""
    return funnel_cross_entropy(logit[:, 0], logit[:, 1], label[:, 0], label[:, 1])


def clicked_only(label: tf.Tensor, logit: tf.Tensor) -> tf.Tensor:
    """Computes the cross-entropies of click and, over clicked rows, of purchase."""
    each = tf.nn.sigmoid_cross_entropy_with_logits(labels=label, logits=logit)  # [B, 2]
    click = label[:, 0]
    return tf.reduce_mean(each[:, 0]) + tf.reduce_sum(click * each[:, 1]) / tf.maximum(
        tf.reduce_sum(click), 1
    )


def clicked_log_loss(label: np.ndarray, logit: np.ndarray) -> Metrics:
    """Computes the log loss of purchase on clicked rows."""
    clicked = label[:, 0] == 1
    return {"log_loss": log_loss(label[clicked, 1], logit[clicked, 1])}


class Apart(keras.Model):
    """Two models of which one gives the click and the other the conversion: nothing is shared.

    Args:
        click: model whose ``"ctr"`` counts.
        conversion: model whose ``"cvr"`` counts.

    Returns:
        Called on what the models are called on: dict of ``"ctr"`` and ``"cvr"``, each ``[B]``.
    """

    def __init__(self, click: ESMM, conversion: ESMM) -> None:
        super().__init__()
        self.click, self.conversion = click, conversion
        click.cvr_tower.trainable = conversion.ctr_tower.trainable = False

    def call(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns the logits.

        Args:
            inputs: what the models are called on.

        Returns:
            Dict of ``"ctr"`` and ``"cvr"``, each ``[B]``.
        """
        return {"ctr": self.click(inputs)["ctr"], "cvr": self.conversion(inputs)["cvr"]}


def quantiles(x: np.ndarray, ids: int) -> np.ndarray:
    """Cuts each column, over all rows, into so many parts of equal size; no label is read."""
    ranks = x.argsort(axis=0).argsort(axis=0)
    return (ranks * ids // len(x)).astype(np.int32)


def part(x: Mapping[str, np.ndarray], rows: slice) -> dict[str, np.ndarray]:
    """Returns some rows of the inputs."""
    return {name: values[rows] for name, values in x.items()}


def run(
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    settings: Mapping[str, Any],
    seed: int,
    epochs: int | None,
) -> Trial:
    """Trains one seed.

    Beside what the cards set, `experiments.funnel_regimes` sets ``ids``, the number of ids that each feature
    is cut into, and ``apart``: whether the towers have embedding tables of their own.
    """
    n, ids = settings["impressions"], settings.get("ids", 0)
    data = conversion_funnel(n, settings["cosine"], click_bias=settings["click_bias"], seed=seed)
    x = {"sparse": quantiles(data.x, ids)} if ids else {"dense": data.x.astype(np.float32)}
    label = np.stack([data.click, data.bought], axis=1).astype(np.float32)
    train, validation, test = (slice(0, 6 * n // 10), slice(6 * n // 10, 8 * n // 10), slice(8 * n // 10, n))
    tables: dict[str, Any] = {"vocabulary_sizes": [ids] * data.x.shape[1], "embedding_dim": 8} if ids else {}
    model: keras.Model = ESMM(settings["tower_units"], **tables, seed=seed)
    if settings.get("apart"):
        model = Apart(model, ESMM(settings["tower_units"], **tables, seed=seed + 1000))
    model = Stacked(model, ("ctr", "cvr"))
    curve, best = fit(
        model,
        (part(x, train), label[train]),
        (part(x, validation), label[validation]),
        seed=seed,
        epochs=epochs or settings["epochs"],
        patience=settings["patience"],
        monitor="log_loss",
        batch_size=settings["batch_size"],
        loss=loss,
        measure=clicked_log_loss,
        decay=settings["decay"],
    )
    q = 1 / (1 + np.exp(-predict(model, part(x, test))[:, 1]))
    error = (q - data.cvr[test]) ** 2
    clicked = data.click[test] == 1
    found = {"cvr_rmse": error.mean(), "cvr_rmse_clicked": error[clicked].mean()}
    return Trial(curve, best, {name: float(np.sqrt(value)) for name, value in found.items()})


LOSSES = {"esmm": entire_space, "clicked-only": clicked_only}
READING = words(
    "on features that are numbers ESMM is level at best, in the variants tried; it wins where the same "
    "features are many ids in embedding tables, of which clicked rows train too little, and where the tasks "
    "do not run against each other. The table above the cards has the figures",
    "特征是数值时，在试过的变化里 ESMM 至多打平；同样的特征换成嵌入表里的许多 id，点击过的样本训练不足，"
    "而且两个任务不相反，它才占优。数字见卡片上方的表",
)
CARDS = [
    Card(
        name=f"funnel-{name}",
        model=model,
        data="planted",
        protocol=PROTOCOL,
        settings={**SETTINGS, "loss": loss.__name__},
        metrics=("cvr_rmse", "cvr_rmse_clicked"),
        run=functools.partial(run, loss, SETTINGS),
        tuning=words("none", "未调参"),
        reading=READING if name == "esmm" else {},
    )
    for (name, loss), model in zip(
        LOSSES.items(),
        (words("ESMM"), words("trained on clicked rows only", "转化率只用点击过的样本训练")),
        strict=True,
    )
]
