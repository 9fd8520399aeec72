"""Shared bottom, OMoE, MMoE and single tasks on the MMoE paper's generator, as the tasks grow apart.

Every run draws its own truth, data and weights. Batches are fresh rows, so nothing can be memorized. One JSON
line a run goes to the file named; runs already there are skipped, one rate after the other, seeds outermost.

    python -m experiments.mmoe_synthetic experiments/mmoe_synthetic.jsonl --seeds 8
    python -m experiments.mmoe_synthetic experiments/mmoe_synthetic.jsonl --summary
"""

from __future__ import annotations

import argparse
import itertools
import json
import pathlib
import time
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recnotes.data.multitask import two_tasks
from recnotes.models.mmoe import MMoE, OMoE
from recnotes.models.shared_bottom import SharedBottom

TASKS = ("task_1", "task_2")
MODELS = ("SharedBottom", "OMoE", "MMoE", "Single")
COSINES = (1.0, 0.9, 0.5, 0.0)
RATES = (1e-2, 1e-3)
STEPS, BATCH, HELD_OUT = 6000, 128, 20_000


def build(name: str, seed: int) -> list[keras.Model]:
    """Builds a model of about 13,000 weights, the size of the paper's; Single is two models of half that."""
    if name == "Single":
        return [SharedBottom((task,), bottom_units=(56,), seed=2 * seed + k) for k, task in enumerate(TASKS)]
    return [{"SharedBottom": SharedBottom, "OMoE": OMoE, "MMoE": MMoE}[name](TASKS, seed=seed)]


class Trainer:
    """Trains one kind of model again and again, compiled once."""

    def __init__(self, name: str, n: int = 100, noise: float = 0.1) -> None:
        """Builds the model and its training loop."""
        self.name, self.n = name, n
        self.models = build(name, seed=0)
        self.predict(tf.zeros([1, n]))
        self.weights = [weight for model in self.models for weight in model.trainable_weights]
        self.optimizer = keras.optimizers.Adam()
        self.optimizer.build(self.weights)

        @tf.function
        def run(w: tf.Tensor, alpha: tf.Tensor, beta: tf.Tensor, seed: tf.Tensor) -> None:
            for step in tf.range(STEPS):
                x = tf.random.stateless_normal([BATCH, n], tf.stack([seed, step]))
                s = tf.matmul(x, w, transpose_b=True)
                y = s + tf.reduce_sum(tf.sin(s[:, :, None] * alpha + beta), -1)
                y += noise * tf.random.stateless_normal([BATCH, 2], tf.stack([seed + 1_000_000, step]))
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean((self.predict(x) - y) ** 2)
                gradients = tape.gradient(loss, [weight.value for weight in self.weights])
                self.optimizer.apply(gradients, self.weights)

        self.run = run

    def predict(self, x: tf.Tensor) -> tf.Tensor:
        """Predicts both tasks, ``[B, 2]``."""
        outputs: dict[str, tf.Tensor] = {}
        for model in self.models:
            outputs |= model({"dense": x})
        return tf.stack([outputs[task] for task in TASKS], axis=1)

    def measure(self, cosine: float, rate: float, seed: int) -> dict[str, Any]:
        """Trains from fresh weights and measures on held-out rows against the labels before noise."""
        start = time.process_time()
        for model, fresh in zip(self.models, build(self.name, seed), strict=True):
            fresh({"dense": tf.zeros([1, self.n])})
            model.set_weights(fresh.get_weights())
        for variable in self.optimizer.variables:
            variable.assign(tf.zeros_like(variable.value))
        self.optimizer.learning_rate.assign(rate)
        data = two_tasks(HELD_OUT, cosine, n=self.n, seed=seed)
        self.run(*(tf.constant(a, tf.float32) for a in (data.w, data.alpha, data.beta)), tf.constant(seed))
        x = tf.constant(data.x, tf.float32)
        error = (self.predict(x).numpy() - data.clean) ** 2
        row: dict[str, Any] = {
            "model": self.name,
            "cosine": cosine,
            "rate": rate,
            "seed": seed,
            "mse": np.round(error.mean(0), 6).tolist(),
            "unexplained": np.round(error.mean(0) / data.clean.var(0), 6).tolist(),
            "label_correlation": round(float(np.asarray(np.corrcoef(data.clean.T))[0, 1]), 4),
        }
        if self.name == "MMoE":
            g1, g2 = (g.numpy().astype(float) for g in self.models[0].gates({"dense": x}).values())
            row["gate_means"] = [g1.mean(0).round(3).tolist(), g2.mean(0).round(3).tolist()]
            row["gate_distance"] = round(float(np.abs(g1 - g2).sum(1).mean() / 2), 4)
        row["cpu_seconds"] = round(time.process_time() - start, 1)
        return row


def summary(rows: list[dict[str, Any]]) -> None:
    """Prints mean and standard deviation over seeds of the unexplained variance in percent, both tasks."""
    for rate, cosine in itertools.product(RATES, COSINES):
        cells = []
        for name in MODELS:
            key = (name, cosine, rate)
            mine = [r for r in rows if (r["model"], r["cosine"], r["rate"]) == key]
            values = [100 * np.mean(r["unexplained"]) for r in mine]
            if values:
                cells.append(f"{name} {np.mean(values):.2f} ± {np.std(values):.2f} ({len(values)})")
        print(f"rate {rate:g} cosine {cosine}:", "  ".join(cells))


def main() -> None:
    """Runs what is missing, or prints the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--summary", action="store_true")
    options = parser.parse_args()
    text = options.log.read_text() if options.log.exists() else ""
    rows = [json.loads(line) for line in text.splitlines()]
    if options.summary:
        summary(rows)
        return
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    done = {(r["model"], r["cosine"], r["rate"], r["seed"]) for r in rows}
    trainers = {name: Trainer(name) for name in MODELS}
    for rate, seed, cosine, name in itertools.product(RATES, range(options.seeds), COSINES, MODELS):
        if (name, cosine, rate, seed) not in done:
            row = trainers[name].measure(cosine, rate, seed)
            with options.log.open("a") as log:
                log.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
