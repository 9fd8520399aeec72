"""Frappe as click prediction: twelve models under BARS's settings, AUC and log loss.

The settings are those of BARS's best configuration for each model (batch 4,096, Adam 0.001, width 10,
gradients bounded to a norm of 10, the learning rate divided by 10 after an epoch without a better
validation AUC), with what its code does to the tables: half their squared norm, all rows at every step. The
networks of DNN, DeepFM, DCN, DCNv2 and Wide & Deep are normalized over the batch as BARS's are. All vectors
start at N(0, 0.0001), FFM's too. The rows are those of `recnotes.data.frappe`, whose training negatives are
drawn anew.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import keras

from experiments.builds import BATCH_NORM, glorot_afm, normalized, small_ffm
from experiments.card import Card, Reference, Trial
from experiments.cards.frappe_ctr_readings import READINGS
from experiments.training import ctr_metrics, fit, predict
from experiments.words import Words, joined, words
from recnotes import models
from recnotes.data.frappe_split import FrappeRows, frappe

PROTOCOL = {
    "en": "BARS frappe_x1: the random 70/20/10 split of NFM's authors, training negatives drawn anew; AUC "
    "and log loss of the test rows at the epoch with the best validation AUC",
    "zh": "BARS frappe_x1：NFM 作者的随机 70/20/10 划分，训练负例重新抽取；取验证集 AUC 最高的一轮，"
    "报告测试集的 AUC 与对数损失",
}
OWN = words("none: BARS's own configuration", "未调参，用 BARS 自己的配置")
PYTORCH = words(
    "its batch normalization with PyTorch's constants: with Keras's (momentum 0.99) DNN and DeepFM stopped "
    "at a validation AUC of .9832 and .9835 (one seed each)",
    "批归一化用 PyTorch 的常数：若用 Keras 的（momentum 0.99），DNN 与 DeepFM 的验证集 AUC 停在 0.9832 与 "
    "0.9835（各一个种子）",
)
DEEP = {"hidden_units": (400, 400, 400)}


def bars(model: str) -> Words:
    """Says where BARS has its figure for a model."""
    place = f"{model.replace(' & ', '')}_frappe_x1"
    return words(
        f"BARS, ranking/ctr, {place} (reczoo/BARS@5b5e61f)",
        f"BARS，ranking/ctr 下的 {place}（reczoo/BARS@5b5e61f）",
    )


def columns(rows: FrappeRows) -> tuple[dict[str, Any], Any]:
    """Returns inputs and labels."""
    return {"sparse": rows.ids}, rows.label


def run(
    build: Callable[..., keras.Model], settings: Mapping[str, Any], seed: int, epochs: int | None
) -> Trial:
    """Trains one seed."""
    data = frappe()
    arguments = {"embedding_dim": 10, "embedding_stddev": 0.0001, **settings["model"]}
    arguments = {name: value for name, value in arguments.items() if value is not None}
    model = build(data.vocabulary_sizes, seed=seed, **arguments)
    curve, best = fit(
        model,
        columns(data.train),
        columns(data.validation),
        seed=seed,
        epochs=epochs or settings["epochs"],
        patience=settings["patience"],
        batch_size=settings["batch_size"],
        table_l2=settings["table_l2"],
    )
    inputs, label = columns(data.test)
    return Trial(curve, best, ctr_metrics(label, predict(model, inputs)))


def card(
    name: str,
    model: str,
    build: Callable[..., keras.Model],
    auc: float | None,
    log_loss: float | None,
    arguments: Mapping[str, Any],
    table_l2: float,
    spread: tuple[float, float] | None = None,
    patience: int = 2,
    epochs: int = 100,
    batch_norm: bool = False,
    tuning: Words | None = None,
) -> Card:
    """Returns one card; ``spread`` is BARS's standard deviation over five runs, where it has them.

    BARS divides by n; ours has n - 1, so theirs is brought to that.
    """
    settings = {
        "model": dict(arguments),
        "optimizer": "Adam 0.001, gradients bounded to a norm of 10",
        "batch_size": 4096,
        "table_l2": table_l2,
        "epochs": epochs,
        "patience": patience,
        "decay": 0.1,
    }
    if batch_norm:
        settings["batch_norm"] = BATCH_NORM
        build = functools.partial(normalized, build)
    references: tuple[Reference, ...] = ()
    if auc is not None and log_loss is not None:
        spreads = {
            name: round(s * (5 / 4) ** 0.5, 6)
            for name, s in zip(("auc", "log_loss"), spread or (), strict=False)
        }
        runs = words("five runs, the spread with n - 1", "五次运行，标准差按 n − 1 换算")
        note = runs if spread else words("one run", "一次运行")
        references = (Reference(bars(model), {"auc": auc, "log_loss": log_loss}, spreads, note=note),)
    return Card(
        name=f"frappe-{name}",
        model=words(model),
        data="frappe",
        protocol=PROTOCOL,
        settings=settings,
        metrics=("auc", "log_loss"),
        run=functools.partial(run, build, settings),
        references=references,
        tuning=tuning or (joined(OWN, PYTORCH) if batch_norm else OWN),
        reading=READINGS.get(name, {}),
    )


LOGISTIC = {"embedding_dim": None, "embedding_stddev": None}
CARDS = [
    card("lr", "LR", lambda sizes, seed: models.LogisticRegression(sizes), 0.9356, 0.3076, LOGISTIC, 1e-5),
    card("fm", "FM", models.FactorizationMachine, 0.9671, 0.2065, {}, 5e-6),
    card("ffm", "FFM", small_ffm, 0.9786, 0.1860, {"use_linear": True}, 1e-6),
    card(
        "afm",
        "AFM",
        glorot_afm,
        0.9697,
        0.2264,
        {"attention_units": 128, "pair_dropout": 0.1, "pooled_dropout": 0.1},
        1e-5,
        tuning=words(
            "BARS's configuration with three starts, one seed each, by validation AUC: the projection at "
            "ones and the attention's output N(0, 1), as AFM's authors start them, .9297 after 8 epochs, "
            ".9425 after 26, at most .9510; both Glorot-normal, as FuxiCTR starts them, .9606 after 26, "
            "taken here; the authors' start with vectors of deviation 0.1 in place of 0.0001, .9180 after 8",
            "BARS 的配置，试了三种初始值，各一个种子，比较验证集 AUC：投影向量全取 1、注意力输出向量取 "
            "N(0, 1)（AFM 作者的取法），8 轮后 0.9297，26 轮后 0.9425，最高 0.9510；两者都用 Glorot 正态"
            "（FuxiCTR 的取法），26 轮后 0.9606，采用；仍按作者的取法，但嵌入向量的标准差由 0.0001 改为 0.1，"
            "8 轮后 0.9180",
        ),
    ),
    card(
        "nfm",
        "NFM",
        models.NFM,
        0.9804,
        0.2058,
        {**DEEP, "batch_norm": False, "pooled_dropout": 0.0, "dropout": 0.4},
        1e-4,
        epochs=200,
    ),
    card(
        "dnn",
        "DNN",
        models.DeepFM,
        0.9840,
        0.1584,
        {**DEEP, "use_fm": False, "dropout": 0.2},
        0.05,
        (0.00051, 0.00215),
        batch_norm=True,
    ),
    card(
        "ipnn",
        "IPNN",
        models.PNN,
        0.9841,
        0.1540,
        {**DEEP, "pairs": "above", "dropout": 0.3},
        0.05,
        patience=3,
    ),
    card(
        "widedeep",
        "Wide & Deep",
        models.WideDeep,
        0.9831,
        0.1540,
        {**DEEP, "dropout": 0.6},
        0.1,
        (0.00079, 0.00318),
        batch_norm=True,
    ),
    card(
        "deepfm",
        "DeepFM",
        models.DeepFM,
        0.9839,
        0.1495,
        {**DEEP, "dropout": 0.2},
        0.05,
        (0.00016, 0.00175),
        batch_norm=True,
    ),
    card(
        "dcn",
        "DCN",
        models.DCN,
        0.9834,
        0.1507,
        {**DEEP, "num_cross_layers": 3, "dropout": 0.2},
        0.05,
        (0.00031, 0.00233),
        batch_norm=True,
    ),
    card(
        "dcnv2",
        "DCNv2",
        models.DCNv2,
        0.9838,
        0.1520,
        {**DEEP, "num_cross_layers": 4, "dropout": 0.4},
        0.05,
        (0.00043, 0.00206),
        batch_norm=True,
    ),
    card(
        "deepcrossing",
        "Deep Crossing",
        models.DeepCrossing,
        None,
        None,
        {"hidden_units": (500, 500, 500), "embedding_relu": False},
        0.05,
        tuning=words(
            "none: BARS has no Deep Crossing on Frappe; the settings of its DNN",
            "未调参：BARS 在 Frappe 上没有 Deep Crossing，沿用它的 DNN 的设置",
        ),
    ),
]
