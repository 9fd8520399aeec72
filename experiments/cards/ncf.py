"""MovieLens-100K and -1M, leave-one-out: GMF, NCF's MLP, NeuMF and matrix factorization with biases.

The last movie of a user tests, the one before it validates. A rating of any height is a positive; each comes
with negatives drawn uniformly from what the user has no training row for, anew each epoch, 4 as in NCF's code
or 8 for matrix factorization as in that of Rendle et al. (2020). Matrix factorization with biases is a
factorization machine of two fields. The epoch is the one with the best NDCG@10 on validation over all movies
the user has not seen; NCF's code takes the best on its test set.

MovieLens-1M is gSASRec's form (3,416 movies): only 512 users validate, the other users' second last movie is
not in it, and a movie with fewer than five ratings neither. NCF's and Rendle et al.'s tables stand on another
split and are quoted as not comparable.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from experiments.card import Card, Curve, Metrics, Reference, Trial
from experiments.pairs import Log, every_pair, left_out, with_negatives
from experiments.training import best_of, fit, predict
from experiments.words import Words, words
from recnotes import models
from recnotes.data.movielens import movielens_100k
from recnotes.data.movielens_1m_files import movielens_1m_sequences
from recnotes.data.splits import leave_one_out
from recnotes.metrics import hit_rate, ndcg, sample_candidates
from recnotes.optimizers import LazyAdam

PROTOCOL = {
    "en": "leave-one-out: the last movie among all movies the user has not seen, and among 99 of them drawn "
    "uniformly; HR and NDCG at 10 at the epoch with the best validation NDCG over all. On MovieLens-1M only "
    "512 users validate: of the others the second last movie is missing",
    "zh": "留一法：最后一部影片在全部未看影片中的排名，以及在均匀抽取的 99 部中的排名；"
    "取验证集全量 NDCG@10 最高的一轮，报告 HR@10 与 NDCG@10。MovieLens-1M 只有 512 位用户可以验证，"
    "其余用户缺倒数第二部影片",
}


def read(name: str) -> Log:
    """Returns one of the two logs."""
    if name == "ml-100k":
        data = movielens_100k()
        pairs = np.stack([data.ratings.user_id, data.ratings.item_id], axis=1).astype(np.int32) - 1
        parts = leave_one_out(data.ratings.user_id, data.ratings.timestamp)
        train, validation, test = (pairs[rows] for rows in parts)
        shape, extra = (data.num_users, data.num_items), np.zeros((0, 2), np.int32)
    else:
        sequences = movielens_1m_sequences()
        users = np.arange(len(sequences.train), dtype=np.int32)
        train = np.stack([np.repeat(users, sequences.train.lengths), sequences.train.items - 1], axis=1)
        some = sequences.validation_user.astype(np.int32)
        validation = np.stack([some, sequences.validation_target - 1], axis=1)
        extra = np.stack([some, [history[-1] - 1 for history in sequences.validation]], axis=1)
        test = np.stack([users, sequences.test_target - 1], axis=1)
        shape = (len(users), sequences.num_items)
    trained = np.zeros(shape, bool)
    trained[tuple(train.T)] = True
    known = trained.copy()
    for rows in (validation, extra):
        known[tuple(rows.T)] = True
    (user, item), asked, last = train.T.astype(np.int32), validation.T, test.T
    return Log(user, item, (asked[0], asked[1]), (last[0], last[1]), trained, known)


def rank_tests(model: keras.Model, log: Log) -> Metrics:
    """Ranks the test movies by a model."""
    users, num_items = log.test[0], log.known.shape[1]
    blocks = np.array_split(users, max(1, len(users) // 256))
    logits = [predict(model, every_pair(block, num_items), 65536) for block in blocks]
    return rank_scores(np.concatenate(logits).reshape(len(users), num_items), log)


def rank_scores(scores: np.ndarray, log: Log) -> Metrics:
    """Ranks the test movies among all that are not known, and among 99 of them."""
    users, target = log.test
    exclude = left_out(log, users, target)
    drawn = sample_candidates(target, log.known.shape[1], 99, exclude)
    few, first = np.take_along_axis(scores, drawn, axis=1), np.zeros(len(users), int)
    return {
        "hr@10": hit_rate(scores, target, 10, exclude),
        "ndcg@10": ndcg(scores, target, 10, exclude),
        "hr@10_99": hit_rate(few, first, 10),
        "ndcg@10_99": ndcg(few, first, 10),
    }


def run(
    data: str, build: Callable[..., keras.Model], settings: Mapping[str, Any], seed: int, epochs: int | None
) -> Trial:
    """Trains one seed with each penalty."""
    log = read(data)
    users, target = log.validation
    num_items = log.trained.shape[1]
    exclude = left_out(log, users, target)

    def measure(_: np.ndarray, logit: np.ndarray) -> Metrics:
        scores = logit.reshape(len(users), num_items)
        return {"ndcg@10": ndcg(scores, target, 10, exclude), "hr@10": hit_rate(scores, target, 10, exclude)}

    def train_with(own: Mapping[str, Any]) -> tuple[keras.Model, Curve, int]:
        model = build(*log.trained.shape, seed=seed, **settings["model"])
        curve, best = fit(
            model,
            lambda epoch: with_negatives(log, settings["negatives"], [seed, epoch]),
            (every_pair(users, num_items), np.zeros(0)),
            seed=seed,
            epochs=epochs or settings["epochs"],
            patience=settings["patience"],
            monitor="ndcg@10",
            batch_size=settings["batch_size"],
            optimizer=LazyAdam(settings["rate"]),
            measure=measure,
            table_l2=own["table_l2"],
            decay=1.0,
        )
        return model, curve, best

    tries = [{"table_l2": l2} for l2 in settings["table_l2"]]
    model, curve, best, number = best_of(tries, train_with, "ndcg@10")
    return Trial(curve, best, {**rank_tests(model, log), "table_l2": tries[number]["table_l2"]})


def count(data: str, seed: int, epochs: int | None) -> Trial:
    """Ranks by the number of training rows; nothing is random."""
    log = read(data)
    counts = np.bincount(log.item, minlength=log.trained.shape[1]).astype(np.float32)
    users, target = log.validation
    scores, exclude = np.tile(counts, (len(users), 1)), left_out(log, users, target)
    validation = {
        "ndcg@10": ndcg(scores, target, 10, exclude),
        "hr@10": hit_rate(scores, target, 10, exclude),
    }
    return Trial([{"epoch": 1, **validation}], 1, rank_scores(np.tile(counts, (len(log.test[0]), 1)), log))


def matrix_factorization(num_users: int, num_items: int, **arguments: Any) -> keras.Model:
    """Returns matrix factorization with biases."""
    return models.FactorizationMachine((num_users, num_items), **arguments)


OTHER = words(
    "another split of MovieLens-1M; the study's own figure is quoted from memory",
    "MovieLens-1M 的另一种划分；该研究的数字凭记忆引用",
)
NCF = words(
    "NCF (arXiv:1708.05031), MovieLens-1M, eight factors, no pre-training, 99 negatives",
    "NCF（arXiv:1708.05031），MovieLens-1M，8 维，没有预训练，99 个负例",
)
RENDLE = words(
    "Rendle et al. 2020 (arXiv:2005.09683), MovieLens-1M, 99 negatives",
    "Rendle 等 2020（arXiv:2005.09683），MovieLens-1M，99 个负例",
)
PLANS: dict[str, dict[str, Any]] = {
    "ml-100k": {
        "table_l2": [0.0, 1e-6, 5e-6],
        "batch_size": 1024,
        "rate": 0.002,
        "epochs": 40,
        "patience": 4,
    },
    "ml-1m": {"table_l2": [0.0, 8e-7], "batch_size": 4096, "rate": 0.004, "epochs": 15, "patience": 2},
}
BUILDS: dict[str, tuple[Words, Callable[..., keras.Model], int, dict[str, Any]]] = {
    "gmf": (words("GMF"), models.GMF, 4, {}),
    "mlp": (words("NCF's MLP", "NCF 的 MLP"), models.NCFMLP, 4, {}),
    "neumf": (words("NeuMF"), models.NeuMF, 4, {}),
    "mf": (
        words("MF with biases", "带偏置的矩阵分解"),
        matrix_factorization,
        8,
        {"embedding_dim": 64, "embedding_stddev": 0.1},
    ),
}
WIDER = words(
    "it differs from the other three in more than the product: vectors of 64 numbers (GMF 8, NeuMF 8 and "
    "32), eight negatives in place of four, a start of .1 and biases. Its lead cannot be put down to the "
    "product alone",
    "它与另外三个模型的差别不只是内积：向量宽 64（GMF 是 8，NeuMF 是 8 与 32），每个正例配八个负例，"
    "而不是四个，向量从 0.1 起步，还有偏置。领先不能只归于内积",
)
PUBLISHED = {
    ("ml-1m", "neumf"): Reference(
        NCF, {"hr@10_99": 0.688, "ndcg@10_99": 0.410}, comparable=False, note=OTHER
    ),
    ("ml-1m", "mf"): Reference(
        RENDLE, {"hr@10_99": 0.7294, "ndcg@10_99": 0.4523}, comparable=False, note=OTHER
    ),
}
METRICS = ("hr@10", "ndcg@10", "hr@10_99", "ndcg@10_99")
SHOWN = {"ml-100k": "MovieLens-100K", "ml-1m": "MovieLens-1M"}


def card(data: str, name: str) -> Card:
    """Returns one card."""
    model, build, negatives, arguments = BUILDS[name]
    settings = {"model": arguments, "negatives": negatives, "optimizer": "LazyAdam", **PLANS[data]}
    tries = [f"{value:g}" for value in settings["table_l2"]]
    return Card(
        name=f"{data}-{name}",
        model=words(f"{model['en']}, {SHOWN[data]}", f"{model['zh']}，{SHOWN[data]}"),
        data=data,
        protocol=PROTOCOL,
        settings=settings,
        metrics=METRICS,
        run=functools.partial(run, data, build, settings),
        seeds=3 if data == "ml-100k" else 1,
        references=(PUBLISHED[data, name],) if (data, name) in PUBLISHED else (),
        tuning=words(
            f"penalty on the tables {' or '.join(tries)}, by validation, anew for each seed",
            f"嵌入表的惩罚系数在 {'、'.join(tries)} 里由验证集选，每个种子各选一次",
        ),
        reading=WIDER if name == "mf" else {},
    )


def popularity(data: str) -> Card:
    """Returns the card of the baseline, which nothing is trained for."""
    return Card(
        name=f"{data}-popularity",
        model=words(f"popularity, {SHOWN[data]}", f"流行度，{SHOWN[data]}"),
        data=data,
        protocol=PROTOCOL,
        settings={"counts": "training rows"},
        metrics=METRICS,
        run=functools.partial(count, data),
        seeds=1,
        tuning=words("none", "未调参"),
    )


CARDS = [made for data in PLANS for made in (*(card(data, name) for name in BUILDS), popularity(data))]
