"""BST, which predicts clicks: it trains on drawn items beside those that followed, and ranks drawn ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from experiments import next_item
from experiments.card import Trial
from experiments.cards.beauty_next.protocol import FULL, UNTUNED, card, config, data
from experiments.next_item import Loss
from experiments.ranking import ScoreSome, rank_candidates
from experiments.sequences import beginnings
from experiments.words import words
from recnotes import models
from recnotes.layers.negatives import sample_negatives
from recnotes.optimizers import LazyAdam

PROTOCOL = {
    "en": "leave-one-out: the last item of each user tests, the one before it validates; HR@10 and NDCG@10 "
    "among 99 drawn items only: a click model that reads every pair is too dear for all items",
    "zh": "留一法：每位用户的最后一个物品用于测试，倒数第二个用于验证；只在 99 个抽取的负例中计算 HR@10 与 "
    "NDCG@10：点击率模型须逐对计算，对全部物品排序代价过高",
}


def click_loss(seeds: keras.random.SeedGenerator, num_items: int, negatives: int) -> Loss:
    """Makes a click of each item that followed, and no click of items drawn in its place."""

    def loss(model: keras.Model, batch: Mapping[str, tf.Tensor]) -> tf.Tensor:
        history, target = batch["history"], batch["target"]
        drawn = sample_negatives(
            tf.concat([history, target[:, None]], axis=1), num_items, [negatives], seeds.next()
        )
        items = tf.concat([target[:, None], drawn], axis=1)  # [B, 1+K]
        pairs = {"item": tf.reshape(items, [-1]), "history": tf.repeat(history, 1 + negatives, axis=0)}
        logit = tf.reshape(model(pairs, training=True), [-1, 1 + negatives])
        label = tf.concat([tf.ones_like(logit[:, :1]), tf.zeros_like(logit[:, 1:])], axis=1)
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(label, logit))

    return loss


def pair_scores(model: keras.Model) -> ScoreSome:
    """Returns the logits of some items for each history, pair by pair."""

    @tf.function(
        input_signature=[tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None], tf.int32)]
    )
    def score(history: tf.Tensor, items: tf.Tensor) -> tf.Tensor:
        count = tf.shape(items)[1]
        pairs = {"item": tf.reshape(items, [-1]), "history": tf.repeat(history, count, axis=0)}
        return tf.reshape(model(pairs, training=False), [-1, count])

    return lambda history, items: score(tf.constant(history), tf.constant(items)).numpy()


def run(settings: Mapping[str, Any], seed: int, epochs: int | None) -> Trial:
    """Trains one seed."""
    split, length = data(), settings["max_length"]
    model = models.BST(split.num_items, max_length=length, seed=seed, **settings["model"])
    score = pair_scores(model)
    return next_item.trial(
        model,
        beginnings(split.train, length),
        lambda: rank_candidates(score, split.validation, length),
        lambda: rank_candidates(score, split.test, length),
        settings,
        seed,
        epochs,
        optimizer=LazyAdam(settings["learning_rate"]),
        loss=click_loss(keras.random.SeedGenerator(seed), split.num_items, settings["negatives"]),
        monitor="sampled_ndcg@10",
    )


CARDS = [
    card(
        "bst",
        words("BST"),
        run,
        config(
            {"embedding_dim": 16, "hidden_units": (128, 64), "num_heads": 4, "dropout": 0.2},
            10,
            20,
            batch_size=512,
            negatives=4,
        ),
        protocol=PROTOCOL,
        metrics=FULL[2:],
        seeds=3,
        tuning=UNTUNED,
    ),
]
