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


def run(
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    settings: Mapping[str, Any],
    seed: int,
    epochs: int | None,
) -> Trial:
    """Trains one seed."""
    n = settings["impressions"]
    data = conversion_funnel(n, settings["cosine"], click_bias=settings["click_bias"], seed=seed)
    x = data.x.astype(np.float32)
    label = np.stack([data.click, data.bought], axis=1).astype(np.float32)
    train, validation, test = (slice(0, 6 * n // 10), slice(6 * n // 10, 8 * n // 10), slice(8 * n // 10, n))
    model = Stacked(ESMM(settings["tower_units"], seed=seed), ("ctr", "cvr"))
    curve, best = fit(
        model,
        ({"dense": x[train]}, label[train]),
        ({"dense": x[validation]}, label[validation]),
        seed=seed,
        epochs=epochs or settings["epochs"],
        patience=settings["patience"],
        monitor="log_loss",
        batch_size=settings["batch_size"],
        loss=loss,
        measure=clicked_log_loss,
        decay=settings["decay"],
    )
    q = 1 / (1 + np.exp(-predict(model, {"dense": x[test]})[:, 1]))
    error = (q - data.cvr[test]) ** 2
    clicked = data.click[test] == 1
    found = {"cvr_rmse": error.mean(), "cvr_rmse_clicked": error[clicked].mean()}
    return Trial(curve, best, {name: float(np.sqrt(value)) for name, value in found.items()})


READING = words(
    "ESMM does not win on features that are numbers, in any variant tried: clicked rows are then enough to "
    "learn from, and ESMM's product forgets which rows were clicked. It wins where the same features are ids "
    "in embedding tables, of which clicked rows train too little; the table above the cards has the figures",
    "特征是数值时，试过的每种变化里 ESMM 都没有赢：点击过的样本已经够学，而它的乘积不看哪些样本被点击过。"
    "同样的特征换成嵌入表里的 id，点击过的样本训练不足，它才占优；数字见卡片上方的表",
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
    for name, model, loss in (
        ("esmm", words("ESMM"), entire_space),
        ("clicked-only", words("trained on clicked rows only", "转化率只用点击过的样本训练"), clicked_only),
    )
]
