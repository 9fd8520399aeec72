"""Shared bottom, OMoE, MMoE and single tasks on the MMoE paper's generator, as the tasks grow apart.

Every run draws its own truth, data and weights. Batches are fresh rows, so nothing can be memorized. One JSON
line a run goes to the file named; runs already there are skipped, one rate after the other, seeds outermost.

Repeat the 256 runs of the log in a new file, about 13 minutes of one core:

    TF_ENABLE_ONEDNN_OPTS=0 python -m experiments.mmoe_synthetic again.jsonl --seeds 8

Print every number that the article takes from the log:

    python -m experiments.mmoe_synthetic experiments/mmoe_synthetic.jsonl --summary

On the same kind of processor, with the versions of constraints.txt, a run repeats to the last digit; another
processor rounds differently, and 6,000 steps enlarge that.
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
STRETCH = 500  # steps whose mean loss is one point of a curve


def build(name: str, seed: int) -> list[keras.Model]:
    """Builds a model of 12,000 to 15,000 weights, the size of the paper's; Single is two of half that."""
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
        def run(
            w: tf.Tensor, alpha: tf.Tensor, beta: tf.Tensor, seed: tf.Tensor, first: tf.Tensor
        ) -> tf.Tensor:
            total = tf.constant(0.0)
            for step in tf.range(first, first + STRETCH):
                x = tf.random.stateless_normal([BATCH, n], tf.stack([seed, step]))
                s = tf.matmul(x, w, transpose_b=True)
                y = s + tf.reduce_sum(tf.sin(s[:, :, None] * alpha + beta), -1)
                y += noise * tf.random.stateless_normal([BATCH, 2], tf.stack([seed + 1_000_000, step]))
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean((self.predict(x) - y) ** 2)
                gradients = tape.gradient(loss, [weight.value for weight in self.weights])
                self.optimizer.apply(gradients, self.weights)
                total += loss
            return total / STRETCH

        self.run = run

    def predict(self, x: tf.Tensor) -> tf.Tensor:
        """Predicts both tasks, ``[B, 2]``."""
        outputs: dict[str, tf.Tensor] = {}
        for model in self.models:
            outputs |= model({"dense": x})
        return tf.stack([outputs[task] for task in TASKS], axis=1)

    def measure(self, cosine: float, rate: float, seed: int) -> dict[str, Any]:
        """Trains from fresh weights and measures on held-out rows against the labels before noise.

        Every step draws fresh rows, so that the loss of a step, before its update, is that of unseen rows.
        """
        start = time.process_time()
        for model, fresh in zip(self.models, build(self.name, seed), strict=True):
            fresh({"dense": tf.zeros([1, self.n])})
            model.set_weights(fresh.get_weights())
        for variable in self.optimizer.variables:
            variable.assign(tf.zeros_like(variable.value))
        self.optimizer.learning_rate.assign(rate)
        data = two_tasks(HELD_OUT, cosine, n=self.n, seed=seed)
        truth = [tf.constant(a, tf.float32) for a in (data.w, data.alpha, data.beta)]
        losses = [
            float(self.run(*truth, tf.constant(seed), tf.constant(first)))
            for first in range(0, STEPS, STRETCH)
        ]
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
        row["losses"] = losses
        row["cpu_seconds"] = round(time.process_time() - start, 1)
        return row


def unexplained(rows: list[dict[str, Any]], model: str, cosine: float, rate: float) -> list[float]:
    """Returns the unexplained variance in percent, mean of both tasks, seed after seed."""
    key = (model, cosine, rate)
    mine = [row for row in rows if (row["model"], row["cosine"], row["rate"]) == key]
    return [100 * float(np.mean(row["unexplained"])) for row in sorted(mine, key=lambda row: row["seed"])]


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Returns the article's table: mean ± standard deviation over seeds (divided by their number)."""
    lines = []
    for rate, name in itertools.product(RATES, MODELS):
        cells = [unexplained(rows, name, cosine, rate) for cosine in COSINES]
        texts = [f"{np.mean(cell):.2f} ± {np.std(cell):.2f}" for cell in cells]
        lines.append(f"| {rate:g} | {name} | {' | '.join(texts)} |")
    return lines


def better_rate(rows: list[dict[str, Any]], name: str) -> list[float]:
    """Returns the lower of the two rates' means for each cosine, as the paper searches the rate."""
    return [min(float(np.mean(unexplained(rows, name, p, rate))) for rate in RATES) for p in COSINES]


def seeds_lower(rows: list[dict[str, Any]], name: str, other: str, rate: float) -> list[int]:
    """Counts for each cosine the seeds in which one model leaves less unexplained than another."""
    counts = []
    for cosine in COSINES:
        pairs = zip(
            unexplained(rows, name, cosine, rate), unexplained(rows, other, cosine, rate), strict=True
        )
        counts.append(sum(ours < theirs for ours, theirs in pairs))
    return counts


def gate_distance(rows: list[dict[str, Any]], rate: float) -> list[float]:
    """Returns the mean distance of MMoE's two gates for each cosine."""
    mine = [row for row in rows if row["model"] == "MMoE" and row["rate"] == rate]
    return [float(np.mean([row["gate_distance"] for row in mine if row["cosine"] == p])) for p in COSINES]


def summary(rows: list[dict[str, Any]]) -> None:
    """Prints what the article says about the log."""
    print(f"| rate | model | {' | '.join(f'p={cosine:g}' for cosine in COSINES)} |")
    print(*table(rows), sep="\n")
    for name in MODELS:
        print(f"better rate, {name}:", *(f"{value:.2f}" for value in better_rate(rows, name)))
    for rate in RATES:
        for other in ("OMoE", "SharedBottom"):
            print(f"rate {rate:g}, seeds with MMoE below {other}:", *seeds_lower(rows, "MMoE", other, rate))
        print(f"rate {rate:g}, gate distance:", *(f"{value:.2f}" for value in gate_distance(rows, rate)))


def main() -> None:
    """Runs what is missing, or prints the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--summary", action="store_true")
    options = parser.parse_args()
    text = options.log.read_text() if options.log.exists() else ""
    whole = text[: text.rfind("\n") + 1]  # a killed run may leave half a line behind it
    rows = [json.loads(line) for line in whole.splitlines()]
    if options.summary:
        summary(rows)
        return
    if whole != text:
        options.log.write_text(whole)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    done = {(r["model"], r["cosine"], r["rate"], r["seed"]) for r in rows}
    trainers = {name: Trainer(name) for name in MODELS}
    for rate, seed, cosine, name in itertools.product(RATES, range(options.seeds), COSINES, MODELS):
        if (name, cosine, rate, seed) not in done:
            row = trainers[name].measure(cosine, rate, seed)
            del row["losses"]  # the article draws none
            with options.log.open("a") as log:
                log.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
