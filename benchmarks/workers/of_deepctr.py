"""DeepCTR, as it comes: its own defaults, Adam and ``model.fit``, on Keras 2 (``TF_USE_LEGACY_KERAS=1``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from deepctr import models
from deepctr.feature_column import DenseFeat, SparseFeat, VarLenSparseFeat
from tensorflow import keras

from benchmarks.workers.protocol import Run, fit_runner, serve


def build(case: Mapping[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """The model of the case with the same widths."""
    labels = arrays.pop("label")
    if case["kind"] == "behavior":
        item = SparseFeat("item", case["items"] + 1, case["width"])
        hist = SparseFeat("hist_item", case["items"] + 1, case["width"], embedding_name="item")
        columns = [
            item,
            SparseFeat("user", case["users"], case["width"]),
            VarLenSparseFeat(hist, maxlen=case["length"], length_name="seq_length"),
        ]
        x = {"item": arrays["item"], "hist_item": arrays["history"], "user": arrays["sparse"][:, 0]}
        x["seq_length"] = (arrays["history"] > 0).sum(axis=1).astype(np.int32)
        model = models.DIN(
            columns, ["item"], dnn_hidden_units=case["hidden"], att_hidden_size=case["attention"]
        )
    else:
        dense, sparse = arrays.get("dense", np.zeros([len(labels), 0])), arrays["sparse"]
        columns = [SparseFeat(f"C{f}", size, case["width"]) for f, size in enumerate(case["sizes"])]
        columns += [DenseFeat(f"I{i}", 1) for i in range(case["dense"])]
        x = {f"C{f}": np.ascontiguousarray(sparse[:, f]) for f in range(sparse.shape[1])}
        x |= {f"I{i}": np.ascontiguousarray(dense[:, i]) for i in range(case["dense"])}
        hidden = tuple(case["hidden"])
        if case["model"] == "afm":
            model = models.AFM(columns, columns)
        elif case["model"] == "pnn":
            model = models.PNN(columns, dnn_hidden_units=hidden)
        else:
            kind = {"deepfm": models.DeepFM, "dcn": models.DCN, "nfm": models.NFM}[case["model"]]
            model = kind(columns, columns, dnn_hidden_units=hidden)
    model.compile("adam", "binary_crossentropy")
    return fit_runner(model, keras, x, labels, case["batch"])


if __name__ == "__main__":
    serve(build)
