"""Score fusion on MovieLens-100K: ten ways to make one order of three scores, for two objectives in conflict.

The last ten ratings of every user are held out. On the others two factorization machines are trained:
P(watch), whether the user rates the movie at all, against drawn movies, and P(like), whether a rated movie
gets 4 or 5. The third score is the movie's novelty in bits, minus the logarithm of its share of the training
ratings. P(watch) retrieves 200 movies a user has not rated; a form of `recnotes.fusion` orders them.

Both objectives are NDCG at 10, of the held-out movies rated 4 or 5, and of those among them that stand
outside the head, the most rated movies that hold half of the training ratings. They conflict: a model of what
people watch fills the ten places from the head, and a place given to the tail is taken from there.

Half of the users, drawn by the seed, choose the epochs of both models and what the form leaves open, out of
136 candidates for every form; the other half tests. On it, a form's front is set against the front of the
weighted z-scores drawn with hindsight, the best that 136 weights reach on these very users.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from experiments import fusing
from experiments.card import Card, Trial
from experiments.cards.movie_scores import Ratings, read, train_like, train_watch
from experiments.pairs import every_pair
from experiments.training import predict
from experiments.words import words

PROTOCOL = {
    "en": "each user's last ten ratings held out, half of the users validate, half test; the 200 unseen "
    "movies with the highest P(watch), ordered by the fused score. NDCG@10 of the movies rated 4 or 5 "
    "(liked) and of those among them outside the head (tail), by the candidate of 136 with the highest mean "
    "of both on validation users. hypervolume: area under the front that validation found, measured on test "
    "users, as a share of that of weighted z-scores with hindsight; gap: how far the mean of both stays "
    "below the highest of that front",
    "zh": "留出每个用户最后十条评分，一半用户验证，一半用户测试；取 P(watch) 最高的 200 部未看影片，"
    "按融合分排序。报告评分不低于 4 的影片的 NDCG@10（喜欢），以及其中头部以外影片的 NDCG@10（长尾）；"
    "136 个候选里取验证用户上两者均值最高的一个。超体积：验证集找到的前沿在测试用户上围出的面积，"
    "与事后选权重的 z-score 加权和的面积之比；差距：两者均值比那条前沿的最高值低多少",
}
SETTINGS: dict[str, Any] = {
    "held_out": 10,
    "list": fusing.LENGTH,
    "candidates": len(fusing.WEIGHTS),
    "optimizer": "LazyAdam",
    "epochs": 40,
    "patience": 2,
    "watch": {"embedding_dim": 32, "negatives": 4, "batch_size": 2048, "rate": 0.005, "table_l2": 5e-6},
    "like": {"embedding_dim": 8, "batch_size": 1024, "rate": 0.005, "table_l2": 1e-4},
}


def lists_of(data: Ratings, models: list[keras.Model], users: np.ndarray, length: int) -> fusing.Users:
    """Scores all movies for some users and cuts their lists."""
    shape = (len(users), data.seen.shape[1])
    logits = [predict(model, every_pair(users, shape[1]), 65536).reshape(shape) for model in models]
    chances = [1 / (1 + np.exp(-logit.astype(float))) for logit in logits]
    scores = np.stack([*chances, np.broadcast_to(data.novelty, shape)], axis=2)  # [U, N, 3]
    return fusing.lists(scores, data.seen[users], (data.liked[users], data.tail[users]), length)


def run(form: str, settings: Mapping[str, Any], seed: int, epochs: int | None) -> Trial:
    """Trains both models for one seed, searches, and measures."""
    data, most = read(settings["held_out"]), epochs or settings["epochs"]
    half, other = np.array_split(np.random.default_rng(seed).permutation(len(data.seen)), 2)
    half, other = np.sort(half), np.sort(other)
    watch, curve, best = train_watch(data, half, settings, seed, most)
    like, _, like_best = train_like(data, half, settings, seed, most)
    validation, test = (lists_of(data, [watch, like], users, settings["list"]) for users in (half, other))
    found = fusing.search(fusing.PLANS[form], validation, test)
    hindsight = fusing.sweep(fusing.REFERENCE, test)
    metrics = {
        "hypervolume": fusing.hypervolume(found.test) / fusing.hypervolume(hindsight),
        "liked_ndcg@10": float(found.reached[0]),
        "tail_ndcg@10": float(found.reached[1]),
        "gap": float(hindsight.mean(axis=1).max() - found.reached.mean()),
        "chosen": float(found.chosen),
        "like_epoch": float(like_best),
    }
    points = [
        {
            "candidate": float(n),
            "validation_liked": v[0],
            "validation_tail": v[1],
            "liked": t[0],
            "tail": t[1],
        }
        for n, v, t in zip(found.front, found.validation, found.test, strict=True)
    ]
    return Trial(curve, best, metrics, points)


NAMES = {
    "watch": words("P(watch) alone", "只用 P(watch)"),
    "weighted-sum": words("Weighted sum", "加权和"),
    "z-score": words("Weighted sum of z-scores", "z-score 加权和"),
    "min-max": words("Weighted sum after min-max", "min-max 归一化后加权和"),
    "power": words("Power product", "幂乘积"),
    "price": words("Price-weighted, novelty as price", "价格加权，新颖度当作价格"),
    "borda": words("Borda count", "Borda 计数"),
    "rrf": words("Reciprocal rank fusion", "倒数排名融合（RRF）"),
    "chebyshev": words("Chebyshev after min-max", "min-max 归一化后切比雪夫"),
    "cascade": words("Cascade", "级联"),
}
MODELS = words(
    "models: four settings tried for P(watch), three for P(like), on the validation users of one seed",
    "模型：P(watch) 试过四种设置，P(like) 试过三种，都看一个种子的验证用户",
)
SEARCH = words("; form: 136 candidates, anew for each seed", "；融合形式：136 个候选，每个种子各选一次")
CARDS = [
    Card(
        name=f"fusion-{form}",
        model=model,
        data="ml-100k",
        protocol=PROTOCOL,
        settings={"form": form, **SETTINGS},
        metrics=("hypervolume", "liked_ndcg@10", "tail_ndcg@10", "gap"),
        run=functools.partial(run, form, SETTINGS),
        tuning=MODELS if form == "watch" else words(*(MODELS[key] + SEARCH[key] for key in ("en", "zh"))),
    )
    for form, model in NAMES.items()
]
