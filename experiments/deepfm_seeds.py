"""What the DeepFM article says of seeds: the third order on planted data, and MovieLens-100K five times.

One JSON line a run goes to the file named. Repeat the log in a new file, about a minute of one core:

    TF_ENABLE_ONEDNN_OPTS=0 python -m experiments.deepfm_seeds again.jsonl

The planted runs are the training block of the article with other generator seeds; the MovieLens runs are the
lab's with other model seeds. With the same kind of processor and the versions of constraints.txt they repeat.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from experiments.cards.ml_100k_ctr import fields
from recnotes.data import Split, movielens_100k, planted_interactions, random_rows, temporal
from recnotes.metrics import auc, log_loss
from recnotes.models import DeepFM

PLANTED = (("DeepFM", 0.1), ("DeepFM", 0.01), ("DNN", 0.01))
SPLITS = ("time", "random")


def fit(model: keras.Model, inputs: Any, labels: Any, rate: float, batch: int, **options: Any) -> None:
    """Trains four epochs with Adam, the global seeds set."""
    keras.utils.set_random_seed(0)
    model.compile(keras.optimizers.Adam(rate), keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(inputs, labels, batch_size=batch, epochs=4, verbose=0, **options)


def planted(name: str, scale: float, seed: int) -> dict[str, Any]:
    """How much of the planted third order a model recovers, 1 is all."""
    data = planted_interactions(50_000, (30, 40, 2, 2, 2), seed=seed)
    train, test = data.split(40_000)
    model = DeepFM(
        data.vocabulary_sizes,
        2,
        8,
        [64, 64],
        dropout=0.0,
        embedding_stddev=scale,
        use_fm=name == "DeepFM",
        seed=1,
    )
    fit(model, train.inputs, train.labels, 0.01, 512)
    logits = model.predict(test.inputs, batch_size=5000, verbose=0)
    third = np.linalg.lstsq(test.parts(), logits, rcond=None)[0][2]
    return {"data": "planted", "model": name, "scale": scale, "seed": seed, "third": round(float(third), 4)}


def movielens(split_name: str, seed: int) -> dict[str, Any]:
    """Test AUC of DeepFM on MovieLens-100K, the epoch chosen on validation."""
    ml = movielens_100k()
    ids, like = fields(ml)  # [N, F], [N]
    split: Split = temporal(ml.ratings.timestamp) if split_name == "time" else random_rows(len(like), seed=0)
    model = DeepFM((ids.max(axis=0) + 1).tolist(), embedding_dim=10, hidden_units=[64, 64], seed=seed)
    seen: list[tuple[float, float]] = []

    def after(epoch: int, logs: Any) -> None:
        logits = model({"sparse": ids}).numpy()
        validation = log_loss(like[split.validation], logits[split.validation])
        seen.append((validation, auc(like[split.test], logits[split.test])))

    callback = keras.callbacks.LambdaCallback(on_epoch_end=after)
    fit(model, {"sparse": ids[split.train]}, like[split.train], 0.002, 2048, callbacks=[callback])
    return {"data": "ml-100k", "split": split_name, "seed": seed, "auc": round(min(seen)[1], 4)}


def main() -> None:
    """Runs everything and writes the log."""
    parser = argparse.ArgumentParser(description="Repeat the DeepFM article's runs over seeds.")
    parser.add_argument("log", type=Path)
    log = parser.parse_args().log
    with log.open("x", encoding="utf-8") as file:
        for name, scale in PLANTED:
            for seed in range(4):
                print(json.dumps(planted(name, scale, seed)), file=file, flush=True)
        for split in SPLITS:
            for seed in range(1, 6):
                print(json.dumps(movielens(split, seed)), file=file, flush=True)


if __name__ == "__main__":
    main()
