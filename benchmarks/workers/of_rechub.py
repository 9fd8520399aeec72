"""Torch-RecHub's models, trained by the calls its trainer makes, on batches that are tensors already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch_rechub.basic.features import DenseFeature, SequenceFeature, SparseFeature
from torch_rechub.models.ranking import DIN, DeepFM

from benchmarks.workers.protocol import Run, serve, step_runner


def build(case: Mapping[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """The model of the case with the same widths, its tables' gradients dense or sparse."""
    labels = torch.from_numpy(arrays.pop("label"))
    if case["kind"] == "behavior":
        rows, width = case["items"] + 1, case["width"]
        target = SparseFeature("item", rows, width)
        history = SequenceFeature("history", rows, width, pooling="concat", shared_with="item")
        user = SparseFeature("user", case["users"], width)
        arrays["user"] = arrays.pop("sparse")[:, 0]
        model = DIN([user], [history], [target], {"dims": case["hidden"]}, {"dims": case["attention"]})
        columns = {name: torch.from_numpy(value) for name, value in arrays.items()}
    else:
        sparse = [SparseFeature(f"C{f}", size, case["width"]) for f, size in enumerate(case["sizes"])]
        dense = [DenseFeature(f"I{i}") for i in range(case["dense"])]
        model = DeepFM(sparse + dense, sparse, {"dims": case["hidden"], "activation": "relu"})
        fields = np.ascontiguousarray(arrays["sparse"].T), np.ascontiguousarray(arrays["dense"].T)
        columns = {f"C{f}": torch.from_numpy(value) for f, value in enumerate(fields[0])}
        columns |= {f"I{i}": torch.from_numpy(value) for i, value in enumerate(fields[1])}
    tables = [m for m in model.modules() if isinstance(m, torch.nn.Embedding)]
    optimizers: list[torch.optim.Optimizer] = [torch.optim.Adam(model.parameters(), 1e-3)]
    if case["worker"] == "rechub-sparse":
        for table in tables:
            table.sparse = True
        of_tables = {id(table.weight) for table in tables}
        rest = [p for p in model.parameters() if id(p) not in of_tables]
        tabled = [table.weight for table in tables]
        optimizers = [torch.optim.SparseAdam(tabled, 1e-3), torch.optim.Adam(rest, 1e-3)]
    loss_of = torch.nn.BCELoss()
    batch = case["batch"]
    model.train()

    def step(b: int) -> None:
        rows = slice(b * batch, (b + 1) * batch)
        loss = loss_of(model({name: value[rows] for name, value in columns.items()}), labels[rows])
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()

    return step_runner(step, len(labels) // batch)


if __name__ == "__main__":
    serve(build)
