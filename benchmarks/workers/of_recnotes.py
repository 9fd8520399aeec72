"""RecNotes: the models of this repository by ``model.fit``, with LazyAdam; and the floor, a network alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.workers.protocol import Run, fit_runner, serve, step_runner
from recnotes.layers.mlp import MLP
from recnotes.models.afm import AFM
from recnotes.models.dcn import DCN
from recnotes.models.deepfm import DeepFM
from recnotes.models.din import DIN
from recnotes.models.nfm import NFM
from recnotes.models.pnn import PNN
from recnotes.models.sasrec import SASRec
from recnotes.optimizers import LazyAdam


def ctr(case: Mapping[str, Any]) -> Any:
    """The CTR models, at the widths of the case."""
    sizes, width, hidden = case["sizes"], case["width"], case["hidden"]
    if case["model"] == "deepfm":
        return DeepFM(sizes, case["dense"], width, hidden, dropout=0.0, seed=0)
    if case["model"] == "nfm":
        return NFM(
            sizes, case["dense"], width, hidden, dropout=0.0, pooled_dropout=0.0, batch_norm=False, seed=0
        )
    if case["model"] == "dcn":
        return DCN(sizes, case["dense"], width, 2, hidden, seed=0)
    if case["model"] == "afm":
        return AFM(sizes, case["dense"], width, 8, pair_dropout=0.0, seed=0)
    if case["model"] == "pnn":
        return PNN(sizes, case["dense"], width, hidden_units=hidden, dropout=0.0, seed=0)
    raise ValueError(f"model must be one that is measured, received {case['model']!r}")


def floor(case: Mapping[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """The forward and backward pass of the network alone, on vectors that are there already."""
    batch, count = case["batch"], len(arrays["label"]) // case["batch"]
    inputs = (len(case["sizes"]) + case["dense"]) * case["width"]
    network = MLP(case["hidden"], 1, seed=0)
    network.build((None, inputs))
    x = tf.random.stateless_normal([batch, inputs], [1, 2])
    labels = [tf.constant(arrays["label"][b * batch : (b + 1) * batch]) for b in range(count)]
    weights = [weight.value for weight in network.trainable_variables]

    @tf.function
    def gradients(y: tf.Tensor) -> tuple[tf.Tensor, Any]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(y, network(x)[:, 0]))
        return loss, tape.gradient(loss, [x, *weights])

    def step(b: int) -> None:
        float(gradients(labels[b])[0])

    return step_runner(step, count)


def build(case: Mapping[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """The model of the case, compiled."""
    if case["kind"] == "sequence":
        model = SASRec(case["items"], case["width"], case["length"], dropout=0.2, seed=0)
        model.compile(keras.optimizers.Adam(1e-3))
        return fit_runner(model, keras, arrays, None, case["batch"])
    labels = arrays.pop("label")
    if case["kind"] == "behavior":
        widths = {"hidden_units": case["hidden"], "attention_units": case["attention"]}
        model = DIN(case["items"], [case["users"]], embedding_dim=case["width"], **widths, seed=0)
    else:
        model = ctr(case)
    model.build()  # inside of fit it would hold one more table for a while
    model.compile(LazyAdam(1e-3), keras.losses.BinaryCrossentropy(from_logits=True))
    return fit_runner(model, keras, arrays, labels, case["batch"])


if __name__ == "__main__":
    import json
    import sys
    from pathlib import Path

    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    serve(floor if asked["worker"] == "floor" else build)
