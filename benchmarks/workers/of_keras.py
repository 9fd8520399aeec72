"""Plain Keras 3: DeepFM from its own layers, one `Embedding` a field, and its Adam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from benchmarks.workers.protocol import Run, fit_runner, serve


def build(case: Mapping[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """DeepFM, written as a tutorial would."""
    sizes, width = case["sizes"], case["width"]
    sparse = keras.Input([len(sizes)], dtype="int32", name="ids")
    dense = keras.Input([case["dense"]], name="numbers")
    first, vectors = [], []
    for field, size in enumerate(sizes):
        first.append(keras.layers.Embedding(size, 1, embeddings_initializer="zeros")(sparse[:, field]))
        vectors.append(keras.layers.Embedding(size, width)(sparse[:, field]))
    e = keras.ops.stack(vectors, axis=1)
    pooled = keras.ops.square(keras.ops.sum(e, axis=1)) - keras.ops.sum(keras.ops.square(e), axis=1)
    hidden = keras.layers.Concatenate()([dense, *vectors])
    for units in case["hidden"]:
        hidden = keras.layers.Dense(units, activation="relu")(hidden)
    terms = [0.5 * keras.ops.sum(pooled, axis=1, keepdims=True), keras.layers.Dense(1)(hidden)]
    terms += [keras.layers.Dense(1, use_bias=False)(dense), keras.layers.Add()(first)]
    model = keras.Model({"sparse": sparse, "dense": dense}, keras.layers.Add()(terms)[:, 0])
    labels = arrays.pop("label")
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.BinaryCrossentropy(from_logits=True))
    return fit_runner(model, keras, arrays, labels, case["batch"])


if __name__ == "__main__":
    serve(build)
